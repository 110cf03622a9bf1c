"""Peers that do what PROTOCOL.md forbids"""

import os
import socket

import zmq

from . import envelope, wire

GARBAGE = [
    b"",
    b"\0",
    b"PLEK",
    b"PLEK" + bytes(92),
    b"PLEK\1\1\0\0" + bytes(88),
    b"PLEK\1\1\0\0" + b"\xff" * 400,
    b"PLEK\2\1\0\0" + bytes(400),
    b"PLEK\1\x63\0\0" + bytes(400),
    b"\xff" * 4096,
]


def raw(kind, card, secret, endpoint, routing_id=None, server_key=None):
    """A socket that says what it likes."""
    sock = wire.curve_socket(kind, secret, server_key or card.brokers[0].transport)
    if routing_id is not None:
        sock.setsockopt(zmq.IDENTITY, routing_id)
    sock.connect(card.endpoint(endpoint))
    return sock


def plain(kind, card, endpoint):
    """A socket that does not even try CURVE."""
    sock = wire.curve_socket(kind, None, None)
    sock.connect(card.endpoint(endpoint))
    return sock


def tcp(card, endpoint):
    """A TCP connection that speaks no ZMTP."""
    host, port = card.endpoint(endpoint).removeprefix("tcp://").rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=10)


def with_bad_signature(whole):
    """The same envelope, signed by nobody."""
    return whole[:32] + os.urandom(64) + whole[96:]


def with_changed_body(whole):
    """One bit of what was said is another."""
    return whole[:-1] + bytes([whole[-1] ^ 1])


def resealed(whole, network, secret, key_id=None):
    """The same body by another signer, if need be under somebody else's key id."""
    parsed = envelope.parse(whole)
    header = envelope.make_header(parsed.kind, network, key_id or secret.public.sign_id)
    return header + secret.sign(envelope.signed_bytes(parsed.kind, header, parsed.body)) \
        + parsed.body
