#!/usr/bin/python3
"""The beat: once a second on every socket and lane, with epoch, positions, presence."""

import time

import plek_pb2 as pb
import tap
from harness import Region, until_true


def test_beats_come_each_second_on_every_socket_and_lane_and_count():
    with Region() as region:
        for coord in (False, True):
            reader = region.reader(f"reader-{coord}".lower(), coord=coord)
            for lane in ("status", "counts"):
                def beats(lane=lane, reader=reader):
                    return [event[2] for event in reader.events if event[:2] == ("beat", lane)]
                reader.wait(lambda: len(beats()) >= 3)  # pylint: disable=cell-var-from-loop
                numbers = [beat.beat for beat in beats()]
                assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
                times = [beat.time_ms for beat in beats()]
                for before, after in zip(times, times[1:]):
                    assert 500 <= after - before <= 2500, times
            assert reader.is_fed() and reader.accepting


def test_picture_of_a_killed_broker_is_not_fed_within_three_seconds():
    with Region() as region:
        reader = region.reader("meldkamer")
        reader.wait(reader.is_fed)
        region.daemon.kill()
        since = time.monotonic()
        until_true(lambda: not reader.is_fed(), 6, "not fed")
        assert time.monotonic() - since < 3.5
        region.daemon.start()
        reader.greet()
        reader.wait(reader.is_fed)


def test_beat_lists_the_revision_of_each_topic_of_its_socket():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        shared = agent.counts("duin-1", "a", pb.CARE_WARD, staffed=1)
        revision = agent.state(shared)
        secret = agent.counts("duin-1", "b", pb.CARE_WARD, staffed=1)
        secret.audience = pb.AUDIENCE_COORD
        hidden = agent.state(secret)

        def position(own):
            beat = own.last_beat["counts"][1]
            return {place.topic: place.revision for place in beat.topics}.get("pic/oost/counts/")
        reader.wait(lambda: "counts" in reader.last_beat and position(reader) == revision)
        coord = region.reader("centre", coord=True)
        coord.wait(lambda: "counts" in coord.last_beat and position(coord) == hidden)


def test_connected_and_lost_agents_are_told():
    with Region() as region:
        reader = region.reader("meldkamer")
        agent = region.agent("duin", {"duin-1": "oost"})
        reader.wait(lambda: reader.presence.get("duin") is True)
        presence = reader.session.ask(presence=pb.PresenceRequest()).presence.presence
        assert [(who.party, who.connected) for who in presence if who.party == "duin"] \
            == [("duin", True)]
        agent.close()
        reader.wait(lambda: reader.presence.get("duin") is False)


def test_two_live_feeds_with_one_key_are_told_and_a_hand_is_no_twin():
    with Region() as region:
        first = region.agent("duin", {"duin-1": "oost"})
        first.state(first.counts("duin-1", "a", pb.CARE_WARD, staffed=1))
        assert not first.receipts[-1].twins
        hand = region.agent("duin", kind=pb.PEER_HAND)
        hand.state(hand.counts("duin-1", "a", pb.CARE_WARD, staffed=2))
        assert not hand.receipts[-1].twins

        second = region.agent("duin")
        second.state(second.counts("duin-1", "a", pb.CARE_WARD, staffed=3))
        assert second.receipts[-1].twins
        first.last_seq = second.last_seq
        first.state(first.counts("duin-1", "a", pb.CARE_WARD, staffed=4))
        assert first.receipts[-1].twins
        (info,) = region.operator().ask(parties=pb.PartiesRequest(party="duin")).parties.parties
        assert info.twins


def test_receipts_go_to_the_instance_that_sent():
    with Region() as region:
        first, second = region.agent("duin", {"duin-1": "oost"}), region.agent("duin")
        first.state(first.counts("duin-1", "a", pb.CARE_WARD, staffed=1))
        second.last_seq = first.last_seq
        second.state(second.counts("duin-1", "a", pb.CARE_WARD, staffed=2))
        first.session.clock()
        assert not first.session.told
        assert len(first.receipts) == 1


if __name__ == "__main__":
    tap.run(globals())
