"""A reader: its own replica of the picture, every signature checked (PROTOCOL.md, 10 to 13)"""

import time
from collections import deque
from dataclasses import dataclass, field

import plek_pb2 as pb
import zmq

from . import envelope, records, wire
from .registry import Registry
from .session import Session

NOT_FED_S = 3.0
LANES = ("status", "counts")


@dataclass
class Topic:
    revision: int = 0
    records: dict = field(default_factory=dict)
    withdrawn: list = field(default_factory=list)
    ahead: bool = False  # the last beat was ahead of us


class Reader:
    """Follows all of @regions. Everything that happened is in @events, oldest first."""

    # pylint: disable=too-many-instance-attributes  # a reader has that much state
    def __init__(self, card, secret, regions=("oost",), coord=False, tests=False):
        self.card = card
        self.secret = secret
        self.coord = coord
        self.lanes = {lane: ["beat/" + lane + "/"] for lane in LANES}
        self.lanes["status"].append("reg/")
        for region in regions:
            for kind in ("pic", "test") if tests else ("pic",):
                for lane in LANES:
                    self.lanes[lane].append(f"{kind}/{region}/{lane}/")
        self.topics = {name: Topic() for names in self.lanes.values() for name in names
                       if not name.startswith("beat/")}
        self.subs = {}
        self.session = None
        self.registry = Registry(card)
        self.epoch = 0
        self.held = deque()
        self.events = []
        self.presence = {}
        self.last_beat = {}   # lane -> (monotonic time, Beat)
        self.accepting = None

    # ------------------------------------------------------------------ connecting

    def connect(self, until=None):
        """Subscribes first, asks second."""
        until = until or wire.deadline()
        for lane, names in self.lanes.items():
            sub = wire.curve_socket(zmq.SUB, self.secret, self.card.brokers[0].transport)
            sub.sndhwm = 0
            for name in names:
                sub.subscribe(name)
            sub.connect(self.card.endpoint("coord" if self.coord else "care"))
            self.subs[lane] = sub
        self.greet(until)
        return self

    def greet(self, until=None):
        until = until or wire.deadline()
        head = self.session.head if self.session else None
        if self.session:
            self.session.close()
        self.session = Session(self.card, self.secret)
        self.session.head = head
        self.session.hello(pb.PEER_READER, until)
        self.take_epoch(self.session.epoch)
        self.catch_up(until)

    def catch_up(self, until=None):
        for name in sorted(self.topics, key=lambda name: name != "reg/"):
            self.ask_since(name, until)

    def close(self):
        for sub in self.subs.values():
            sub.close(0)
        if self.session:
            self.session.close()

    # ------------------------------------------------------------------ epochs

    def take_epoch(self, epoch):
        """What a new epoch does to the positions (chapter 13)."""
        if epoch.epoch == self.epoch:
            return
        carries_on = epoch.continues and epoch.previous_epoch == self.epoch
        self.events.append(("epoch", epoch))
        for topic in self.topics.values():
            if self.epoch and not (carries_on and topic.revision <= epoch.previous_revision):
                topic.revision = 0
        self.epoch = epoch.epoch

    # ------------------------------------------------------------------ changes since

    def ask_since(self, name, until=None, revision=None):
        topic = self.topics[name]
        manifest, bodies = self.session.since(
            name, self.epoch, topic.revision if revision is None else revision, until=until)
        head = self.session.take_head(manifest.head)
        assert manifest.topic == name and manifest.audience == self.session.greeting.audience
        assert head.epoch == self.epoch, "an answer of another epoch"
        if name == "reg/":
            for body in bodies:
                for entry in body.entries:
                    self.registry.apply(entry)
        else:
            self.apply_answer(topic, manifest, bodies)
        topic.revision = max(manifest.to, 0 if manifest.whole else topic.revision)
        topic.ahead = False
        self.events.append(("since", name, manifest))
        self.release_held()
        return manifest

    def apply_answer(self, topic, manifest, bodies):
        if manifest.whole:
            topic.records.clear()
        for body in bodies:
            affirms = {affirm.revision: affirm for affirm in body.affirms}
            for entry in body.entries:
                self.apply_entry(topic, entry, affirms)

    # ------------------------------------------------------------------ entries

    def open_update(self, entry):
        """The update of an entry, if it is to be believed."""
        parsed = envelope.parse(entry.envelope)
        update = pb.Update.FromString(parsed.body)
        signer = self.registry.signer(update.party, parsed.key_id, entry.revision)
        assert signer, f"{update.party} had no such key at {entry.revision}"
        envelope.open_signed(entry.envelope, envelope.UPDATE, self.card.network, [signer])
        if update.WhichOneof("body") == "ack":
            assert self.registry.may_read(update.party, entry.revision), \
                f"{update.party} could not read at {entry.revision}"
            return update
        assert self.registry.may_speak(update.party, update.location, entry.revision), \
            f"{update.party} did not speak for {update.location} at {entry.revision}"
        return update

    def apply_entry(self, topic, entry, affirms):
        if entry.HasField("withdrawn"):
            gone = entry.withdrawn
            key = (gone.status, gone.party, gone.location, *records.ref_of_key(gone.key))
            topic.withdrawn.append((key, gone.cause))
            topic.records.pop(key, None)
            self.events.append(("withdrawn", key, gone.cause))
            return
        update = self.open_update(entry)
        if update.WhichOneof("body") == "affirm":
            self.apply_affirm(topic, update, entry)
            return
        record = records.Record(
            update=update, envelope=entry.envelope, revision=entry.revision,
            changed_revision=(entry.changed_revision if entry.HasField("changed_revision")
                              else entry.revision),
            received_at_ms=entry.received_at_ms, flags=entry.flags,
            since_ms=entry.since_ms if entry.HasField("since_ms") else entry.received_at_ms,
            distrusted=self.registry.is_distrusted(update.party, entry.received_at_ms))
        if entry.rests_on:
            affirm = affirms[entry.rests_on]
            record.affirm = self.open_update(affirm)
            assert records.is_affirmed(record, record.affirm), "rests on what does not affirm it"
            record.affirm_revision = affirm.revision
            record.affirm_received_at_ms = affirm.received_at_ms
        topic.records[records.key_of(update)] = record
        self.events.append(("record", records.key_of(update), record))

    def apply_affirm(self, topic, update, entry):
        renewed = 0
        for record in topic.records.values():
            if records.is_affirmed(record, update) and record.revision < entry.revision:
                record.affirm = update
                record.affirm_revision = record.changed_revision = entry.revision
                record.affirm_received_at_ms = entry.received_at_ms
                renewed += 1
        self.events.append(("affirm", update, renewed))

    # ------------------------------------------------------------------ blocks

    def take_frame(self, frame, lane=None, until=None):
        name, _, whole = frame.partition(b"\0")
        name = name.decode()
        block = self.session.open_broker(whole, envelope.BLOCK, pb.Block)
        head = self.session.open_broker(block.head, envelope.HEAD, pb.Head)
        if name.startswith("beat/"):
            self.take_beat(block.beat, head, lane, until)
            return
        if name in self.topics:
            self.held.append((name, block, head))
            self.release_held(until)

    def release_held(self, until=None):
        """Applies what now follows; asks for what is missing."""
        waiting, self.held = self.held, deque()
        for name, block, head in waiting:
            self.take_block(name, block, head, until)

    def take_block(self, name, block, head, until):
        topic = self.topics[name]
        if head.epoch != self.epoch:
            self.events.append(("foreign epoch", name, head.epoch))
            self.greet(until)
            return
        if block.last <= topic.revision:
            return
        if name != "reg/" and block.reg_revision > self.topics["reg/"].revision:
            self.ask_since("reg/", until)
        if block.previous > topic.revision:
            self.events.append(("gap", name, topic.revision, block.previous))
            self.ask_since(name, until)
            if block.last <= topic.revision:
                return
        affirms = {affirm.revision: affirm for affirm in block.affirms}
        for entry in block.entries:
            changed = (entry.changed_revision if entry.HasField("changed_revision")
                       else entry.revision)
            if changed <= topic.revision:
                continue
            if name == "reg/":
                self.registry.apply(entry)
            else:
                self.apply_entry(topic, entry, affirms)
        topic.revision = block.last
        self.session.take_head(block.head)
        self.events.append(("block", name, block))

    # ------------------------------------------------------------------ beats

    def take_beat(self, beat, head, lane, until):
        if beat.time_ms < self.session.time_ms() - NOT_FED_S * 1000:
            return
        epoch = self.session.open_broker(beat.epoch, envelope.EPOCH, pb.Epoch)
        if epoch.epoch != self.epoch:
            self.greet(until)
        self.last_beat[lane] = (time.monotonic(), beat)
        self.accepting = beat.accepting
        for topic in self.topics.values():  # the broker drops them too, and tells nobody
            for key in [key for key, record in topic.records.items()
                        if records.is_over(record.update, beat.time_ms)]:
                del topic.records[key]
        for presence in beat.presence:
            self.presence[presence.party] = presence.connected
        for position in beat.topics:
            topic = self.topics.get(position.topic)
            if topic is None:
                continue
            if position.revision <= topic.revision:
                topic.ahead = False
                topic.revision = max(topic.revision, head.revision)
            elif topic.ahead:
                self.events.append(("gap by beat", position.topic, topic.revision))
                self.ask_since(position.topic, until)
            else:
                topic.ahead = True
        self.events.append(("beat", lane, beat))

    def is_fed(self):
        return all(lane in self.last_beat
                   and time.monotonic() - self.last_beat[lane][0] < NOT_FED_S for lane in LANES)

    # ------------------------------------------------------------------ waiting

    def pump(self, until, what="a block"):
        sockets = [*self.subs.values(), self.session.socket]
        for socket in wire.wait_any(sockets, until, what):
            if socket is self.session.socket:
                self.session.pump_ready()
                continue
            lane = next(lane for lane, sub in self.subs.items() if sub is socket)
            parts = socket.recv_multipart()
            assert len(parts) == 1, "a block of several parts"
            self.take_frame(parts[0], lane, until)

    def wait(self, predicate, until=None, what=None):
        """Takes what comes in until @predicate() is true, and returns what it said."""
        until = until or wire.deadline()
        while True:
            result = predicate()
            if result:
                return result
            self.pump(until, what or "what was waited for")

    def wait_update(self, update, until=None):
        """Until the record that @update is about says what it says, or something newer."""
        def found():
            record = self.find(update)
            return record if record and record.update.seq >= update.seq else None
        return self.wait(found, until, f"seq {update.seq}")

    def wait_revision(self, revision, until=None):
        """Until something at @revision or later was applied on a topic."""
        return self.wait(lambda: any(topic.revision >= revision for name, topic
                                     in self.topics.items() if name != "reg/"), until,
                         f"revision {revision}")

    def wait_event(self, kind, until=None, since=0):
        """The first event of @kind from number @since on."""
        return self.wait(lambda: next((event for event in self.events[since:]
                                       if event[0] == kind), None), until, f"an event: {kind}")

    # ------------------------------------------------------------------ acknowledging

    def make_ack(self, record, party, **fields):
        """That @party, which this reader's key is of, has seen what @record says."""
        said, now = record.update, self.session.time_ms()
        update = pb.Update(
            party=party, instance=self.session.instance,
            seq=max(self.session.greeting.floor + 1, self.session.time_us()), sent_at_ms=now,
            not_after_ms=now + 60_000, status=said.status,
            audience=max(said.audience, pb.AUDIENCE_CARE), location=said.location,
            ack=pb.Ack(party=said.party, record=records.key_of_ref(records.ref_of(said)),
                       epoch=self.epoch, revision=record.revision))
        update.MergeFrom(pb.Update(**fields))
        return update

    def seal(self, update):
        return envelope.seal(envelope.UPDATE, self.card.network, self.secret,
                             update.SerializePartialToString())

    def hand_in(self, update, until=None):
        """Submits it; the revision at which it was accepted, or Refused."""
        request = pb.Submit(envelope=self.seal(update))
        return self.session.ask(until, submit=request).submit.revision

    def acks_of(self, update):
        """Who has seen what @update is about, by party."""
        named = (update.party, records.ref_of(update)[0])
        return {key[1]: record for key, record in self.records().items()
                if key[3] == 27 and key[2] == update.location and key[0] == update.status
                and key[-2:] == named and key[4:-2] == records.ref_of(update)[1:-2]}

    # ------------------------------------------------------------------ looking

    def records(self):
        return {key: record for topic in self.topics.values()
                for key, record in topic.records.items()}

    def find(self, update):
        """The record that @update is about, as last said; None if there is none."""
        return self.records().get(records.key_of(update))
