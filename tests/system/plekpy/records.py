"""What updates are about: records and their keys (PROTOCOL.md, chapters 7 and 10)"""

from dataclasses import dataclass

import plek_pb2 as pb

REPORTS = {"counts": 20, "door": 21, "pressure": 22, "card": 23, "offering": 26, "ack": 27, "flow": 28,
           "refusal": 29}
LANES = {20: pb.LANE_COUNTS, 21: pb.LANE_STATUS, 22: pb.LANE_COUNTS, 23: pb.LANE_STATUS,
         26: pb.LANE_STATUS, 27: pb.LANE_STATUS, 28: pb.LANE_COUNTS, 29: pb.LANE_COUNTS}
DEFAULT_VALID_FOR_S = {20: 3600, 21: 86400, 22: 600, 23: None, 26: None, 27: None, 28: None, 29: None}
EVENTS = (28, 29)
DAY_MS = 86_400_000
EVENT_DAYS = 68

KEY_PARTS = ("report", "unit", "care", "patient_group", "urgency", "plan", "method", "link_from",
             "link_to", "other", "from_ms", "until_ms", "id", "of_party", "of_report")


def _optional(message, field):
    return getattr(message, field) if message.HasField(field) else None


def _ref(report, **parts):
    """Every part of a RecordKey in order; what does not apply is None, and plan 0."""
    return (report, *(parts.get(name, 0 if name == "plan" else None) for name in KEY_PARTS[1:]))


def ref_of(update):
    """What the report or withdrawal @update is about, within its location."""
    body = update.WhichOneof("body")
    if body == "withdraw":
        return ref_of_key(update.withdraw)
    if body == "ack":
        report, *parts = ref_of_key(update.ack.record)
        return (27, *parts[:-2], update.ack.party, report)
    unit = _optional(update, "unit")
    if body == "counts":
        return _ref(20, unit=unit, care=update.counts.care)
    if body == "door":
        door = update.door
        return _ref(21, unit=unit, care=_optional(door, "care"),
                    patient_group=_optional(door, "patient_group"),
                    urgency=_optional(door, "urgency"), plan=door.plan)
    if body == "pressure":
        return _ref(22, unit=unit, method=update.pressure.method)
    if body == "offering":
        return _ref(26, care=update.offering.care, plan=update.offering.plan)
    if body == "flow":
        flow = update.flow
        return _ref(28, unit=unit, care=flow.care, link_from=getattr(flow, "from"),
                    link_to=flow.to, other=_optional(flow, "other"), from_ms=flow.from_ms,
                    until_ms=flow.until_ms)
    if body == "refusal":
        return _ref(29, care=update.refusal.care, id=update.refusal.id)
    return _ref(23)


def ref_of_key(key):
    return tuple(key.plan if name == "plan" else key.report if name == "report"
                 else _optional(key, name) for name in KEY_PARTS)


def key_of_ref(ref):
    """The RecordKey message of a reference."""
    given = {name: value for name, value in zip(KEY_PARTS, ref) if value is not None}
    if not given["plan"]:
        del given["plan"]
    return pb.RecordKey(**given)


def key_of(update):
    """What identifies a record in the whole picture."""
    return (update.status, update.party, update.location, *ref_of(update))


def is_over(update, now_ms):
    """Whether what happened was so long ago that nobody holds it any more."""
    body = update.WhichOneof("body")
    if body not in ("flow", "refusal"):
        return False
    at_ms = update.flow.until_ms if body == "flow" else update.refusal.at_ms
    return at_ms // DAY_MS + EVENT_DAYS < now_ms // DAY_MS


@dataclass
class Record:
    update: pb.Update
    envelope: bytes
    revision: int
    changed_revision: int
    received_at_ms: int
    since_ms: int
    flags: int = 0
    affirm: pb.Update = None
    affirm_revision: int = 0
    affirm_received_at_ms: int = 0
    distrusted: bool = False

    @property
    def report(self):
        return REPORTS[self.update.WhichOneof("body")]

    def age_ms(self, now_ms):
        if self.affirm is not None:
            return max(0, now_ms - self.affirm_received_at_ms)
        observed = (self.update.observed_at_ms if self.update.HasField("observed_at_ms")
                    else self.update.sent_at_ms)
        return max(0, self.update.sent_at_ms - observed + now_ms - self.received_at_ms)

    def freshness(self, now_ms):
        valid_for = (self.update.valid_for_s if self.update.HasField("valid_for_s")
                     else DEFAULT_VALID_FOR_S[self.report])
        if valid_for is None or (self.report == 21 and self.update.door.plan):
            return "FRESH"
        age = self.age_ms(now_ms)
        if age <= valid_for * 1000:
            return "FRESH"
        return "STALE" if age <= 3 * valid_for * 1000 else "SILENT"


def is_affirmed(record, update):
    """Whether the affirm @update renews @record."""
    said, affirm = record.update, update.affirm
    return (said.party == update.party and said.location == update.location
            and said.status == update.status and said.audience == update.audience
            and said.instance == update.instance and said.seq <= affirm.up_to_seq
            and LANES[record.report] == affirm.lane and record.report not in EVENTS
            and ref_of(said) not in [ref_of_key(key) for key in affirm.apart_from])
