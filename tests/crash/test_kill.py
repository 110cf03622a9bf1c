#!/usr/bin/python3
"""kill -9 at any instruction: what was receipted is there, nothing was ever two things.

    test_kill.py [ROUNDS [SEED]]

A round starts the broker where the one before was killed, holds what it says against everything
that was ever seen of it, loads it, and has it killed: at a named point of its own, inside LMDB's
commit, at any moment, or while it starts.
"""

import os
import random
import select
import sys
import threading
import time

import tap
import zmq
from harness import BUILD, Ended, Region
from load import Clerk, Sender
from plekpy import envelope, wire
from plekpy.reader import Reader
from undo import undo_last_commit
from witness import Recorder, Witness, look_at

PRELOAD = BUILD / "tests" / "crash" / "libplek-crash.so"
OURS = ["after-receive", "after-put", "after-meta-sync", "after-apply", "between-blocks",
        "before-receipt"]
LMDBS = ["before-data-sync", "after-data-sync", "torn-meta-write", "after-meta-write"]
READERS = {"care": "zorg", "coord": "meldkamer"}
N_SENDERS = 4
WINDOWS = [1, 4, 24]
PASSES_MAX = 24         # of a point, until it kills
MOMENT_MAX_S = 0.12     # after the load began
START_MAX_S = 0.06      # what a start takes, about
DEAD_S = 60.0
COMPARE_EVERY = 40
SIGKILL = -9


class Killer:
    """Kills the daemon after @seconds, from a thread of its own: at any of its instructions.

    None: never. Ends with the block that it is for.
    """

    def __init__(self, daemon, seconds):
        self.timer = seconds and threading.Timer(seconds, self.kill, [daemon])

    @staticmethod
    def kill(daemon):
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.process.kill()

    def __enter__(self):
        if self.timer:
            self.timer.start()

    def __exit__(self, *_):
        if self.timer:
            self.timer.cancel()
            self.timer.join()


class Watched(Region):
    """A region whose broker is killed again and again, and all that was seen of it."""

    # pylint: disable=too-many-instance-attributes  # who is there
    def __init__(self, rng):
        super().__init__(start=False)
        self.rng = rng
        self.witness = Witness(self.card)
        self.recorder = self.keep(Recorder(self, READERS))
        self.senders = []
        self.clerk = self.keep(Clerk(self, self.witness))
        self.followers = {}  # socket -> a reader who only catches up, from where it was
        self.epoch = None
        self.n_outcomes = 0

    # ------------------------------------------------------------------ the first time

    def settle_in(self):
        """The parties, admitted once by a broker that is left alone."""
        self.daemon.start()
        for number in range(N_SENDERS):
            party = f"duin{number}"
            self.enrol_agent(party, {f"{party}-1": "oost"})
            self.senders.append(self.keep(Sender(self.card, self.key(party), party, self.witness,
                                                 self.rng)))
        for socket, party in READERS.items():
            self.enrol_reader(party, coord=socket == "coord")
        self.daemon.kill()

    # ------------------------------------------------------------------ after a start

    def come_back(self):
        until = wire.deadline()
        self.recorder.come_back()
        for sender in self.senders:
            sender.come_back(until)
        self.clerk.come_back()
        self.check(until)

    def check(self, until):
        """What the broker says now, against everything that was seen before."""
        for socket, party in READERS.items():
            reader = Reader(self.card, self.key(party), coord=socket == "coord")
            try:
                reader.greet(until)
                self.witness.broker_started(socket, reader.session.greeting.topics)
                self.check_follower(socket, reader, until)
                if socket == "coord":
                    self.check_epoch(reader.session)
                    self.check_picture(reader)
            finally:
                reader.close()

    def check_epoch(self, session):
        before, after = self.epoch, session.epoch
        last = self.witness.last_revision
        head = self.witness.see_head(session.greeting.head)
        assert head.revision > last, f"the revision fell from {last} to {head.revision}"
        assert after.continues or before is None, f"an epoch that does not continue: {after.cause}"
        if before is not None:
            assert after.epoch != before.epoch, "a start without an epoch of its own"
            assert after.previous_revision >= last, f"goes on at {after.previous_revision}, {last} "\
                                                    "was seen"
        self.epoch = after

    def check_picture(self, reader):
        found = reader.records()
        for sender in self.senders:
            sender.check({key: record for key, record in found.items()
                          if key[1] == sender.party})
        self.clerk.check(reader.registry)
        for record in found.values():
            self.witness.see_entry(record.revision, envelope.digest(record.envelope))

    def check_follower(self, socket, reader, until):
        """Changes since where it was bring a reader to where all of it brings another."""
        if socket not in self.followers:
            self.followers[socket] = self.keep(Reader(self.card, reader.secret,
                                                      coord=socket == "coord"))
        follower = self.followers[socket]
        follower.greet(until)
        held, fresh = ({key: (record.envelope, record.revision, record.affirm_revision)
                        for key, record in one.records().items()} for one in (follower, reader))
        assert held == fresh, f"a reader that followed has {held}, a new one {fresh}"
        follower.events.clear()

    # ------------------------------------------------------------------ load

    def load_until_dead(self, window):
        """Keeps all busy until the broker is gone, then takes what it still had sent."""
        ended = os.pidfd_open(self.daemon.process.pid)
        poller = zmq.Poller()
        poller.register(ended, select.POLLIN)
        for socket in [*self.recorder.subs.values(), self.clerk.session.socket,
                       *(sender.session.socket for sender in self.senders)]:
            poller.register(socket, zmq.POLLIN)
        until = time.monotonic() + DEAD_S
        for sender in self.senders:
            sender.say_again()
        try:
            while not select.select([ended], [], [], 0)[0]:
                if time.monotonic() > until:
                    raise wire.TimedOut("nothing killed the broker")
                for sender in self.senders:
                    sender.fill(window)
                self.clerk.hand_in()
                poller.poll(100)
                self.hear()
        finally:
            os.close(ended)
        self.hear()
        # Or ZeroMQ would hand the next broker what this one had not taken.
        for peer in [*self.senders, self.clerk, self.recorder]:
            peer.close()
        return self.daemon.process.wait()

    def hear(self):
        self.recorder.hear(self.witness)
        for sender in self.senders:
            self.n_outcomes += sender.hear()
        self.clerk.hear()


