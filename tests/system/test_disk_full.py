#!/usr/bin/python3
"""The disk is full: nothing half-written, RETRY, still served, and it recovers by itself."""

import os
import shutil
import subprocess

import plek_pb2 as pb
import tap
from harness import Region
from plekpy import wire
from plekpy.session import Refused


class SmallDisk(Region):
    """A region whose broker has a file system of @size_mib to itself."""

    def __init__(self, size_mib=24):
        super().__init__(start=False)
        self.disk = self.directory / "data"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mib}m,mode=700", "plek",
                               self.disk], capture_output=True, check=False)
        if done.returncode:
            raise tap.Skip("mounting a small file system is not allowed here")
        self.start_at_once = True

    def __exit__(self, kind, error, trace):
        try:
            super().__exit__(kind, error, trace)
        finally:
            subprocess.run(["umount", "-l", self.disk], check=False)
            shutil.rmtree(self.directory, ignore_errors=True)

    def fill(self):
        """Takes every byte that is left."""
        with open(self.disk / "filler", "ab", buffering=0) as file:
            for size in (1 << 16, 4096):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError:
                    continue

    def empty(self):
        (self.disk / "filler").unlink()


def counts(agent, number):
    update = agent.counts("duin-1", f"w{number}", pb.CARE_WARD, staffed=1)
    update.label = "l" * 128
    return update


def burst(agent, numbers):
    """Sends all at once; (accepted, refused codes)."""
    updates = [counts(agent, number) for number in numbers]
    accepted, codes = [], set()
    for update in updates:
        agent.send(update)
    until = wire.deadline(60)
    for update in updates:
        outcome = agent.outcome(update.seq, until)
        if outcome.HasField("refusal"):
            codes.add(outcome.refusal.code)
        else:
            accepted.append((update, outcome.revision))
    return accepted, codes


def full_disk(batch):
    with SmallDisk() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        kept = [(update, agent.state(update)) for update in [counts(agent, 0)]]
        region.fill()

        codes = set()
        until = wire.deadline(60)
        number = 1
        while not codes:
            accepted, codes = burst(agent, range(number, number + batch))
            kept += accepted
            number += batch
            assert wire.left_ms(until), "the disk does not get full"
        assert codes == {pb.REFUSED_RETRY}, codes
        reader.wait(lambda: reader.accepting is False)
        beat = reader.last_beat["status"][1]
        assert beat.why_not == "disk-full" and beat.HasField("since_ms")
        _, bodies = reader.session.since("pic/oost/counts/", reader.epoch, 0)
        assert sum(len(body.entries) for body in bodies) == len(kept)

        region.empty()
        reader.wait(lambda: reader.accepting is True, wire.deadline(30))
        accepted, codes = burst(agent, range(number, number + batch))
        assert not codes
        kept += accepted
        region.daemon.kill()
        region.daemon.start()
        after = region.reader("meldkamer")
        for update, revision in kept:
            assert after.find(update).revision == revision


def test_full_disk_with_batches_of_one():
    full_disk(1)


def test_full_disk_with_batches_of_64():
    full_disk(64)


def test_full_disk_with_batches_of_512():
    full_disk(512)


def test_restart_on_a_full_disk_serves_what_it_has():
    with SmallDisk() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        region.enrol_reader("meldkamer")
        update = counts(agent, 0)
        revision = agent.state(update)
        region.fill()
        region.daemon.kill()
        region.daemon.start()
        reader = region.reader("meldkamer")
        assert reader.find(update).revision == revision

        agent.reconnect()
        region.fill()
        codes, number, until = set(), 1, wire.deadline(60)
        while not codes:  # pages that the file has already are still taken
            _, codes = burst(agent, range(number, number + 64))
            number += 64
            assert wire.left_ms(until), "the disk does not get full"
        assert codes == {pb.REFUSED_RETRY}
        reader.wait(lambda: reader.accepting is False)
        region.empty()
        reader.wait(lambda: reader.accepting is True, wire.deadline(30))
        agent.state(counts(agent, 1))


def test_restart_on_an_unwritable_disk_serves_what_it_has():
    with SmallDisk() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        region.enrol_reader("meldkamer")
        update = counts(agent, 0)
        revision = agent.state(update)
        region.daemon.kill()
        subprocess.run(["mount", "-o", "remount,ro", region.disk], check=True)
        region.daemon.start()
        reader = region.reader("meldkamer")
        assert reader.find(update).revision == revision
        reader.wait(lambda: reader.accepting is False)
        agent.reconnect()
        try:
            agent.state(counts(agent, 1))
        except Refused as refused:
            assert refused.code == pb.REFUSED_RETRY
        else:
            raise AssertionError("accepted on a disk that cannot be written")
        subprocess.run(["mount", "-o", "remount,rw", region.disk], check=True)
        reader.wait(lambda: reader.accepting is True, wire.deadline(30))


if __name__ == "__main__":
    if os.geteuid():
        print("1..0 # SKIP needs root, to mount a small file system")
        raise SystemExit(77)
    tap.run(globals())
