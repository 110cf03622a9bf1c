"""Valid messages, made wrong: as somebody would who has read PROTOCOL.md and means no good"""

import plek_pb2 as pb

from . import envelope

EXTREMES = [b"", b"\0", b"\x7f", b"\x80", b"\xff", b"\xff" * 8, b"\xff" * 9 + b"\x01", bytes(300)]


def mutate(rng, data, others=()):
    """@data with some of it changed; @others may lend a piece."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice([1, 1, 2, 4, 32, 1000]))
        way = rng.randrange(7)
        if way == 0 and start < len(data):
            data[start] ^= 1 << rng.randrange(8)
        elif way == 1:
            data[start:end] = rng.choice(EXTREMES)
        elif way == 2:
            del data[start:end]
        elif way == 3:
            del data[start:]
        elif way == 4:
            data[start:start] = data[start:end] * rng.choice([1, 2, 50])
        elif way == 5 and others:
            other = rng.choice(others)
            data[start:end] = other[rng.randrange(len(other) + 1):]
        else:
            data[start:start] = rng.randbytes(rng.choice([1, 4, 40]))
    return bytes(data)


def sealed(rng, whole, network, secret, others=()):
    """The envelope @whole with another body, properly signed by @secret: it will be decoded."""
    parsed = envelope.parse(whole)
    return envelope.seal(parsed.kind, network, secret, mutate(rng, parsed.body, others))


def updates(agent, location):
    """One of every kind of update."""
    key = pb.RecordKey(report=20, unit="ic", care=pb.CARE_WARD)
    return [
        agent.counts(location, "ic", pb.CARE_WARD, staffed=12, occupied=11, available=1),
        agent.door(location, pb.DOOR_STOP, "ic", exceptions=[1, 2], reason=1,
                   ends_at_ms=agent.session.time_ms() + 3600_000),
        agent.make(location, unit="ic", pressure=pb.Pressure(method="nedocs", score=120)),
        agent.make(location, card=pb.LocationCard(name="Duin", kind="V4")),
        agent.make(location, withdraw=key),
        agent.affirm(location, pb.LANE_COUNTS, apart_from=[key]),
    ]


def requests(document):
    """One of every kind of request; @document is what is handed in."""
    topic = "pic/oost/counts/"
    bodies = [
        {"hello": pb.Hello(instance=7, kind=pb.PEER_READER, program="mutant", head=document)},
        {"clock": pb.Clock(nonce=1)},
        {"since": pb.Since(topic=topic, epoch=1, revision=3, audience=2, credit=4)},
        {"since": pb.Since(topic="reg/", epoch=0, revision=0, audience=2, credit=64)},
        {"credit": pb.Credit(transfer=1, credit=4)},
        {"whoami": pb.Whoami()},
        {"submit": pb.Submit(envelope=document)},
        {"submit": pb.Submit(envelope=document, check=True)},
        {"suspend": pb.Suspend(party="mist", suspended=True, reason="mist")},
        {"parties": pb.PartiesRequest(party="mist")},
        {"status": pb.StatusRequest()},
        {"own": pb.OwnRequest(location="mist-1", credit=4)},
        {"confirm": pb.Confirm(what=1)},
        {"presence": pb.PresenceRequest()},
        {"card": pb.CardRequest()},
    ]
    return [pb.Request(id=number + 1, **body).SerializeToString()
            for number, body in enumerate(bodies)]


# ---------------------------------------------------------------------- under ZeroMQ


def greetings():
    """The first bytes of a ZMTP connection, and commands that may follow."""
    start = b"\xff" + bytes(8) + b"\x7f\x03\x01"
    out = []
    for mechanism in (b"CURVE", b"NULL", b"PLAIN", b"GSSAPI"):
        greeting = start + mechanism.ljust(20, b"\0") + bytes(32)
        for command in (b"\x05HELLO" + bytes(194), b"\x05READY\x0bSocket-Type\0\0\0\6DEALER",
                        b"\x08INITIATE" + bytes(256), b"\x04PING\0\0", b"\x05ERROR\xff"):
            out.append(greeting + b"\x04" + bytes([len(command)]) + command
                       if len(command) < 256 else
                       greeting + b"\x06" + len(command).to_bytes(8, "big") + command)
    out.append(start + bytes(52) + b"\x02" + b"\xff" * 8)
    return out
