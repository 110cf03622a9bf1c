#!/usr/bin/python3
"""A peer that does not read, or that floods, costs itself; nobody else slows down."""

import time

import plek_pb2 as pb
import tap
import zmq
from harness import SANITIZED, Region, until_true
from plekpy import hostile, wire

BIG = b"\x9a\x3f\xb0\xea\x01" + b"x" * 30_000  # an unknown field of 30,000 bytes
LATENCY_S = 2.0  # generous: a loaded machine; without a bound it would be the flood's length


def rss_mib(region):
    with open(f"/proc/{region.daemon.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096 / (1 << 20)


def big(agent, number):
    update = agent.counts("duin-1", f"w{number % 20}", pb.CARE_WARD, staffed=number % 1000)
    update.MergeFromString(BIG)
    return update


def stalled(region, name, party, topics):
    """A subscriber that says what it wants and never reads."""
    sock = wire.curve_socket(zmq.SUB, region.key(party), region.card.brokers[0].transport)
    sock.rcvhwm = 1
    sock.setsockopt(zmq.RCVBUF, 4096)
    for topic in topics:
        sock.subscribe(topic)
    sock.connect(region.card.endpoint(name))
    return sock


def test_subscribers_that_do_not_read_cost_bounded_memory_and_nobody_elses_time():
    settings = {"queue-bytes": "16 MiB"}
    with Region(settings=settings) as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        region.enrol_reader("slow-care")
        region.enrol_reader("slow-coord", coord=True)
        socks = [stalled(region, "care", "slow-care", ["pic/"]),
                 stalled(region, "coord", "slow-coord", ["pic/"])]
        agent.state(big(agent, 0))
        before = rss_mib(region)

        worst = 0.0
        for number in range(1, 1500):
            update = big(agent, number)
            start = time.monotonic()
            agent.state(update)
            reader.wait_update(update)
            worst = max(worst, time.monotonic() - start)
        assert worst < LATENCY_S, f"a healthy reader waited {worst:.1f} s"
        grown = rss_mib(region) - before
        assert grown < 64 or SANITIZED, f"grew by {grown:.0f} MiB"
        # Else they were never stalled: the broker ended them, the healthy reader's two are left.
        until_true(lambda: region.metrics()["plek_connections", 'socket="coord"'] == 0
                   and region.metrics()["plek_connections", 'socket="care"'] == 2, 20, "eviction")
        for sock in socks:
            sock.close(0)


def test_reader_that_paused_sees_the_gap_and_catches_up():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        slow = region.reader("traag", connect=False)
        slow.connect()
        for number in range(600):
            update = big(agent, number)
            agent.state(update)
        reader.wait_update(update)
        slow.wait_update(update, wire.deadline(60))
        assert {record.envelope for record in slow.records().values()} \
            == {record.envelope for record in reader.records().values()}


def test_session_that_asks_and_does_not_read_is_bounded():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        for number in range(20):
            agent.state(big(agent, number))
        region.enrol_reader("slow")
        sock = hostile.raw(zmq.DEALER, region.card, region.key("slow"), "query")
        sock.rcvhwm = 1
        sock.send(pb.Request(id=1, hello=pb.Hello(
            instance=1, kind=pb.PEER_READER)).SerializeToString())
        before = rss_mib(region)
        for number in range(2, 600):
            sock.send(pb.Request(id=number, since=pb.Since(
                topic="pic/oost/counts/", epoch=0, revision=0, audience=pb.AUDIENCE_CARE,
                credit=64)).SerializeToString())
        for number in range(50):
            agent.state(big(agent, number))
        assert rss_mib(region) - before < 96 or SANITIZED
        sock.close(0)


def test_party_that_floods_is_limited_and_others_keep_their_latency():
    with Region() as region:
        quiet = region.agent("berg", {"berg-1": "oost"})
        loud = region.agent("duin", {"duin-1": "oost"})
        whole = loud.sign(loud.counts("duin-1", "ic", pb.CARE_WARD, staffed=1))
        junk = [hostile.with_bad_signature(whole) for _ in range(50)]
        loud.updates.setsockopt(zmq.SNDHWM, 0)
        until = time.monotonic() + 4
        worst, n_sent, number = 0.0, 0, 0
        while time.monotonic() < until:
            for frame in junk:
                loud.updates.send(frame)
            loud.updates.send(loud.sign(loud.counts("duin-1", "ic", pb.CARE_WARD, staffed=2)))
            n_sent += len(junk) + 1
            number += 1
            if number % 20:
                continue
            start = time.monotonic()
            quiet.state(quiet.counts("berg-1", "ic", pb.CARE_WARD, staffed=number % 1000))
            worst = max(worst, time.monotonic() - start)
        assert worst < LATENCY_S, f"{n_sent} frames; another party waited {worst:.1f} s"


def test_too_many_subscriptions_end_the_connection():
    with Region() as region:
        region.enrol_reader("meldkamer")
        sock = wire.curve_socket(zmq.SUB, region.key("meldkamer"),
                                 region.card.brokers[0].transport)
        sock.sndhwm = 0
        monitor = wire.Monitor(sock)
        sock.connect(region.card.endpoint("care"))
        monitor.wait([zmq.EVENT_HANDSHAKE_SUCCEEDED])
        for number in range(20_000):
            sock.subscribe(f"pic/region-{number}/status/")
        monitor.wait([zmq.EVENT_DISCONNECTED])
        monitor.close()
        sock.close(0)


if __name__ == "__main__":
    tap.run(globals())
