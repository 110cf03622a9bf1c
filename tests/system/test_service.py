#!/usr/bin/python3
"""What systemd is told: READY, RELOADING, STOPPING, and that every loop still turns."""

import os
import select
import signal
import struct
import time

import plek_pb2 as pb
import tap
import threads
from harness import BUILD, Region, until_true
from plekpy import wire

SHIM = BUILD / "tests" / "system" / "libclockshim.so"
WATCHDOG_S = 4    # fed four times as often
FEED = "WATCHDOG=1"
VERIFY_STUCK_S = 10
COMMIT_STUCK_S = 300


class WatchedRegion(Region):
    """A region whose broker has a watchdog; the test is systemd, and has time pass for it."""

    def __init__(self, **fields):
        super().__init__(start=False, **fields)
        self.clock_file = self.directory / "clock"
        self.clock_file.write_bytes(struct.pack("=qq", 0, 0))
        self.passed_s = 0
        self.daemon.env = {"PLEK_TEST_CLOCK": str(self.clock_file), "LD_PRELOAD": str(SHIM),
                           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
                           + ":verify_asan_link_order=0"}

    def __enter__(self):
        super().__enter__()
        self.daemon.start(listen=True, WATCHDOG_USEC=str(WATCHDOG_S * 1000000))
        return self

    @property
    def notify(self):
        return self.daemon.notify

    def stopped(self, prefix):
        return threads.Stopped(self.daemon.process.pid, prefix)

    def let_pass(self, seconds):
        """By the broker's own monotonic clock."""
        self.passed_s += seconds
        with self.clock_file.open("r+b") as file:
            file.write(struct.pack("=qq", 0, self.passed_s * 1000))

    def received(self):
        return self.metrics()["plek_updates_received_total", ""]

    def assert_fed(self, times=2):
        """From now on, that many times. It looks at its threads when it feeds."""
        while select.select([self.notify.socket], [], [], 0)[0]:
            self.notify.take()
        for _ in range(times):
            self.notify.wait(FEED, WATCHDOG_S)

    def assert_not_fed(self):
        """Once what was on its way is here, systemd would wait in vain."""
        quiet_since = time.monotonic()
        until = wire.deadline(VERIFY_STUCK_S + 3 * WATCHDOG_S)
        while time.monotonic() - quiet_since < WATCHDOG_S:
            assert wire.left_ms(until), "it is still fed"
            if select.select([self.notify.socket], [], [], 0.5)[0] and FEED in self.notify.take():
                quiet_since = time.monotonic()


def counts(agent, number):
    return agent.counts("duin-1", f"w{number % 50}", pb.CARE_WARD, staffed=number)


def test_reload_is_announced_and_its_end_too():
    with Region(start=False) as region:
        region.daemon.start(listen=True)
        for text in ("", "nonsense = 1\n"):
            with open(region.daemon.config, "a", encoding="utf-8") as file:
                file.write(text)
            region.daemon.process.send_signal(signal.SIGHUP)
            region.daemon.notify.wait("RELOADING=1")
            region.daemon.notify.wait("READY=1")
        assert "nonsense" in region.daemon.said(), "a configuration that is wrong is named"
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(counts(agent, 1))


def test_stop_is_announced_and_the_status_is_zero():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Region(start=False) as region:
            region.daemon.start(listen=True)
            region.daemon.process.send_signal(number)
            region.daemon.notify.wait("STOPPING=1")
            assert region.daemon.wait_end() == 0


def test_status_says_how_many_there_are():
    with Region(start=False) as region:
        region.daemon.start(listen=True)
        region.agent("duin", {"duin-1": "oost"})
        region.daemon.notify.wait("STATUS=1 parties, 1 sessions; accepting updates")


def test_healthy_broker_says_nothing_between_start_and_stop():
    with Region(settings={"max-connections": "1000"}) as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        coord = region.reader("centrum", coord=True)
        for number in range(200):
            agent.send(counts(agent, number))
        last = counts(agent, 200)
        agent.state(last)
        agent.state(agent.affirm("duin-1", pb.LANE_COUNTS))
        agent.state(agent.withdraw(last))
        agent.reconnect()
        agent.state(counts(agent, 201))
        region.enrol_reader("meldkamer")
        reader.close()
        coord.close()
        agent.close()
        until_true(lambda: not region.metrics()["plek_connections", 'socket="care"'], 10,
                   "the end of the connections")
        region.daemon.stop()
        lines = region.daemon.said().splitlines()
        assert len(lines) == 2 and "is ready" in lines[0] and "stops" in lines[1], lines


def test_watchdog_is_fed_while_nothing_happens():
    with WatchedRegion() as region:
        region.assert_fed(times=3)


def test_watchdog_is_not_fed_while_the_main_loop_stands_still():
    with WatchedRegion() as region:
        region.assert_fed()
        with region.stopped("plekd"):
            region.assert_not_fed()
        region.assert_fed()


def test_watchdog_is_not_fed_while_the_verifiers_stand_still():
    with WatchedRegion() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        with region.stopped("verify-"):
            updates = [counts(agent, number) for number in range(300)]
            before = region.received()
            for update in updates:
                agent.send(update)
            until_true(lambda: region.received() > before, what="their arrival")
            region.assert_fed()
            region.let_pass(VERIFY_STUCK_S + 1)
            region.assert_not_fed()
        agent.outcome(updates[-1].seq)
        region.assert_fed()


def test_slow_disk_stops_neither_the_watchdog_nor_the_beats():
    with WatchedRegion() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        agent.state(counts(agent, 1))
        with region.stopped("commit"):
            update = counts(agent, 2)
            before = region.received()
            agent.send(update)
            until_true(lambda: region.received() > before, what="its arrival")
            region.assert_fed()
            region.let_pass(COMMIT_STUCK_S - 10)
            region.assert_fed()
            seen = len(reader.events)
            reader.wait_event("beat", since=seen)
            assert not agent.session.socket.poll(0), "receipted while the disk has not answered"
            assert not reader.find(update), "shown before it is durable"

            region.let_pass(20)
            region.assert_not_fed()
        reader.wait_update(update)
        region.assert_fed()


if __name__ == "__main__":
    tap.run(globals())
