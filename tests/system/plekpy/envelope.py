"""Envelopes: header, signature, body (PROTOCOL.md, chapter 3)"""

import hashlib
from dataclasses import dataclass

from . import keys

MAGIC = b"PLEK"
VERSION = 1
HEADER_BYTES = 32
OVERHEAD_BYTES = 96

UPDATE, BLOCK, ENROLMENT, CARD, HEAD, EPOCH, MANIFEST, CUT, CALL = range(1, 10)
CONTEXTS = {UPDATE: b"update", BLOCK: b"block", ENROLMENT: b"enrolment", CARD: b"card",
            HEAD: b"head", EPOCH: b"epoch", MANIFEST: b"manifest", CUT: b"cut",
            CALL: b"call"}


class EnvelopeError(ValueError):
    """Not an envelope, or not signed by whom it should be."""


@dataclass(frozen=True)
class Envelope:
    kind: int
    network: bytes
    key_id: bytes
    signature: bytes
    body: bytes
    whole: bytes


def network_id(name, authority_sign):
    return hashlib.blake2b(b"plek.v1.network\0" + authority_sign + name.encode(),
                           digest_size=16).digest()


def digest(envelope):
    return hashlib.blake2b(envelope, digest_size=32).digest()


def signed_bytes(kind, header, body):
    return b"plek.v1." + CONTEXTS[kind] + b"\0" + header + body


def make_header(kind, network, id_hint, version=VERSION):
    return MAGIC + bytes([version, kind, 0, 0]) + network + id_hint


def seal(kind, network, secret, body):
    header = make_header(kind, network, secret.public.sign_id)
    return header + secret.sign(signed_bytes(kind, header, body)) + body


def parse(whole):
    if len(whole) < OVERHEAD_BYTES or whole[:4] != MAGIC:
        raise EnvelopeError("no envelope")
    if whole[4] != VERSION or whole[6:8] != b"\0\0" or whole[5] not in CONTEXTS:
        raise EnvelopeError("an envelope of a version or kind that is not known")
    return Envelope(kind=whole[5], network=whole[8:24], key_id=whole[24:32],
                    signature=whole[32:96], body=whole[96:], whole=whole)


def verify(envelope, sign_public):
    return keys.verify(sign_public, envelope.signature,
                       signed_bytes(envelope.kind, envelope.whole[:HEADER_BYTES], envelope.body))


def open_signed(whole, kind, network, signers):
    """Parses and checks; @signers are the signing keys that may have made it."""
    envelope = parse(whole)
    if envelope.kind != kind or envelope.network != network:
        raise EnvelopeError(f"kind {envelope.kind} of another kind or network")
    if not any(verify(envelope, signer) for signer in signers):
        raise EnvelopeError("signed by nobody whom we know")
    return envelope
