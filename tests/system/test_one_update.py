#!/usr/bin/python3
"""One update from an agent to a subscriber: signed, durable, in order."""

import plek_pb2 as pb
import tap
from harness import Region


def test_one_update_reaches_a_reader_as_it_was_signed():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        update = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=12, occupied=10)
        whole = agent.send(update)
        outcome = agent.outcome(update.seq)
        assert outcome.revision and not outcome.HasField("refusal")

        record = reader.wait(lambda: reader.find(update))
        assert record.envelope == whole
        assert record.revision == outcome.revision
        assert record.update.counts.occupied == 10
        assert record.freshness(reader.session.time_ms()) == "FRESH"


def test_reader_who_comes_later_is_given_what_was_said():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        door = agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED,
                          exceptions=[pb.EXCEPTION_MULTITRAUMA], reason=pb.REASON_ED_CROWDING)
        revision = agent.state(door)

        reader = region.reader("meldkamer")
        record = reader.find(door)
        assert record.revision == revision
        assert list(record.update.door.exceptions) == [pb.EXCEPTION_MULTITRAUMA]


def test_what_was_receipted_is_there_after_a_kill():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        update = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=12, occupied=10)
        whole = agent.send(update)
        revision = agent.outcome(update.seq).revision
        region.daemon.kill()
        region.daemon.start()

        reader = region.reader("meldkamer")
        record = reader.find(update)
        assert (record.envelope, record.revision) == (whole, revision)
        agent.reconnect()
        again = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=12, occupied=11)
        assert agent.state(again) > revision
        reader.wait(lambda: reader.find(again).update.counts.occupied == 11)


def test_a_quiet_update_is_signed_for_readers_while_it_is_made_durable():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        agent.state(agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=12, occupied=0))
        before = region.metrics()
        for n_occupied in range(1, 9):
            update = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=12,
                                  occupied=n_occupied)
            agent.state(update)
            reader.wait(lambda: reader.find(update) and
                        reader.find(update).update.counts.occupied == n_occupied)
        after = region.metrics()
        for name in "plek_blocks_total", "plek_blocks_sealed_ahead_total":
            assert after[name, ""] - before[name, ""] == 8, name


def test_doors_and_counts_come_on_lanes_of_their_own():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        door = agent.door("duin-1", pb.DOOR_OPEN)
        counts = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=1)
        agent.state(door)
        agent.state(counts)
        reader.wait(lambda: reader.find(door) and reader.find(counts))
        topics = {event[1] for event in reader.events if event[0] == "block"}
        assert {"pic/oost/status/", "pic/oost/counts/"} <= topics


if __name__ == "__main__":
    tap.run(globals())
