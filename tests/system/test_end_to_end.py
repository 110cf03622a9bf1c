"""One update, from an agent's send to a reader's replica, and what rests on it"""

import plek_pb2 as pb
import tap
from harness import Region


def test_an_update_reaches_a_reader_signed_and_durable():
    with Region() as region:
        reader = region.reader("meldkamer")
        agent = region.agent("duin", {"duin-ed": "oost"})
        update = agent.door("duin-ed", pb.DOOR_STOP, reason=pb.REASON_STAFF,
                            exceptions=[pb.EXCEPTION_MULTITRAUMA])
        revision = agent.state(update)

        record = reader.wait(lambda: reader.find(update), what="the stop")
        assert record.revision == revision
        assert record.update.door.state == pb.DOOR_STOP


def test_a_reader_who_comes_later_gets_the_whole_picture():
    with Region() as region:
        agent = region.agent("duin", {"duin-ed": "oost"})
        updates = [agent.counts("duin-ed", f"ward-{n}", pb.CARE_WARD, staffed=n, occupied=1)
                   for n in range(50)]
        for update in updates:
            agent.state(update)
        reader = region.reader("meldkamer")
        assert all(reader.find(update) for update in updates)


def test_what_was_receipted_is_there_after_kill_9():
    with Region() as region:
        agent = region.agent("duin", {"duin-ed": "oost"})
        reader = region.reader("meldkamer")
        stop = agent.door("duin-ed", pb.DOOR_STOP)
        first = agent.state(stop)
        region.daemon.kill()
        region.daemon.start()
        agent.reconnect()
        later = agent.state(agent.counts("duin-ed", "ward", pb.CARE_WARD, staffed=3))
        assert later > first
        fresh = region.reader("ander")
        assert fresh.find(stop).revision == first
        reader.wait_revision(later)


def test_an_unused_broker_beats_on_both_lanes():
    with Region() as region:
        reader = region.reader("meldkamer")
        reader.wait(reader.is_fed, what="beats on both lanes")
        assert reader.accepting


if __name__ == "__main__":
    tap.run(globals())
