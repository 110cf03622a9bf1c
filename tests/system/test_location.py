#!/usr/bin/python3
"""Who may say what: location, party, role, key and connection."""

import plek_pb2 as pb
import tap
from harness import Region
from plekpy import hostile, keys


def test_location_of_another_party_is_refused_and_nobody_sees_it():
    with Region() as region:
        region.enrol_agent("berg", {"berg-1": "oost"})
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        foreign = agent.counts("berg-1", "ic", pb.CARE_ICU_ADULT, staffed=12)
        refused = agent.refused(foreign)
        assert refused.code == pb.REFUSED_LOCATION and refused.refusal.field == "location"

        own = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=12)
        agent.state(own)
        reader.wait(lambda: reader.find(own))
        assert reader.find(foreign) is None


def test_location_that_a_later_enrolment_grants_is_accepted():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        update = agent.counts("duin-2", "ic", pb.CARE_ICU_ADULT, staffed=12)
        assert agent.refused(update).code == pb.REFUSED_LOCATION
        region.enrol_agent("duin", {"duin-1": "oost", "duin-2": "oost"})
        update.seq = agent.next_seq()
        agent.state(update)


def test_update_in_the_name_of_another_party_is_not_accepted():
    with Region() as region:
        region.enrol_agent("berg", {"berg-1": "oost"})
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        forged = agent.counts("berg-1", "ic", pb.CARE_ICU_ADULT, staffed=12)
        forged.party = "berg"
        agent.send(forged)
        own = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=12)
        agent.state(own)
        reader.wait(lambda: reader.find(own))
        assert reader.find(forged) is None


def test_envelope_of_another_party_on_this_connection_is_dropped():
    with Region() as region:
        berg = region.agent("berg", {"berg-1": "oost"})
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        borrowed = berg.counts("berg-1", "ic", pb.CARE_ICU_ADULT, staffed=12)
        agent.updates.send(berg.sign(borrowed))
        own = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=12)
        agent.state(own)
        reader.wait(lambda: reader.find(own))
        assert reader.find(borrowed) is None

        borrowed.seq = berg.next_seq()
        berg.state(borrowed)


def test_relay_may_carry_what_others_signed():
    with Region() as region:
        berg = region.agent("berg", {"berg-1": "oost"})
        region.enrol("relay", [pb.ROLE_RELAY, pb.ROLE_AGENT], {"relay-1": "oost"})
        relay = region.agent("relay")
        reader = region.reader("meldkamer")
        update = berg.counts("berg-1", "ic", pb.CARE_ICU_ADULT, staffed=12)
        relay.updates.send(berg.sign(update))
        assert relay.outcome(update.seq).revision
        reader.wait(lambda: reader.find(update))


def test_update_for_another_network_is_void():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        update = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=12)
        whole = hostile.resealed(agent.sign(update), bytes(16), agent.secret)
        agent.updates.send(whole)
        own = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=11)
        revision = agent.state(own)
        reader = region.reader("meldkamer")
        assert reader.find(own).revision == revision
        assert reader.find(own).update.seq == own.seq


def test_signer_whom_nobody_enrolled_is_dropped():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        stranger = keys.SecretKey()
        update = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=12)
        whole = agent.sign(update)
        agent.updates.send(hostile.resealed(whole, region.card.network, stranger))
        agent.updates.send(hostile.resealed(whole, region.card.network, stranger,
                                            agent.secret.public.sign_id))
        later = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=5)
        revision = agent.state(later)
        reader.wait_revision(revision)
        assert reader.find(later).update.counts.staffed == 5
        assert region.status().revision == revision


if __name__ == "__main__":
    tap.run(globals())
