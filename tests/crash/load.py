"""Who keeps a broker busy while it is about to be killed, and knows afterwards what must be there

A Sender is an agent with a window of unreceipted updates about a few records. The Clerk has the
authority's enrolments admitted, one after the other, so that commits of every kind are interrupted.
"""

import plek_pb2 as pb
from harness import ControlSession
from plekpy import envelope, records
from plekpy.agent import Agent

UNITS = 8


class Sender(Agent):
    # pylint: disable=too-many-instance-attributes  # an agent, and what is remembered of it
    def __init__(self, card, secret, party, witness, rng):
        super().__init__(card, secret, party)
        self.witness = witness
        self.rng = rng
        self.waiting = {}   # seq -> envelope: sent, and no outcome yet
        self.sent = {}      # seq -> (key, digest)
        self.refused_seqs = set()
        self.kept = {}      # key -> the last seq about it that was accepted
        self.said = {}      # key -> the last update that was sent about it
        self.withdrawn = {}  # key -> seq of the last withdrawal that was sent
        self.floor = 0
        self.last_accepted = None  # (seq, envelope)

    @property
    def location(self):
        return f"{self.party}-1"

    # ------------------------------------------------------------------ saying

    def invent(self):
        """The next thing that this agent has to say; audiences move records, too."""
        audience = self.rng.choice([pb.AUDIENCE_CARE] * 4 + [pb.AUDIENCE_COORD])
        unit = f"w{self.rng.randrange(UNITS)}"
        kind = self.rng.randrange(10)
        if kind < 6:
            update = self.counts(self.location, unit, pb.CARE_WARD,
                                 staffed=self.rng.randrange(99), occupied=self.rng.randrange(99))
            update.audience = audience
            return update
        if kind < 8:
            return self.door(self.location, self.rng.choice([pb.DOOR_OPEN, pb.DOOR_STOP]), unit)
        if kind < 9 and self.said:
            return self.withdraw(self.rng.choice(list(self.said.values())))
        return self.affirm(self.location, pb.LANE_COUNTS)

    def say(self):
        update = self.invent()
        body = update.WhichOneof("body")
        key = None if body == "affirm" else records.key_of(update)
        whole = self.send(update)
        self.sent[update.seq] = (key, envelope.digest(whole))
        self.waiting[update.seq] = whole
        if body == "withdraw":
            self.withdrawn[key] = update.seq
        elif body != "affirm":
            self.said[key] = update

    def fill(self, window):
        while len(self.waiting) < window:
            self.say()

    # ------------------------------------------------------------------ hearing

    def hear(self):
        """Takes in the receipts that have come; returns how many outcomes there were."""
        n_outcomes = 0
        self.session.pump_ready()
        while self.session.told:
            reply = self.session.told.popleft()
            if reply.WhichOneof("reply") != "receipt":
                continue
            head = self.witness.see_head(reply.receipt.head)
            for outcome in reply.receipt.outcomes:
                self.hear_outcome(outcome, head)
                n_outcomes += 1
        return n_outcomes

    def hear_outcome(self, outcome, head):
        whole = self.waiting.pop(outcome.seq, None)
        assert whole, f"{self.party}: a receipt for {outcome.seq}, which was not waited for"
        if outcome.HasField("refusal"):
            self.refused_seqs.add(outcome.seq)
            return
        key, digest = self.sent[outcome.seq]
        assert outcome.revision <= head.revision, "receipted and not durable"
        self.witness.promised(outcome.revision, digest)
        self.floor = max(self.floor, outcome.seq)
        if key is not None:
            self.kept[key] = max(self.kept.get(key, 0), outcome.seq)
        if self.last_accepted is None or outcome.seq > self.last_accepted[0]:
            self.last_accepted = (outcome.seq, whole)

    # ------------------------------------------------------------------ after a restart

    def come_back(self, until):
        """Greets the broker anew. What waited may have been accepted or not: nobody said."""
        self.waiting.clear()
        self.reconnect(until)
        floor = self.session.greeting.floor
        assert floor >= self.floor, f"{self.party}: the floor fell from {self.floor} to {floor}"
        assert not self.floor or floor in self.sent, f"{self.party}: a floor that was never sent"
        assert floor not in self.refused_seqs, f"{self.party}: a refused seq became the floor"

    def say_again(self):
        """The party's last accepted envelope, byte for byte, gets its original receipt again."""
        floor = self.session.greeting.floor
        if self.last_accepted is None or self.last_accepted[0] != floor:
            return
        self.updates.send(self.last_accepted[1])
        self.waiting[floor] = self.last_accepted[1]

    def check(self, found):
        """@found: what the broker holds of this party now, by key."""
        for key, record in found.items():
            seq = record.update.seq
            assert seq in self.sent, f"{key}: seq {seq} was never sent"
            assert self.sent[seq] == (key, envelope.digest(record.envelope)), \
                f"{key}: seq {seq} is not what was sent"
            assert seq not in self.refused_seqs, f"{key}: seq {seq} was refused"
        for key, seq in self.kept.items():
            self.check_kept(key, seq, found.get(key))

    def check_kept(self, key, seq, record):
        """Accepted as @seq was, it is there, or what was sent later about the same."""
        if record is None:
            assert self.withdrawn.get(key, 0) >= seq, f"{key}: seq {seq} was receipted and is gone"
            return
        is_newer = record.update.seq > seq or (record.update.seq == seq != self.withdrawn.get(key))
        assert is_newer, f"{key}: seq {seq} was receipted, and {record.update.seq} is there"


class Clerk:
    """Hands in enrolments of a party that does nothing else."""

    PARTY = "spare"

    def __init__(self, region, witness):
        self.region = region
        self.witness = witness
        self.session = None
        self.waiting = None  # (request, envelope, serial)
        self.serial = 0

    def come_back(self):
        self.close()
        self.session = ControlSession(self.region.card, self.region.control)
        self.waiting = None

    def close(self):
        if self.session is not None:
            self.session.close()

    def hand_in(self):
        if self.waiting is not None:
            return
        key = self.region.key(self.PARTY)
        whole = self.region.authority.enrol(self.PARTY, [key.public], [pb.ROLE_SUBSCRIBER],
                                            audience=pb.AUDIENCE_CARE)
        number = self.session.send(submit=pb.Submit(envelope=whole))
        self.waiting = (number, whole, self.region.authority.serials[self.PARTY])

    def hear(self):
        self.session.pump_ready()
        if self.waiting is None or not self.session.has_answer(self.waiting[0]):
            return
        number, whole, serial = self.waiting
        self.waiting = None
        reply = self.session.answer(number)
        assert not reply.HasField("refusal"), reply.refusal
        self.witness.promised(reply.submit.revision, envelope.digest(whole))
        self.serial = max(self.serial, serial)

    def check(self, registry):
        newest = registry.newest(self.PARTY)
        assert not self.serial or newest and newest.serial >= self.serial, \
            f"enrolment {self.serial} was admitted, and {newest and newest.serial} is there"
