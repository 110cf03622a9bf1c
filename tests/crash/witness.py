"""Everything that was ever seen of a broker, and whether it contradicts itself

Of each revision: the head that was signed for it, the entry that was published or receipted at it.
A broker that was killed and started again goes on where it was, so that neither may ever be two
things, in whatever epoch. What is seen is compared at once; what the journal holds, on request.
"""

import struct
import subprocess

import plek_pb2 as pb
import zmq
from harness import BUILD
from plekpy import envelope, wire

JOURNAL = BUILD / "tests" / "crash" / "crash-journal"
ROW = struct.Struct("=QqB32s32s")


class Contradiction(AssertionError):
    """The broker has said two things that cannot both be."""


def look_at(what, directory):
    """Runs crash-journal on @directory, whose daemon is gone; returns what it printed."""
    done = subprocess.run([JOURNAL, what, directory], capture_output=True, check=False)
    if done.returncode:
        raise Contradiction(f"crash-journal {what}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class Recorder:
    """Subscribed to everything, on both sockets."""

    def __init__(self, region, parties):
        self.region = region
        self.parties = parties  # by socket
        self.subs = {}

    def come_back(self):
        self.close()
        for name, party in self.parties.items():
            sub = wire.curve_socket(zmq.SUB, self.region.key(party),
                                    self.region.card.brokers[0].transport)
            sub.rcvhwm = 0
            sub.subscribe("")
            sub.connect(self.region.card.endpoint(name))
            self.subs[name] = sub

    def close(self):
        for sub in self.subs.values():
            sub.close(0)

    def hear(self, witness):
        for name, sub in self.subs.items():
            while sub.poll(0):
                witness.see_frame(name, sub.recv())


class Witness:
    def __init__(self, card):
        self.card = card
        self.heads = {}       # revision -> (epoch, time, head)
        self.entries = {}     # revision -> digest of the envelope
        self.durable = set()  # revisions that a receipt or an answer has promised
        self.chains = {}      # (socket, topic) -> where a reader that missed nothing stands
        self.n_frames = 0
        self._known = {}      # head envelope -> Head

    @property
    def last_revision(self):
        return max(self.heads, default=0)

    # ------------------------------------------------------------------ seeing

    def _note(self, table, what, revision, value):
        if table.setdefault(revision, value) != value:
            raise Contradiction(f"revision {revision} was seen with two {what}: "
                                f"{table[revision]} and {value}")

    def see_head(self, whole):
        head = self._known.get(whole)
        if head is None:
            opened = envelope.open_signed(whole, envelope.HEAD, self.card.network,
                                          self.card.broker_signers)
            head = self._known[whole] = pb.Head.FromString(opened.body)
            self._note(self.heads, "heads", head.revision, (head.epoch, head.time_ms, head.head))
        return head

    def see_entry(self, revision, digest):
        self._note(self.entries, "contents", revision, digest)

    def promised(self, revision, digest):
        """The broker has said that it keeps what has this digest at @revision."""
        self.see_entry(revision, digest)
        self.durable.add(revision)

    def see_frame(self, socket, frame):
        """A block or a beat, as it came from @socket."""
        topic, _, whole = frame.partition(b"\0")
        opened = envelope.open_signed(whole, envelope.BLOCK, self.card.network,
                                      self.card.broker_signers)
        block = pb.Block.FromString(opened.body)
        head = self.see_head(block.head)
        self.n_frames += 1
        if topic.startswith(b"beat/"):
            return
        self._see_place(socket, topic, block, head)
        for entry in [*block.entries, *block.affirms]:
            if entry.HasField("envelope"):
                self.see_entry(entry.revision, envelope.digest(entry.envelope))

    def _see_place(self, socket, topic, block, head):
        """Blocks of one topic and socket follow each other, as long as the broker lives."""
        before = self.chains.get((socket, topic), 0)
        if block.previous != before:
            raise Contradiction(f"{topic}: {block.previous} does not follow {before}")
        if not block.previous < block.first <= block.last <= head.revision:
            raise Contradiction(f"{topic}: {block.previous} {block.first} {block.last} in a commit "
                                f"of {head.revision}")
        self.chains[socket, topic] = block.last

    def broker_started(self, socket, positions):
        """@positions, as told to a reader of @socket, are where its next blocks begin."""
        told = {position.topic.encode(): position.revision for position in positions}
        for (name, topic), last in self.chains.items():
            if name == socket and told.get(topic, 0) < last:
                raise Contradiction(f"{topic} was at {last}, and is at {told.get(topic)}")
        self.chains.update({(socket, topic): last for topic, last in told.items()})

    # ------------------------------------------------------------------ comparing

    def compare_with_journal(self, directory):
        """Each head and entry that was seen is the journal's; returns how many entries it has."""
        journal = {revision: (time_ms, digest, head) for revision, time_ms, _, digest, head
                   in ROW.iter_unpack(look_at("list", directory))}
        for revision, (_, time_ms, head) in self.heads.items():
            if revision not in journal:
                raise Contradiction(f"head {revision} was signed, and the journal ends before")
            if (journal[revision][0], journal[revision][2]) != (time_ms, head):
                raise Contradiction(f"head {revision} is another in the journal")
        for revision, digest in self.entries.items():
            if revision not in journal:
                raise Contradiction(f"revision {revision} was seen, and the journal ends before")
            if journal[revision][1] != digest:
                raise Contradiction(f"revision {revision} is another in the journal")
        return len(journal)
