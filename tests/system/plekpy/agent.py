"""An agent: signed updates out, receipts in (PROTOCOL.md, chapters 7 and 8)"""

import plek_pb2 as pb
import zmq

from . import envelope, records, wire
from .session import Refused, Session

HOUR_MS = 3600 * 1000


class Agent:
    def __init__(self, card, secret, party, instance=None, kind=pb.PEER_FEED):
        self.card = card
        self.secret = secret
        self.party = party
        self.kind = kind
        self.last_seq = 0
        self.outcomes = {}  # seq -> Outcome
        self.receipts = []
        self.session = Session(card, secret, instance)
        self.updates = None

    @property
    def instance(self):
        return self.session.instance

    def close(self):
        self.session.close()
        if self.updates is not None:
            self.updates.close(0)

    # ------------------------------------------------------------------ connecting

    def connect(self, until=None):
        """Says hello, then connects the updates socket and waits for the broker's subscription."""
        until = until or wire.deadline()
        self.hello(until)
        self.open_updates()
        self.wait_subscribed(until)
        return self

    def hello(self, until=None):
        greeting = self.session.hello(self.kind, until)
        self.last_seq = max(self.last_seq, greeting.floor)
        return greeting

    def open_updates(self):
        self.updates = wire.curve_socket(zmq.XPUB, self.secret, self.card.brokers[0].transport)
        self.updates.setsockopt(zmq.IMMEDIATE, 1)
        self.updates.connect(self.card.endpoint("updates"))

    def wait_subscribed(self, until=None):
        until = until or wire.deadline()
        while wire.receive(self.updates, until, "the broker's subscription")[0][:1] != b"\x01":
            pass

    def reconnect(self, until=None):
        """After an outage: what libzmq reconnects by itself must be greeted and subscribed anew."""
        until = until or wire.deadline()
        instance = self.session.instance
        head = self.session.head
        self.close()
        self.session = Session(self.card, self.secret, instance)
        self.session.head = head
        return self.connect(until)

    # ------------------------------------------------------------------ saying

    def next_seq(self):
        self.last_seq = max(self.last_seq + 1, self.session.time_us())
        return self.last_seq

    def make(self, location, **fields):
        """An update that is as it should be; @fields overrule, and bring the body."""
        now = self.session.time_ms()
        update = pb.Update(party=self.party, instance=self.instance, seq=self.next_seq(),
                           sent_at_ms=now, not_after_ms=now + HOUR_MS, status=pb.STATUS_ACTUAL,
                           location=location, source=pb.SOURCE_AUTOMATIC)
        update.MergeFrom(pb.Update(**fields))
        return update

    def counts(self, location, unit, care, **numbers):
        return self.make(location, unit=unit, counts=pb.Counts(care=care, **numbers))

    def door(self, location, state, unit=None, **fields):
        extra = {} if unit is None else {"unit": unit}
        return self.make(location, door=pb.Door(state=state, **fields), **extra)

    def affirm(self, location, lane, up_to_seq=None, apart_from=(), **fields):
        return self.make(location, affirm=pb.Affirm(
            lane=lane, up_to_seq=self.last_seq if up_to_seq is None else up_to_seq,
            apart_from=apart_from), **fields)

    def withdraw(self, update):
        """The withdrawal of the record that @update is about."""
        return self.make(update.location, status=update.status,
                         withdraw=records.key_of_ref(records.ref_of(update)))

    def sign(self, update):
        return envelope.seal(envelope.UPDATE, self.card.network, self.secret,
                             update.SerializePartialToString())

    def send(self, update):
        """Signs and sends; returns the envelope."""
        whole = self.sign(update)
        self.updates.send(whole)
        return whole

    # ------------------------------------------------------------------ hearing

    def take_receipt(self, until):
        receipt = self.session.wait_told("receipt", until).receipt
        head = self.session.take_head(receipt.head)
        self.receipts.append(receipt)
        for outcome in receipt.outcomes:
            assert not outcome.revision or outcome.revision <= head.revision, "not durable yet"
            self.outcomes[outcome.seq] = outcome
        return receipt

    def outcome(self, seq, until=None):
        until = until or wire.deadline()
        while seq not in self.outcomes:
            self.take_receipt(until)
        return self.outcomes.pop(seq)

    def state(self, update, until=None):
        """Sends and waits: the revision at which it was accepted, or Refused."""
        self.send(update)
        outcome = self.outcome(update.seq, until)
        if outcome.HasField("refusal"):
            raise Refused(outcome.refusal)
        return outcome.revision

    def refused(self, update, until=None):
        """Sends what must be refused, and returns why it was."""
        try:
            revision = self.state(update, until)
        except Refused as refused:
            return refused
        raise AssertionError(f"accepted at {revision}: {update}")
