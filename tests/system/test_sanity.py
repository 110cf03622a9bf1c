#!/usr/bin/python3
"""Reports that contradict themselves: refused, or accepted with a flag, never corrected."""

import plek_pb2 as pb
import tap
from harness import Region

OVERCROWDED, INCONSISTENT = pb.ENTRY_OVERCROWDED, pb.ENTRY_INCONSISTENT


def refused(agent, update):
    update.seq = agent.next_seq()
    return agent.refused(update)


def counts(agent, **numbers):
    return agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, **numbers)


def test_negative_and_absurd_numbers_are_refused_by_name():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        for number in (-1, 100_001):
            for field in ("physical", "staffed", "occupied", "available", "surge_7d"):
                why = refused(agent, counts(agent, **{field: number}))
                assert why.code == pb.REFUSED_FIELD
                assert why.refusal.field == f"counts.{field}"
        agent.state(counts(agent, physical=0, staffed=100_000))


def test_overcrowding_is_accepted_flagged_and_not_corrected():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        update = counts(agent, staffed=10, occupied=13)
        agent.state(update)
        record = reader.wait(lambda: reader.find(update))
        assert record.flags & OVERCROWDED and not record.flags & INCONSISTENT
        assert (record.update.counts.staffed, record.update.counts.occupied) == (10, 13)


def test_more_available_than_can_be_is_flagged():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        update = counts(agent, staffed=10, occupied=8, reserved=1, available=2)
        agent.state(update)
        assert reader.wait(lambda: reader.find(update)).flags == INCONSISTENT

        right = counts(agent, staffed=10, occupied=8, reserved=1, available=1)
        revision = agent.state(right)
        reader.wait(lambda: reader.find(right).revision == revision)
        assert reader.find(right).flags == 0


def test_absent_is_not_zero():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        update = counts(agent, occupied=0)
        update.counts.missing.add(field=3, why=pb.MISSING_SUPPRESSED)
        agent.state(update)
        said = reader.wait(lambda: reader.find(update)).update.counts
        assert said.HasField("occupied") and said.occupied == 0
        assert not said.HasField("staffed") and not said.HasField("available")
        assert said.missing[0].why == pb.MISSING_SUPPRESSED


def test_closed_lists_are_closed_and_open_ones_open():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        for fields in ({"status": 9}, {"audience": 9}):
            update = counts(agent, staffed=1)
            update.MergeFrom(pb.Update(**fields))
            assert refused(agent, update).code == pb.REFUSED_FIELD, fields
        assert refused(agent, agent.door("duin-1", 77)).code == pb.REFUSED_FIELD

        new = agent.counts("duin-1", "ic", 4711, staffed=3)
        agent.state(new)
        door = agent.door("duin-1", pb.DOOR_STOP, reason=99, exceptions=[1, 88])
        agent.state(door)
        reader.wait(lambda: reader.find(door) and reader.find(new))
        assert reader.find(door).update.door.reason == 99


def test_names_and_texts_over_their_bounds_are_refused():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        bad = [
            agent.counts("duin-1", "x" * 65, pb.CARE_WARD, staffed=1),
            agent.counts("duin-1", "two words", pb.CARE_WARD, staffed=1),
            agent.make("duin-1", unit="a", label="l" * 129, counts=pb.Counts(care=1, staffed=1)),
            agent.make("duin-1", unit="a", valid_for_s=0, counts=pb.Counts(care=1, staffed=1)),
            agent.make("duin-1", unit="a", valid_for_s=7 * 86400 + 1,
                       counts=pb.Counts(care=1, staffed=1)),
            agent.door("duin-1", pb.DOOR_STOP, text="t" * 281),
            agent.door("duin-1", pb.DOOR_STOP, exceptions=range(1, 18)),
            agent.door("duin-1", pb.DOOR_STOP, urgency=6),
        ]
        for update in bad:
            code = refused(agent, update).code
            assert code in (pb.REFUSED_FIELD, pb.REFUSED_MALFORMED), update
        agent.state(counts(agent, staffed=1))


def test_update_without_a_body_is_refused():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        code = refused(agent, agent.make("duin-1")).code
        assert code in (pb.REFUSED_FIELD, pb.REFUSED_MALFORMED)


def test_unknown_fields_reach_the_reader_as_they_were_signed():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        update = counts(agent, staffed=4)
        unknown = b"\x9a\x3f\x05later"  # field 1011, five bytes
        update.MergeFromString(unknown)
        whole = agent.send(update)
        assert unknown in whole
        agent.outcome(update.seq)
        assert reader.wait(lambda: reader.find(update)).envelope == whole


if __name__ == "__main__":
    tap.run(globals())
