"""Calls: a coordinator's, as it is made and as an agent checks it (PROTOCOL.md, chapter 17)"""

import secrets
from collections import deque

import plek_pb2 as pb

from . import envelope, wire

MINUTE_MS = 60 * 1000


class Caller:
    """A coordinator's session, and how its calls stand."""

    def __init__(self, session, party):
        self.session = session
        self.party = party
        self.lines = {}  # (party, location) -> CallLine
        self.progress = deque()

    def make(self, region, within_ms=MINUTE_MS, **fields):
        """A call that is as it should be; @fields overrule."""
        now = (self.session.time_us() - self.session.uncertainty_us) // 1000
        call = pb.Call(party=self.party, id=secrets.token_bytes(16), asked_at_ms=now,
                       until_ms=now + within_ms, status=pb.STATUS_ACTUAL, region=region)
        call.MergeFrom(pb.Call(**fields))
        return call

    def seal(self, call, secret=None, network=None):
        return envelope.seal(envelope.CALL, network or self.session.card.network,
                             secret or self.session.secret, call.SerializeToString())

    def ask(self, whole, until=None):
        """Hands a call in; its first progress, or Refused."""
        self.lines = {}
        return self.take(self.session.ask(until, call=pb.CallRequest(envelope=whole)).progress)

    def call(self, region, **fields):
        call = self.make(region, **fields)
        whole = self.seal(call)
        self.ask(whole)
        return whole

    def take(self, progress):
        for line in progress.lines:
            self.lines[line.party, line.location] = line
        self.progress.append(progress)
        return progress

    def states(self):
        return {key: line.state for key, line in self.lines.items()}

    def wait(self, condition, until=None):
        """Until @condition of the newest progress holds."""
        until = until or wire.deadline(20)
        while not condition(self.progress[-1]):
            self.take(self.session.wait_told("progress", until).progress)
        return self.progress[-1]

    def wait_final(self, until=None):
        return self.wait(lambda progress: progress.final, until)


def check(card, asked, now_ms):
    """What an agent makes of being asked: the Call, or EnvelopeError. The broker is not believed."""
    opened = envelope.open_signed(asked.enrolment, envelope.ENROLMENT, card.network,
                                  card.authority)
    enrolment = pb.Enrolment.FromString(opened.body)
    signed = envelope.open_signed(asked.envelope, envelope.CALL, card.network,
                                  [keys.sign for keys in enrolment.keys])
    call = pb.Call.FromString(signed.body)
    if call.party != enrolment.party or pb.ROLE_COORDINATOR not in enrolment.roles:
        raise envelope.EnvelopeError("not a coordinator's")
    if not enrolment.valid_from_ms <= now_ms < min(enrolment.valid_until_ms, call.until_ms):
        raise envelope.EnvelopeError("not of now")
    return call
