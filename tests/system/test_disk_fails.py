#!/usr/bin/python3
"""A disk that lies ends the daemon with 74; one that only has no room does not."""

import errno
import os
import struct

import plek_pb2 as pb
import tap
from harness import BUILD, Region
from plekpy import wire

SHIM = BUILD / "tests" / "system" / "libdiskshim.so"
STORE_BROKEN = 74


class FaultyDisk(Region):
    """A region whose broker's disk fails when the test says so."""

    def __init__(self):
        super().__init__(start=False)
        self.faults = self.directory / "faults"
        self.faults.write_bytes(bytes(16))
        self.daemon.env = {"PLEK_TEST_DISK": str(self.faults), "LD_PRELOAD": str(SHIM),
                           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
                           + ":verify_asan_link_order=0"}
        self.start_at_once = True

    def fail(self, sync=0, write=0):
        with self.faults.open("r+b") as file:
            file.write(struct.pack("=qq", sync, write))


def counts(agent, staffed):
    return agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=staffed)


def test_failed_sync_ends_the_daemon_and_loses_nothing_that_was_receipted():
    with FaultyDisk() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        first = counts(agent, 1)
        revision = agent.state(first)
        region.fail(sync=errno.EIO)
        second = counts(agent, 2)
        agent.send(second)
        assert region.daemon.wait_end() == STORE_BROKEN
        assert str(region.directory / "data") in region.daemon.said()
        agent.session.pump_ready()
        assert not [outcome for reply in agent.session.told for outcome in reply.receipt.outcomes
                    if outcome.revision], "accepted what was not durable"

        region.fail()
        region.daemon.start()
        reader = region.reader("meldkamer")
        assert reader.find(first).revision >= revision
        agent.reconnect()
        agent.state(counts(agent, 3))


def test_write_without_room_is_refused_with_retry_and_recovers_by_itself():
    with FaultyDisk() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        first = counts(agent, 1)
        revision = agent.state(first)
        region.fail(write=errno.ENOSPC)
        for number in range(3):
            assert agent.refused(counts(agent, 10 + number)).code == pb.REFUSED_RETRY
        reader.wait(lambda: reader.accepting is False)
        assert reader.last_beat["status"][1].why_not == "disk-full"
        assert reader.find(first).revision == revision

        region.fail()
        reader.wait(lambda: reader.accepting is True, wire.deadline(30))
        last = counts(agent, 2)
        agent.state(last)
        reader.wait_update(last)


if __name__ == "__main__":
    tap.run(globals())
