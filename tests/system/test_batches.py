#!/usr/bin/python3
"""What is committed together: status goes first, and a report costs little beside its envelope."""

import plek_pb2 as pb
import tap
import zmq
from batches import SETTINGS, Together
from harness import Region
from plekpy import envelope, wire

OVERHEAD_MAX = {1: 400, 64: 60}  # bytes a report, over its party's envelope


def listen(region, topics):
    """One socket for all, so that frames come in the order in which they were sent."""
    sock = wire.curve_socket(zmq.SUB, region.key("meldkamer"), region.card.brokers[0].transport)
    for topic in topics:
        sock.subscribe(topic)
    sock.connect(region.card.endpoint("care"))
    wire.receive(sock, wire.deadline(), "a beat")  # from now on it is subscribed
    return sock


def blocks(sock, n_entries):
    """The next blocks, as (topic, frame's length, entries), until so many entries have come."""
    until, found = wire.deadline(), []
    while sum(len(entries) for _, _, entries in found) < n_entries:
        (frame,) = wire.receive(sock, until, "a block")
        topic, whole = frame.split(b"\0", 1)
        if topic.startswith(b"pic/"):
            block = pb.Block.FromString(envelope.parse(whole).body)
            found.append((topic.decode(), len(frame), block.entries))
    return found


def ward(agent, number):
    return agent.counts("duin-1", f"w{number}", pb.CARE_WARD, staffed=number)


def test_status_is_sent_before_counts_of_the_same_commit():
    with Region(settings=SETTINGS) as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        region.enrol_reader("meldkamer")
        sock = listen(region, ["beat/", "pic/oost/"])
        together = Together(region, agent, ward(agent, 0), [
            ward(agent, 1), agent.door("duin-1", pb.DOOR_STOP), ward(agent, 2)])
        assert not together.refused and (together.n_done, together.n_failed) == (2, 0)
        first, *rest = blocks(sock, 4)
        assert first[0] == "pic/oost/counts/" and len(first[2]) == 1
        assert [(topic, len(entries)) for topic, _, entries in rest] == [
            ("pic/oost/status/", 1), ("pic/oost/counts/", 2)]
        sock.close(0)


def test_a_report_costs_few_bytes_over_its_envelope():
    with Region(settings=SETTINGS) as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        region.enrol_reader("meldkamer")
        sock = listen(region, ["beat/", "pic/oost/"])
        Together(region, agent, ward(agent, 0), [ward(agent, number) for number in range(1, 65)])
        seen = {}
        for _, n_frame, entries in blocks(sock, 65):
            n_envelopes = sum(len(entry.envelope) for entry in entries)
            assert n_envelopes > 150 * len(entries)
            seen[len(entries)] = (n_frame - n_envelopes) / len(entries)
        print("# over the envelope:", {n: f"{cost:.1f} bytes" for n, cost in seen.items()})
        assert set(seen) == set(OVERHEAD_MAX), seen
        for n, cost in seen.items():
            assert cost <= OVERHEAD_MAX[n], f"{cost:.1f} bytes a report in a batch of {n}"
        sock.close(0)


if __name__ == "__main__":
    tap.run(globals())
