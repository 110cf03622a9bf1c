"""The authority of a region: enrolments and the region card (PROTOCOL.md, chapter 4)"""

import time

import plek_pb2 as pb

from . import envelope, keys

DAY_MS = 24 * 3600 * 1000


def now_ms():
    return time.time_ns() // 1_000_000


class Authority:
    def __init__(self, network_name, secret=None):
        self.key = secret or keys.SecretKey()
        self.network_name = network_name
        self.network = envelope.network_id(network_name, self.key.public.sign)
        self.serials = {}

    def sign(self, kind, message):
        return envelope.seal(kind, self.network, self.key, message.SerializeToString())

    # pylint: disable=too-many-arguments  # the fields of an enrolment, by name
    def enrol(self, party, public_keys, roles=(), locations=None, audience=None, serial=None,
              valid_from_ms=None, valid_until_ms=None, **fields):
        """Signs an enrolment; @locations maps a location to its home region, which others may follow:
        "oost,rav:noordkust"."""
        self.serials[party] = serial or self.serials.get(party, 0) + 1
        enrolment = pb.Enrolment(
            party=party, serial=self.serials[party], roles=roles,
            valid_from_ms=now_ms() - DAY_MS if valid_from_ms is None else valid_from_ms,
            valid_until_ms=now_ms() + 365 * DAY_MS if valid_until_ms is None else valid_until_ms,
            **fields)
        for public in public_keys:
            enrolment.keys.add(sign=public.sign, transport=public.transport)
        for location, region in (locations or {}).items():
            home, *others = region.split(",")
            grant = enrolment.locations.add(location=location, region=home)
            for other in others:
                scheme, name = other.split(":")
                grant.regions.add(scheme=scheme, id=name)
        if audience is not None:
            enrolment.audience = audience
        return self.sign(envelope.ENROLMENT, enrolment)

    def revoke(self, party, public_keys, cause="revoked", **fields):
        return self.enrol(party, public_keys, cause=cause, **fields)

    def card(self, broker, endpoints, serial=1, **fields):
        """Signs a region card; @endpoints has updates, care, query and coord."""
        card = pb.RegionCard(network=self.network, network_name=self.network_name, serial=serial,
                             authority=[self.key.public.sign], **endpoints, **fields)
        card.brokers.add(sign=broker.sign, transport=broker.transport)
        return self.sign(envelope.CARD, card)


class Card:
    """A region card as a client holds it."""

    def __init__(self, whole, authority_sign):
        self.whole = whole
        parsed = envelope.parse(whole)
        self.message = pb.RegionCard.FromString(parsed.body)
        self.network = parsed.network
        envelope.open_signed(whole, envelope.CARD, self.message.network, [authority_sign])
        if envelope.network_id(self.message.network_name, authority_sign) != self.network:
            raise envelope.EnvelopeError("a card whose network is not its authority's")
        self.authority = list(self.message.authority)
        self.brokers = [keys.PublicKey(b.sign, b.transport) for b in self.message.brokers]

    @property
    def broker_signers(self):
        return [broker.sign for broker in self.brokers]

    def endpoint(self, name):
        return getattr(self.message, name)
