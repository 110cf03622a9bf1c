#!/usr/bin/python3
"""One peer of every socket stalls under frames of 64 KiB: memory stays under what the settings say.

The limit is computed: what the broker took when it was quiet, the bytes that the settings allow
each kind of queue, what is in the pipeline, and the records themselves. LMDB's pages are the
kernel's, so anonymous memory is what counts.
"""

import re
import time

import plek_pb2 as pb
import tap
import threads
import zmq
from harness import SANITIZED, Region, until_true
from plekpy import wire

MIB = 1 << 20
QUEUE_MIB, RECEIVE_MIB, ANSWER_MIB = 48, 48, 16
SETTINGS = {
    "queue-bytes": f"{QUEUE_MIB} MiB", "receive-bytes": f"{RECEIVE_MIB} MiB",
    "answer-bytes": f"{ANSWER_MIB} MiB",
    # Nobody is cut for being silent: it is the bytes that must hold.
    "heartbeat-timeout": "300s", "max-connections": "128",
}
PIPELINE_MIB = 8     # 8 rounds of 512 KiB and a message each, and a commit's dirty pages
DECODED_MIB = 288    # 8 rounds, 64 times what each has read
KEPT_MIB = 48        # of that: 2 MiB for each round and thread
SLACK_MIB = 32       # records of 64 KiB, malloc's, sockets of peers that come and go
UNITS = 8            # records of 64 KiB, of each party
N_UPDATES = 3000     # 190 MiB, several times what may be held
LATENCY_S = 2.0      # generous: a loaded machine; without bounds it would be the flood's length

FIELD_OF_BYTES = b"\x9a\x3f"  # an unknown field, length-delimited
TINY_FIELD = b"\x98\x3f\x01"  # an unknown field of three bytes, a varint


