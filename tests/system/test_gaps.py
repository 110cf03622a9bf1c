#!/usr/bin/python3
"""Blocks follow each other; what is missing is noticed, by the next block or by the beat."""

import plek_pb2 as pb
import tap
from harness import Region
from plekpy import wire

COUNTS, STATUS = "pic/oost/counts/", "pic/oost/status/"


def counts(agent, staffed):
    return agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=staffed)


def lose(reader, lane, revision):
    """Throws away what comes on @lane up to the block that has @revision."""
    until = wire.deadline()
    while True:
        frame = wire.receive(reader.subs[lane], until)[0]
        name, _, whole = frame.partition(b"\0")
        if name.startswith(b"beat/"):
            continue
        block = reader.session.open_broker(whole, 2, pb.Block)
        if block.last >= revision:
            return block


def test_each_block_names_the_one_before_it_on_its_topic():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        agent.state(counts(agent, 1))
        agent.state(agent.door("duin-1", pb.DOOR_OPEN))
        last = agent.state(counts(agent, 2))
        reader.wait(lambda: reader.topics[COUNTS].revision >= last)
        blocks = [event[2] for event in reader.events if event[:2] == ("block", COUNTS)]
        assert len(blocks) == 2 and blocks[1].previous == blocks[0].last
        assert not [event for event in reader.events if event[0] == "gap"]


def test_lost_block_is_a_gap_that_the_next_one_shows():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        lost = agent.counts("duin-1", "ec", pb.CARE_WARD, staffed=1)
        revision = agent.state(lost)
        lose(reader, "counts", revision)
        agent.state(agent.door("duin-1", pb.DOOR_STOP))
        update = counts(agent, 3)
        agent.state(update)
        reader.wait(lambda: reader.find(update))
        assert any(event[:2] == ("gap", COUNTS) for event in reader.events)
        assert not any(event[:2] == ("gap", STATUS) for event in reader.events)
        assert reader.find(lost).revision == revision


def test_lost_last_block_is_found_by_the_beat():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        update = counts(agent, 3)
        revision = agent.state(update)
        lose(reader, "counts", revision)
        reader.wait(lambda: reader.find(update))
        assert any(event[:2] == ("gap by beat", COUNTS) for event in reader.events)


def test_what_a_killed_broker_did_not_publish_is_a_gap():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        first = agent.state(counts(agent, 1))
        reader.wait(lambda: reader.topics[COUNTS].revision >= first)
        for sub in reader.subs.values():
            sub.close(0)
        agent.state(agent.counts("duin-1", "ec", pb.CARE_WARD, staffed=1))
        region.daemon.kill()
        region.daemon.start()

        late = region.reader("meldkamer")
        late.topics[COUNTS].revision = first
        agent.reconnect()
        update = counts(agent, 2)
        agent.state(update)
        late.events.clear()
        late.wait(lambda: late.find(update).update.seq == update.seq)
        assert any(event[:2] == ("gap", COUNTS) for event in late.events)


def test_quiet_topic_moves_up_with_the_beat():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(agent.door("duin-1", pb.DOOR_OPEN))
        reader = region.reader("meldkamer")
        before = reader.topics[STATUS].revision
        last = agent.state(counts(agent, 1))
        assert last > before
        reader.wait(lambda: reader.topics[STATUS].revision >= last)


def test_commit_that_does_not_fit_a_frame_is_cut_between_entries():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        updates = []
        for number in range(60):
            update = agent.counts("duin-1", f"w{number}", pb.CARE_WARD, staffed=1)
            # An unknown field of 20,000 bytes: what is signed is kept.
            update.MergeFromString(b"\x9a\x3f\xa0\x9c\x01" + b"x" * 20_000)
            updates.append(update)
        for update in updates:
            agent.send(update)
        for update in updates:
            assert agent.outcome(update.seq).revision
        reader.wait(lambda: all(reader.find(update) for update in updates))
        blocks = [event[2] for event in reader.events if event[:2] == ("block", COUNTS)]
        assert all(block.ByteSize() < 256 * 1024 for block in blocks)
        for before, after in zip(blocks, blocks[1:]):
            assert after.previous == before.last
            assert after.first > before.last


if __name__ == "__main__":
    tap.run(globals())
