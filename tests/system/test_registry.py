#!/usr/bin/python3
"""Enrolments and cards: serials, keys, signatures, and what readers are told of them."""

import plek_pb2 as pb
import tap
from harness import Region
from plekpy import envelope, hostile, keys, wire
from plekpy.authority import Authority
from plekpy.session import Refused


def submit_refused(region, whole):
    try:
        revision = region.submit(whole)
    except Refused as refused:
        return refused.code
    raise AssertionError(f"admitted at {revision}")


def test_lower_serial_and_same_serial_with_other_bytes_are_refused():
    with Region() as region:
        key = region.key("duin").public
        region.submit(region.authority.enrol("duin", [key], [pb.ROLE_AGENT], serial=5))
        lower = region.authority.enrol("duin", [key], [pb.ROLE_AGENT], serial=4)
        assert submit_refused(region, lower) == pb.REFUSED_SERIAL
        other = region.authority.enrol("duin", [key], [pb.ROLE_AGENT], {"duin-1": "oost"}, serial=5)
        assert submit_refused(region, other) == pb.REFUSED_SERIAL


def test_same_enrolment_again_is_done_already():
    with Region() as region:
        whole = region.authority.enrol("duin", [region.key("duin").public], [pb.ROLE_AGENT])
        revision = region.submit(whole)
        assert region.submit(whole) == revision
        assert region.status().revision == revision


def test_more_documents_than_can_wait_are_refused_and_may_come_again():
    with Region() as region:
        key = region.key("duin").public
        session = region.operator()
        region.daemon.pause()  # so that all are there at once
        numbers = [session.send(submit=pb.Submit(envelope=region.authority.enrol(
            "duin", [key], [pb.ROLE_AGENT], serial=serial))) for serial in range(1, 501)]
        region.daemon.resume()
        until = wire.deadline(60)
        answers = [session.answer(number, until) for number in numbers]
        refused = {answer.refusal.code for answer in answers if answer.HasField("refusal")}
        assert refused == {pb.REFUSED_RETRY}, refused
        assert any(answer.HasField("submit") for answer in answers)
        region.submit(region.authority.enrol("duin", [key], [pb.ROLE_AGENT], serial=501))


def test_key_of_another_party_is_refused_for_ever():
    with Region() as region:
        key = region.enrol_agent("duin")
        half = keys.PublicKey(keys.SecretKey().public.sign, key.public.transport)
        assert submit_refused(region, region.authority.enrol(
            "berg", [key.public], [pb.ROLE_AGENT])) == pb.REFUSED_KEY
        assert submit_refused(region, region.authority.enrol(
            "berg", [half], [pb.ROLE_AGENT])) == pb.REFUSED_KEY
        region.submit(region.authority.revoke("duin", [key.public]))
        assert submit_refused(region, region.authority.enrol(
            "berg", [key.public], [pb.ROLE_AGENT])) == pb.REFUSED_KEY


def test_unfit_keys_are_refused():
    with Region() as region:
        good = keys.SecretKey().public
        identity = bytes([1]) + bytes(31)
        for public in (keys.PublicKey(identity, good.transport),
                       keys.PublicKey(bytes(32), good.transport),
                       keys.PublicKey(good.sign, bytes(32)),
                       keys.PublicKey(good.sign, identity)):
            code = submit_refused(region, region.authority.enrol("duin", [public],
                                                                 [pb.ROLE_AGENT]))
            assert code in (pb.REFUSED_KEY, pb.REFUSED_MALFORMED), code


def test_enrolment_that_the_authority_did_not_sign_is_refused():
    with Region() as region:
        whole = region.authority.enrol("duin", [region.key("duin").public], [pb.ROLE_AGENT])
        stranger = keys.SecretKey()
        network = region.card.network
        for forged in (hostile.with_bad_signature(whole), hostile.with_changed_body(whole),
                       hostile.resealed(whole, network, stranger),
                       hostile.resealed(whole, network, stranger,
                                        region.authority.key.public.sign_id),
                       hostile.resealed(whole, network, region.broker_key)):
            assert submit_refused(region, forged) in (pb.REFUSED_SIGNATURE, pb.REFUSED_MALFORMED)
        elsewhere = Authority("other-test", region.authority.key)
        assert submit_refused(region, elsewhere.enrol(
            "duin", [region.key("duin").public], [pb.ROLE_AGENT])) == pb.REFUSED_NETWORK


def test_readers_are_given_every_enrolment_as_the_authority_signed_it():
    with Region() as region:
        reader = region.reader("meldkamer")
        region.enrol_agent("duin", {"duin-1": "oost"})
        reader.wait(lambda: reader.registry.newest("duin"))
        region.submit(region.authority.revoke("duin", [region.key("duin").public], "lost"))
        reader.wait(lambda: reader.registry.newest("duin").cause == "lost")
        late = region.reader("centre", coord=True)
        assert late.registry.newest("duin").cause == "lost"


def test_revocation_in_the_same_breath_counts_for_what_comes_after_it():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        update = agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=1)
        agent.state(update)
        revoked_at = region.submit(region.authority.revoke("duin", [agent.secret.public]))
        for number in range(20):
            agent.send(agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=number))
        reader.wait(lambda: reader.topics["reg/"].revision >= revoked_at)
        region.enrol_agent("berg", {"berg-1": "oost"})
        berg = region.agent("berg")
        last = berg.state(berg.counts("berg-1", "ic", pb.CARE_WARD, staffed=1))
        reader.wait(lambda: reader.topics["pic/oost/counts/"].revision >= last)
        assert reader.find(update).revision < revoked_at


def test_enrolment_without_a_location_withdraws_its_records():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost", "duin-2": "oost"})
        reader = region.reader("meldkamer")
        stays = agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=1)
        goes = agent.counts("duin-2", "ic", pb.CARE_WARD, staffed=2)
        agent.state(stays)
        agent.state(goes)
        reader.wait(lambda: reader.find(stays) and reader.find(goes))
        region.enrol_agent("duin", {"duin-1": "oost"})
        event = reader.wait_event("withdrawn")
        assert event[2] == pb.WITHDRAWN_ENROLMENT
        assert reader.find(goes) is None and reader.find(stays)


def test_location_that_moves_to_another_region_moves_its_records():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer", regions=("oost", "west"))
        update = agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=1)
        whole = agent.send(update)
        agent.outcome(update.seq)
        reader.wait(lambda: reader.find(update))
        region.enrol_agent("duin", {"duin-1": "west"})
        assert reader.wait_event("withdrawn")[2] == pb.WITHDRAWN_REGION
        west = reader.topics["pic/west/counts/"]
        record = reader.wait(lambda: next(iter(west.records.values()), None))
        assert record.envelope == whole and record.flags & pb.ENTRY_MOVED
        assert not reader.topics["pic/oost/counts/"].records


def test_newer_card_is_told_to_sessions_and_given_on_request():
    with Region() as region:
        session = region.session(region.enrol_reader("meldkamer"))
        session.hello()
        card = region.new_card(serial=2)
        region.submit(card.whole)
        assert session.wait_told("card").card == card.whole
        assert session.ask(card=pb.CardRequest()).card == card.whole
        assert submit_refused(region, region.new_card(serial=1).whole) == pb.REFUSED_SERIAL
        assert envelope.parse(card.whole).network == region.card.network


if __name__ == "__main__":
    tap.run(globals())