class Death:
    """How a round ends."""

    def __init__(self, number, rng):
        kinds = OURS + LMDBS + ["moment", "moment", "start"]
        self.kind = kinds[number % len(kinds)]
        self.env = {}
        self.in_start_s = self.in_load_s = None
        if self.kind == "start":
            self.in_start_s = rng.uniform(0, START_MAX_S)
            self.in_load_s = rng.uniform(0, MOMENT_MAX_S)  # if it was READY before
        elif self.kind == "moment":
            self.in_load_s = rng.uniform(0, MOMENT_MAX_S)
        else:
            self.env["PLEK_CRASH_AT"] = f"{self.kind}:{rng.randint(1, PASSES_MAX)}"
        if self.kind in LMDBS:
            self.env["LD_PRELOAD"] = str(PRELOAD)


def one_round(region, death):
    """Returns where it died: "start" or "load"."""
    where = "load"
    try:
        with Killer(region.daemon, death.in_start_s):
            region.daemon.start(**death.env)
            region.come_back()
    except (Ended, wire.TimedOut):
        status = region.daemon.wait_end(5)
        where = "start"
    else:
        with Killer(region.daemon, death.in_load_s):
            status = region.load_until_dead(region.rng.choice(WINDOWS))
    assert status == SIGKILL, f"{death.kind}: plekd ended with {status}\n{region.daemon.said()}"
    return where


def kill_and_compare(n_rounds, seed):
    rng = random.Random(seed)
    n_died = {}
    with Watched(rng) as region:
        region.settle_in()
        for number in range(n_rounds):
            # Restarts from rows that are nearly new, and from the journal alone.
            region.write_config(checkpoint=rng.choice(["100ms", "1h"]))
            death = Death(number, rng)
            where = one_round(region, death)
            n_died[death.kind, where] = n_died.get((death.kind, where), 0) + 1
            if number % COMPARE_EVERY == COMPARE_EVERY - 1:
                region.witness.compare_with_journal(region.directory / "data")
                look_at("verify", region.directory / "data")

        region.daemon.start()
        region.come_back()
        region.daemon.stop()
        n_entries = region.witness.compare_with_journal(region.directory / "data")
        said = look_at("verify", region.directory / "data").decode().strip()
        report(region, n_died, n_entries, said)
    return n_died


def report(region, n_died, n_entries, said):
    witness = region.witness
    print(f"# {sum(n_died.values())} kills, {region.n_outcomes} outcomes, {witness.n_frames} "
          f"frames, {len(witness.heads)} heads, {len(witness.durable)} promises; "
          f"{n_entries} entries")
    print(f"# verify: {said}")
    for (kind, where), number in sorted(n_died.items()):
        print(f"#     {kind} in {where}: {number}")


N_ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 221
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % (1 << 32)


def test_what_was_receipted_outlives_every_kill_and_nothing_is_ever_two_things():
    print(f"# seed {SEED}", flush=True)
    try:
        n_died = kill_and_compare(N_ROUNDS, SEED)
    except AssertionError:
        print(f"# to see it again: test_kill.py {N_ROUNDS} {SEED}")
        raise
    for point in OURS + LMDBS + ["moment"]:
        assert n_died.get((point, "load")), f"nobody died under load at {point}"


# ---------------------------------------------------------------------- what this test would notice


def killed_and_undone(region):
    """One update was receipted, the broker killed, and its disk has lost that last commit."""
    region.write_config(checkpoint="1h")
    region.settle_in()
    region.daemon.start()
    region.come_back()
    sender = region.senders[0]
    sender.say()
    wire.wait_any([sender.session.socket], wire.deadline(), "the receipt")
    assert sender.hear() == 1
    region.daemon.kill()
    for peer in [*region.senders, region.clerk, region.recorder]:
        peer.close()

    region.witness.compare_with_journal(region.directory / "data")
    undo_last_commit(region.directory / "data")


def assert_noticed(function, *args):
    try:
        function(*args)
    except AssertionError as noticed:
        print(f"# noticed: {noticed}")
    else:
        raise AssertionError(f"{function.__name__} did not notice the lost commit")


def test_lost_commit_would_be_noticed_in_the_journal():
    with Watched(random.Random(1)) as region:
        killed_and_undone(region)
        assert_noticed(region.witness.compare_with_journal, region.directory / "data")


def test_lost_commit_would_be_noticed_by_its_sender():
    with Watched(random.Random(1)) as region:
        killed_and_undone(region)
        region.daemon.start()
        sender = region.senders[0]
        reader = Reader(region.card, region.key("meldkamer"), coord=True)
        reader.greet()
        assert_noticed(sender.check, reader.records())
        assert_noticed(sender.come_back, wire.deadline())
        reader.close()


def test_revision_with_two_contents_would_be_noticed_by_a_subscriber():
    with Watched(random.Random(1)) as region:
        killed_and_undone(region)
        region.daemon.start()
        region.recorder.come_back()
        wire.wait_any(list(region.recorder.subs.values()), wire.deadline(), "a beat")
        assert_noticed(region.recorder.hear, region.witness)


if __name__ == "__main__":
    tap.run(globals())