def anonymous_mib(region):
    """What the daemon holds that is no file's."""
    with open(f"/proc/{region.daemon.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"RssAnon:\s+(\d+) kB", file.read())[1]) / 1024


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def large(agent, number, n_bytes=65_000):
    """An update whose envelope is nearly as large as one may be."""
    update = agent.counts("duin-1", f"w{number % UNITS}", pb.CARE_WARD, staffed=number % 1000)
    update.MergeFromString(FIELD_OF_BYTES + varint(n_bytes) + bytes(n_bytes))
    return update


def crumbled(agent, number):
    """An update of so many tiny fields that each would cost more decoded than on the wire."""
    update = agent.counts("duin-1", f"w{number % UNITS}", pb.CARE_WARD, staffed=number % 1000)
    update.MergeFromString(TINY_FIELD * 20_000)
    return update


def costly(agent, _):
    """What costs most to decode of all that may be said: many keys, of almost nothing."""
    return agent.affirm("duin-1", pb.LANE_COUNTS, apart_from=[pb.RecordKey(report=20)] * 250)


class Stalled:
    """Somebody who asked for all of it, on each socket, and takes nothing."""

    def __init__(self, region):
        self.sockets = []
        for name, party in (("care", "slow-care"), ("coord", "slow-coord")):
            sub = self.socket(region, zmq.SUB, party)
            sub.subscribe("")
            sub.connect(region.card.endpoint(name))
        self.query = self.socket(region, zmq.DEALER, "slow-care")
        self.query.connect(region.card.endpoint("query"))
        self.query.send(pb.Request(id=1, hello=pb.Hello(
            instance=1, kind=pb.PEER_READER)).SerializeToString())
        self.n_asked = 1

    def socket(self, region, kind, party):
        sock = wire.curve_socket(kind, region.key(party), region.card.brokers[0].transport)
        sock.rcvhwm = 1
        sock.setsockopt(zmq.RCVBUF, 4096)
        self.sockets.append(sock)
        return sock

    def ask(self):
        """For everything, once more."""
        self.n_asked += 1
        since = pb.Since(topic="pic/oost/counts/", epoch=0, revision=0,
                         audience=pb.AUDIENCE_CARE, credit=64)
        try:
            self.query.send(pb.Request(id=self.n_asked, since=since).SerializeToString(),
                            zmq.NOBLOCK)
        except zmq.Again:
            pass  # not even its questions are taken any more

    def close(self):
        for sock in self.sockets:
            sock.close(0)


class Measured:
    """What a region's broker holds while it is pressed, and how long the others wait."""

    def __init__(self, region):
        self.region = region
        region.enrol_reader("slow-care")
        region.enrol_reader("slow-coord", coord=True)
        self.loud = region.agent("duin", {"duin-1": "oost"})
        self.quiet = region.agent("berg", {"berg-1": "west"})
        self.reader = region.reader("meldkamer", regions=("west",))
        self.number = 0
        self.worst_s = 0.0
        self.probe()
        self.worst_s = 0.0
        self.before_mib = self.peak_mib = anonymous_mib(region)

    def probe(self):
        """A quiet update, from its sender to a reader that reads."""
        self.number += 1
        update = self.quiet.counts("berg-1", "ic", pb.CARE_WARD, staffed=self.number)
        start = time.monotonic()
        self.quiet.state(update)
        self.reader.wait_update(update)
        self.worst_s = max(time.monotonic() - start, self.worst_s)
        self.reader.events.clear()

    def look(self):
        self.probe()
        self.peak_mib = max(self.peak_mib, anonymous_mib(self.region))

    def assert_bounded(self, more_mib):
        grown = self.peak_mib - self.before_mib
        print(f"# from {self.before_mib:.0f} MiB by {grown:.0f}, at most {more_mib}; others waited "
              f"{self.worst_s * 1000:.0f} ms at worst")
        if not SANITIZED:  # whose own bookkeeping is many times what is measured
            assert grown <= more_mib, f"grew by {grown:.0f} MiB, {more_mib} are allowed"
        assert self.worst_s < LATENCY_S, f"another party waited {self.worst_s:.1f} s"


def flood(measured, make, stalled=None):
    """As fast as they are taken, and nobody reads the receipts."""
    loud = measured.loud
    for number in range(N_UPDATES):
        loud.updates.send(loud.sign(make(loud, number)))
        if stalled and number % 8 == 0:
            stalled.ask()
        if number % 64 == 0:
            measured.look()
    measured.look()


def test_stalled_peers_hold_no_more_than_the_settings_allow():
    with Region(settings=SETTINGS) as region:
        measured = Measured(region)
        stalled = Stalled(region)
        flood(measured, large, stalled)
        measured.assert_bounded(QUEUE_MIB + RECEIVE_MIB + ANSWER_MIB + PIPELINE_MIB + SLACK_MIB)

        seen = region.metrics()
        assert seen["plek_block_bytes_total", ""] > 2 * QUEUE_MIB * MIB, "that was no flood"
        for name in ("care", "coord"):
            assert seen["plek_peers_cut_total", f'socket="{name}"'], f"nobody stalled on {name}"
        assert seen["plek_queued_bytes", 'socket="query"'], "nobody stalled on query"
        stalled.close()


def test_bodies_of_crumbs_cost_no_more_than_others():
    with Region(settings=SETTINGS) as region:
        measured = Measured(region)
        flood(measured, crumbled)
        measured.assert_bounded(RECEIVE_MIB + PIPELINE_MIB + SLACK_MIB)


def test_what_decoding_took_is_given_back():
    with Region(settings=SETTINGS) as region:
        measured = Measured(region)
        frames = [measured.loud.sign(costly(measured.loud, number)) for number in range(N_UPDATES)]
        measured.loud.updates.sndhwm = 0
        for frame in frames:
            measured.loud.updates.send(frame)
        until_true(lambda: measured.look() or region.metrics()[
            "plek_updates_received_total", ""] >= N_UPDATES, 60, "the end of the flood")
        measured.assert_bounded(RECEIVE_MIB + PIPELINE_MIB + DECODED_MIB + SLACK_MIB)
        measured.peak_mib = 0
        measured.look()
        measured.assert_bounded(KEPT_MIB + SLACK_MIB)


def test_flood_before_a_disk_that_hangs_is_left_with_its_senders():
    with Region(settings=SETTINGS) as region:
        measured = Measured(region)
        agents = [region.agent(f"duin{number}", {"duin-1": "oost"}) for number in range(6)]
        frames = [[agent.sign(large(agent, number)) for number in range(600)] for agent in agents]
        with threads.Stopped(region.daemon.process.pid, "commit"):
            for agent, theirs in zip(agents, frames):
                agent.updates.sndhwm = 0
                for frame in theirs:
                    agent.updates.send(frame)
            since = len(measured.reader.events)
            for _ in range(5):
                measured.reader.wait_event("beat", since=since)
                since = len(measured.reader.events)
                measured.peak_mib = max(measured.peak_mib, anonymous_mib(region))
            assert region.metrics()["plek_updates_accepted_total", ""] < 10
        measured.assert_bounded(RECEIVE_MIB + PIPELINE_MIB + SLACK_MIB)
        for agent in agents:
            agent.close()
        measured.worst_s = 0.0
        measured.probe()


if __name__ == "__main__":
    tap.run(globals())
