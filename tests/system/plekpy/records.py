"""What updates are about: records and their keys (PROTOCOL.md, chapters 7 and 10)"""

from dataclasses import dataclass

import plek_pb2 as pb

REPORTS = {"counts": 20, "door": 21, "pressure": 22, "card": 23, "offering": 26}
LANES = {20: pb.LANE_COUNTS, 21: pb.LANE_STATUS, 22: pb.LANE_COUNTS, 23: pb.LANE_STATUS,
         26: pb.LANE_STATUS}
DEFAULT_VALID_FOR_S = {20: 3600, 21: 86400, 22: 600, 23: None, 26: None}


def _optional(message, field):
    return getattr(message, field) if message.HasField(field) else None


def ref_of(update):
    """(report, unit, care, patient group, urgency, plan, method) of a report or a withdrawal."""
    body = update.WhichOneof("body")
    if body == "withdraw":
        return ref_of_key(update.withdraw)
    unit = _optional(update, "unit") if body not in ("card", "offering") else None
    if body == "counts":
        return (20, unit, update.counts.care, None, None, 0, None)
    if body == "door":
        door = update.door
        return (21, unit, _optional(door, "care"), _optional(door, "patient_group"),
                _optional(door, "urgency"), door.plan, None)
    if body == "pressure":
        return (22, unit, None, None, None, 0, update.pressure.method)
    if body == "offering":
        return (26, None, update.offering.care, None, None, update.offering.plan, None)
    return (23, None, None, None, None, 0, None)


def ref_of_key(key):
    return (key.report, _optional(key, "unit"), _optional(key, "care"),
            _optional(key, "patient_group"), _optional(key, "urgency"), key.plan,
            _optional(key, "method"))


def key_of_ref(ref):
    """The RecordKey message of a reference."""
    names = ("report", "unit", "care", "patient_group", "urgency", "plan", "method")
    given = {name: value for name, value in zip(names, ref) if value is not None}
    if not given["plan"]:
        del given["plan"]
    return pb.RecordKey(**given)


def key_of(update):
    """What identifies a record in the whole picture."""
    return (update.status, update.party, update.location, *ref_of(update))


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
            and LANES[record.report] == affirm.lane
            and ref_of(said) not in [ref_of_key(key) for key in affirm.apart_from])
