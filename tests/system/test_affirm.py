#!/usr/bin/python3
"""An affirm renews the age of what this instance said, and of nothing else."""

import plek_pb2 as pb
import tap
from harness import Region
from plekpy import records


def counts(agent, unit="ic", staffed=12, **fields):
    update = agent.counts("duin-1", unit, pb.CARE_WARD, staffed=staffed)
    update.MergeFrom(pb.Update(**fields))
    return update


def test_affirm_renews_age_and_changes_nothing_else():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        update = counts(agent)
        said = agent.state(update)
        before = reader.wait(lambda: reader.find(update))
        since, age_base = before.since_ms, before.received_at_ms
        affirmed = agent.state(agent.affirm("duin-1", pb.LANE_COUNTS))
        reader.wait(lambda: reader.find(update).affirm_revision == affirmed)
        record = reader.find(update)
        assert record.revision == said and record.since_ms == since
        assert record.affirm_received_at_ms >= age_base


def test_reader_who_comes_later_gets_the_affirm_that_a_record_rests_on():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        update = counts(agent)
        agent.state(update)
        affirmed = agent.state(agent.affirm("duin-1", pb.LANE_COUNTS))
        reader = region.reader("meldkamer")
        assert reader.find(update).affirm_revision == affirmed
        region.daemon.kill()
        region.daemon.start()
        late = region.reader("meldkamer")
        assert late.find(update).affirm_revision == affirmed


def test_affirm_leaves_out_what_it_names_and_what_others_said():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost", "duin-2": "oost"})
        reader = region.reader("meldkamer", tests=True)
        stays = counts(agent, "a")
        named = counts(agent, "b")
        door = agent.door("duin-1", pb.DOOR_OPEN)
        exercise = counts(agent, "c", status=pb.STATUS_EXERCISE)
        elsewhere = agent.counts("duin-2", "a", pb.CARE_WARD, staffed=1)
        for update in (stays, named, door, exercise, elsewhere):
            agent.state(update)
        later_instance = region.agent("duin")
        other = counts(later_instance, "d")
        later_instance.state(other)
        agent.last_seq = other.seq
        affirmed = agent.state(agent.affirm(
            "duin-1", pb.LANE_COUNTS, apart_from=[records.key_of_ref(records.ref_of(named))]))

        reader.wait(lambda: reader.find(stays) and reader.find(stays).affirm_revision == affirmed)
        for update in (named, door, exercise, elsewhere, other):
            assert reader.find(update).affirm_revision == 0, update
        late = region.reader("meldkamer")
        assert late.find(stays).affirm_revision == affirmed
        for update in (named, door, exercise, elsewhere, other):
            assert late.find(update).affirm_revision == 0, update


def test_affirm_up_to_a_seq_leaves_what_was_said_after_it():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        early, late = counts(agent, "a"), counts(agent, "b")
        agent.state(early)
        agent.state(late)
        affirmed = agent.state(agent.affirm("duin-1", pb.LANE_COUNTS, up_to_seq=early.seq))
        reader = region.reader("meldkamer")
        assert reader.find(early).affirm_revision == affirmed
        assert reader.find(late).affirm_revision == 0


def test_restatement_renews_age_and_keeps_since():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        first = counts(agent, observed_at_ms=agent.session.time_ms() - 60_000)
        agent.state(first)
        since = reader.wait(lambda: reader.find(first)).since_ms
        again = counts(agent)
        revision = agent.state(again)
        record = reader.wait(lambda: reader.find(again).revision == revision
                             and reader.find(again))
        assert record.since_ms == since
        changed = counts(agent, staffed=13)
        revision = agent.state(changed)
        reader.wait(lambda: reader.find(changed).revision == revision)
        assert reader.find(changed).since_ms == reader.find(changed).received_at_ms >= since


if __name__ == "__main__":
    tap.run(globals())
