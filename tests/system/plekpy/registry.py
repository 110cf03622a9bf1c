"""Who is who, as a reader checks it (PROTOCOL.md, chapters 4 and 11)"""

from dataclasses import dataclass

import plek_pb2 as pb

from . import envelope, keys


@dataclass
class Version:
    revision: int
    enrolment: pb.Enrolment


class Registry:
    def __init__(self, card):
        self.network = card.network
        self.authority = list(card.authority)
        self.card_serial = card.message.serial
        self.versions = {}    # party -> versions, by serial
        self.suspensions = {}  # party -> the last Suspension

    def apply(self, entry):
        if entry.HasField("suspension"):
            suspension = pb.Suspension.FromString(entry.suspension)
            self.suspensions[suspension.party] = suspension
            return
        kind = envelope.parse(entry.envelope).kind
        opened = envelope.open_signed(entry.envelope, kind, self.network, self.authority)
        if kind == envelope.CARD:
            card = pb.RegionCard.FromString(opened.body)
            if card.serial > self.card_serial:
                self.card_serial = card.serial
                self.authority = list(card.authority)
            return
        assert kind == envelope.ENROLMENT, "neither an enrolment nor a card"
        enrolment = pb.Enrolment.FromString(opened.body)
        versions = self.versions.setdefault(enrolment.party, [])
        if all(version.enrolment.serial != enrolment.serial for version in versions):
            versions.append(Version(entry.revision, enrolment))
            versions.sort(key=lambda version: version.enrolment.serial)

    def newest(self, party):
        versions = self.versions.get(party)
        return versions[-1].enrolment if versions else None

    def in_force(self, party, revision):
        """The enrolment of @party at @revision, or None."""
        found = None
        for version in self.versions.get(party, []):
            if version.revision <= revision:
                found = version.enrolment
        return found

    def signer(self, party, key_id, revision):
        """The signing key with @key_id that was @party's at @revision, or None."""
        enrolment = self.in_force(party, revision)
        if enrolment is None:
            return None
        for pair in enrolment.keys:
            if keys.key_id(pair.sign) == key_id:
                return pair.sign
        return None

    def may_speak(self, party, location, revision):
        enrolment = self.in_force(party, revision)
        return (enrolment is not None and pb.ROLE_AGENT in enrolment.roles
                and any(grant.location == location for grant in enrolment.locations))

    def may_read(self, party, revision):
        enrolment = self.in_force(party, revision)
        return enrolment is not None and any(role in enrolment.roles for role in (
            pb.ROLE_SUBSCRIBER, pb.ROLE_COORDINATOR, pb.ROLE_OPERATOR))

    def is_distrusted(self, party, received_at_ms):
        newest = self.newest(party)
        return (newest is not None and newest.HasField("distrusted_since_ms")
                and received_at_ms >= newest.distrusted_since_ms)
