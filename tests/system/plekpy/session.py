"""A query session: requests and replies over a DEALER (PROTOCOL.md, chapter 6)"""

import secrets
import time
from collections import deque

import plek_pb2 as pb
import zmq

from . import envelope, wire


class Refused(Exception):
    """The broker refused a request."""

    def __init__(self, refusal):
        super().__init__(f"{pb.RefusalCode.Name(refusal.code)}: {refusal.field} {refusal.text}")
        self.code = refusal.code
        self.refusal = refusal


class Session:
    def __init__(self, card, secret, instance=None):
        self.prepare(card, secret, instance or secrets.randbits(64))
        self.socket.connect(card.endpoint("query"))

    def prepare(self, card, secret, instance):
        self.card = card
        self.secret = secret
        self.instance = instance
        self.socket = wire.curve_socket(zmq.DEALER, secret, card.brokers[0].transport)
        self.told = deque()    # replies with id 0, in order
        self.chunks = {}       # transfer -> chunks in order of arrival
        self.greeting = None   # the HelloReply
        self.epoch = None      # the Epoch that it named
        self.head = None       # the last head envelope that was verified
        self.offset_us = None  # the broker's time less our monotonic clock
        self.uncertainty_us = None  # how far that may be off
        self._next_id = 0
        self._answers = {}

    def close(self):
        self.socket.close(0)

    # ------------------------------------------------------------------ requests

    def send(self, **body):
        """Sends a request without waiting; returns its id."""
        self._next_id += 1
        self.socket.send(pb.Request(id=self._next_id, **body).SerializeToString())
        return self._next_id

    def pump(self, until, what="a reply"):
        """Takes the next frame in and sorts it."""
        parts = wire.receive(self.socket, until, what)
        assert len(parts) == 1, "a reply of several parts"
        reply = pb.Reply.FromString(parts[0])
        if reply.WhichOneof("reply") == "chunk":
            self.chunks.setdefault(reply.chunk.transfer, []).append(reply.chunk)
        elif reply.id == 0:
            self.told.append(reply)
        else:
            self._answers[reply.id] = reply

    def pump_ready(self):
        while self.socket.poll(0):
            self.pump(wire.deadline())

    def has_answer(self, number):
        return number in self._answers

    def answer(self, number, until=None):
        until = until or wire.deadline()
        while number not in self._answers:
            self.pump(until, f"the answer to request {number}")
        return self._answers.pop(number)

    def ask(self, until=None, **body):
        """Sends a request and returns its reply, or raises Refused."""
        reply = self.answer(self.send(**body), until)
        if reply.HasField("refusal"):
            raise Refused(reply.refusal)
        return reply

    def wait_told(self, kind, until=None):
        """The next unasked reply of @kind ("receipt", "epoch", "card"); others stay."""
        until = until or wire.deadline()
        while True:
            for reply in self.told:
                if reply.WhichOneof("reply") == kind:
                    self.told.remove(reply)
                    return reply
            self.pump(until, f"being told a {kind}")

    # ------------------------------------------------------------------ hello and time

    def hello(self, kind=pb.PEER_READER, until=None, **fields):
        before = time.monotonic_ns()
        hello = pb.Hello(instance=self.instance, kind=kind, program="plekpy", **fields)
        if self.head and not hello.HasField("head"):
            hello.head = self.head
        self.greeting = self.ask(until, hello=hello).hello
        self._learn_time(before, self.greeting.time_us)

        assert self.greeting.network == self.card.network, "a broker of another network"
        self.take_epoch(self.greeting.epoch)
        self.take_head(self.greeting.head)
        return self.greeting

    def clock(self, until=None):
        nonce = secrets.randbits(64)
        before = time.monotonic_ns()
        reply = self.ask(until, clock=pb.Clock(nonce=nonce)).clock
        assert reply.nonce == nonce, "the answer to another question"
        self._learn_time(before, reply.time_us)
        return reply

    def _learn_time(self, before_ns, time_us):
        middle_us = (before_ns + time.monotonic_ns()) // 2000
        self.offset_us = time_us - middle_us
        self.uncertainty_us = time.monotonic_ns() // 1000 - middle_us

    def time_us(self):
        """The broker's time."""
        return time.monotonic_ns() // 1000 + self.offset_us

    def time_ms(self):
        return self.time_us() // 1000

    # ------------------------------------------------------------------ what the broker signs

    def open_broker(self, whole, kind, message):
        """The body of what a broker of the card signed."""
        opened = envelope.open_signed(whole, kind, self.card.network, self.card.broker_signers)
        return message.FromString(opened.body)

    def take_head(self, whole):
        head = self.open_broker(whole, envelope.HEAD, pb.Head)
        self.head = whole
        return head

    def take_epoch(self, whole):
        self.epoch = self.open_broker(whole, envelope.EPOCH, pb.Epoch)
        return self.epoch

    # ------------------------------------------------------------------ transfers

    def transfer(self, until=None, credit=4, **body):
        """Asks since or own, grants credit as it goes, checks all; returns manifest and bodies."""
        until = until or wire.deadline()
        answer = self.ask(until, **body).since
        manifest = self.open_broker(answer.manifest, envelope.MANIFEST, pb.Manifest)
        bodies = []
        granted = credit
        while len(bodies) < len(manifest.digests):
            waiting = self.chunks.get(answer.transfer, [])
            if not waiting:
                self.pump(until, f"chunk {len(bodies)} of {len(manifest.digests)}")
                continue
            chunk = waiting.pop(0)
            if chunk.index < len(bodies):
                continue  # of an earlier transfer of the same answer, which this one has ended
            assert chunk.index == len(bodies), "a chunk out of order"
            assert envelope.digest(chunk.body) == manifest.digests[chunk.index], "another chunk"
            bodies.append(pb.ChunkBody.FromString(chunk.body))
            if len(bodies) == granted and granted < len(manifest.digests):
                self.send(credit=pb.Credit(transfer=answer.transfer, credit=credit))
                granted += credit
        self.chunks.pop(answer.transfer, None)
        assert sum(len(body.entries) for body in bodies) == manifest.n_entries
        return manifest, bodies

    def since(self, topic, epoch=0, revision=0, audience=None, credit=4, until=None, at_ms=None):
        return self.transfer(until, credit, since=pb.Since(
            topic=topic, epoch=epoch, revision=revision, credit=credit, at_ms=at_ms,
            audience=self.greeting.audience if audience is None else audience))

    def history(self, from_ms, to_ms, location=None, credit=4, until=None, **fields):
        return self.transfer(until, credit, history=pb.History(
            location=location, from_ms=from_ms, to_ms=to_ms, credit=credit, **fields))

    def own(self, location=None, credit=4, until=None):
        request = pb.OwnRequest(credit=credit)
        if location is not None:
            request.location = location
        return self.transfer(until, credit, own=request)
