#!/usr/bin/python3
"""The disk is full: nothing half-written, RETRY, still served, and it recovers by itself."""

import os
import shutil
import subprocess

import plek_pb2 as pb
import tap
from batches import COMMITS, SETTINGS, Together
from harness import Region
from plekpy import wire
from plekpy.session import Refused


class SmallDisk(Region):
    """A region whose broker has a file system of @size_mib to itself."""

    def __init__(self, size_mib=24):
        super().__init__(start=False, settings=SETTINGS)
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

    def fill(self, leave=0):
        """Takes every byte that is left, but for @leave of them."""
        with open(self.disk / "filler", "ab", buffering=0) as file:
            for size in (1 << 16, 4096):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError:
                    continue
            file.truncate(max(0, file.tell() - leave))

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


def assert_disk_full(reader, n_kept):
    reader.wait(lambda: reader.accepting is False)
    beat = reader.last_beat["status"][1]
    assert beat.why_not == "disk-full" and beat.HasField("since_ms")
    _, bodies = reader.session.since("pic/oost/counts/", reader.epoch, 0)
    assert sum(len(body.entries) for body in bodies) == n_kept


def fail_together(region, agent, reader, kept, n):
    """A batch of @n for which there is no room, after one of a single update for which there is.

    Which of the two has none is the disk's to say, so it is tried until it is the second.
    """
    number = 1
    region.fill(leave=64 * 1024)
    for _ in range(50):
        first, *updates = [counts(agent, number + i) for i in range(n + 1)]
        together = Together(region, agent, first, updates)
        number += n + 1
        if together.first.HasField("refusal"):
            region.empty()
            reader.wait(lambda: reader.accepting is True, wire.deadline(30))
            region.fill(leave=64 * 1024)
            continue
        kept.append((first, together.first.revision))
        if together.refused:
            # One commit, and all of it was refused: nothing of a batch is half there.
            assert (together.n_done, together.n_failed) == (1, 1)
            assert together.refused == [pb.REFUSED_RETRY] * n
            return number
        assert (together.n_done, together.n_failed) == (2, 0)
        kept += [(update, outcome.revision)
                 for update, outcome in zip(updates, together.outcomes)]
    raise AssertionError("the disk does not get full")


def fail_alone(region, agent, _reader, kept, _n):
    """One at a time, until there is no room for one."""
    region.fill()
    for number in range(1, 1000):
        before = region.metrics()
        accepted, codes = burst(agent, [number])
        after = region.metrics()
        assert sum(after[name, ""] - before[name, ""] for name in COMMITS) == 1
        kept += accepted
        if codes:
            assert codes == {pb.REFUSED_RETRY}
            return number + 1
    raise AssertionError("the disk does not get full")


def full_disk(batch):
    with SmallDisk() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        kept = [(update, agent.state(update)) for update in [counts(agent, 0)]]
        fail = fail_alone if batch == 1 else fail_together
        number = fail(region, agent, reader, kept, batch)
        assert_disk_full(reader, len(kept))

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
