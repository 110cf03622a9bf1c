#!/usr/bin/python3
"""An old seq, or a repeated one with other bytes, is a replay; the floor says how to go on."""

import plek_pb2 as pb
import tap
from harness import Region


def counts(agent, **numbers):
    return agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, **numbers)


def test_seq_under_the_floor_is_refused_and_changes_nothing():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        first = counts(agent, staffed=12)
        revision = agent.state(first)

        old = counts(agent, staffed=99)
        old.seq = first.seq - 1
        assert agent.refused(old).code == pb.REFUSED_REPLAY
        assert agent.receipts[-1].floor == first.seq

        reader.wait_revision(revision)
        assert reader.find(first).update.counts.staffed == 12


def test_same_seq_with_other_bytes_is_refused():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        first = counts(agent, staffed=12)
        agent.state(first)
        other = counts(agent, staffed=13)
        other.seq = first.seq
        assert agent.refused(other).code == pb.REFUSED_REPLAY


def test_byte_for_byte_repeat_gets_its_original_receipt():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        update = counts(agent, staffed=12)
        whole = agent.send(update)
        revision = agent.outcome(update.seq).revision

        agent.updates.send(whole)
        again = agent.outcome(update.seq)
        assert again.revision == revision and not again.HasField("refusal")
        assert region.status().revision == revision, "a repeat is no entry"


def test_agent_that_lost_its_state_goes_on_at_once():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(counts(agent, staffed=12))
        floor = agent.last_seq

        forgetful = region.agent("duin")
        assert forgetful.session.greeting.floor == floor
        forgetful.last_seq = 0
        early = counts(forgetful, staffed=14)
        early.seq = 1
        assert forgetful.refused(early).code == pb.REFUSED_REPLAY
        forgetful.last_seq = forgetful.receipts[-1].floor
        forgetful.state(counts(forgetful, staffed=14))


def test_floor_outlives_revocation_and_another_key():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        update = counts(agent, staffed=12)
        agent.state(update)
        region.submit(region.authority.revoke("duin", [agent.secret.public]))

        del region.keys["duin"], region.enrolments["duin"]
        renewed = region.agent("duin", {"duin-1": "oost"})
        assert renewed.session.greeting.floor == update.seq
        old = counts(renewed, staffed=9)
        old.seq = update.seq
        assert renewed.refused(old).code == pb.REFUSED_REPLAY


def test_floor_outlives_a_kill():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        update = counts(agent, staffed=12)
        agent.state(update)
        region.daemon.kill()
        region.daemon.start()
        agent.reconnect()
        assert agent.session.greeting.floor == update.seq


if __name__ == "__main__":
    tap.run(globals())
