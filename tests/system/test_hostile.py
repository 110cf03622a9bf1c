#!/usr/bin/python3
"""Some thousand mutated messages on every socket: the broker serves on, and says little of it.

    test_hostile.py [SEED]

Built with sanitizers it dies of the first wrong step, which is what this is for.
"""

import random
import socket
import sys
import time

import plek_pb2 as pb
import tap
import zmq
from harness import Region, until_true
from plekpy import envelope, hostile, mutate, wire
from plekpy.session import Refused

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else time.time_ns() % (1 << 32)
SOCKETS = ("updates", "care", "query", "coord")
SETTINGS = {"requests-per-second": "1000000", "requests-at-once": "1000000",
            "updates-per-second": "1000000", "updates-at-once": "1000000"}
N_UPDATES = 4000
N_REQUESTS = 2500
N_UPSTREAM = 1000
N_CONNECTIONS = 60   # of each socket
TOPIC_MAX = 240      # longer ones are mis-encoded by the client's own libzmq
FRAME_MAX = 65536    # a larger one ends the connection, and what is under way on it is lost
LOG_LINES_MAX = 300  # one a minute for each cause and party


def still_serves(region):
    """Somebody who comes afterwards gets all that there is to get."""
    def admitted():
        try:
            return region.enrol_agent("na-afloop", {"na-afloop-1": "zuid"})
        except Refused as refused:  # enrolments are still waiting for their turn
            assert refused.code == pb.REFUSED_RETRY, refused
            return None
    until_true(admitted, 30, "room for an enrolment")
    agent = region.agent("na-afloop")
    reader = region.reader("lezer", regions=("zuid",))
    update = agent.counts("na-afloop-1", "ic", pb.CARE_WARD, staffed=1)
    agent.state(update, wire.deadline(30))
    reader.wait_update(update, wire.deadline(30))
    assert region.daemon.process.poll() is None
    said = region.daemon.said()
    assert "runtime error" not in said and "Sanitizer" not in said, said
    assert len(said.splitlines()) < LOG_LINES_MAX, f"{len(said.splitlines())} lines"


def wait_taken(region, name, number):
    """Most have been: some were dropped before they counted."""
    until_true(lambda: region.metrics()[name, ""] > 0.9 * number, 60, f"{name}")


def drain(sock):
    while sock.poll(0):
        sock.recv_multipart()


def test_mutated_updates():
    rng = random.Random(f"updates {SEED}")
    with Region(settings=SETTINGS) as region:
        agent = region.agent("mist", {"mist-1": "oost"})
        agent.updates.setsockopt(zmq.XPUB_NODROP, 1)  # on a busy machine it waits instead
        seeds = [update.SerializeToString() for update in mutate.updates(agent, "mist-1")]
        for number in range(N_UPDATES):
            fresh = rng.choice(mutate.updates(agent, "mist-1"))
            whole = agent.sign(fresh)
            way = number % 4
            if way == 0:
                whole = mutate.mutate(rng, whole, hostile.GARBAGE)
            elif way < 3:
                whole = mutate.sealed(rng, whole, region.card.network, agent.secret, seeds)
            whole = whole[:FRAME_MAX]
            if number % 100 == 99:
                agent.updates.send_multipart([whole] * 3)
            else:
                agent.updates.send(whole)
            if number % 200 == 0:
                drain(agent.session.socket)
        wait_taken(region, "plek_updates_received_total", N_UPDATES)
        still_serves(region)


def mutated_requests(region, sock, secret, rng):
    """On @sock, by who holds @secret; what is handed in was signed, whatever it says."""
    authority = region.authority
    key = region.key("waas").public  # not who is asking: it may come out revoked
    documents = [authority.enrol("waas", [key], [pb.ROLE_AGENT], {"waas-1": "oost"}),
                 region.card.whole,
                 envelope.seal(envelope.HEAD, region.card.network, secret,
                               pb.Head(epoch=1, revision=9, time_ms=1, head=bytes(32))
                               .SerializeToString())]
    for number in range(N_REQUESTS):
        document = rng.choice(documents)
        if number % 3:
            # A card that the authority did sign may name another authority.
            signer = authority.key if document is documents[0] else secret
            document = mutate.sealed(rng, document, region.card.network, signer, documents)
        requests = mutate.requests(document)
        request = rng.choice(requests)
        if number % 4 == 0:
            request = mutate.mutate(rng, request, requests)
        sock.send_multipart([request] if number % 50 else [b"", request])
        drain(sock)


def test_mutated_requests_of_a_reader_and_an_agent():
    rng = random.Random(f"requests {SEED}")
    with Region(settings=SETTINGS) as region:
        secret = region.enrol("mist", [pb.ROLE_AGENT, pb.ROLE_SUBSCRIBER], {"mist-1": "oost"},
                              audience=pb.AUDIENCE_CARE)
        session = region.session("mist")
        session.hello(pb.PEER_FEED)
        mutated_requests(region, session.socket, secret, rng)
        wait_taken(region, "plek_requests_total", N_REQUESTS)
        still_serves(region)


def test_mutated_requests_of_an_operator():
    rng = random.Random(f"operator {SEED}")
    with Region(settings=SETTINGS) as region:
        secret = region.enrol("mist", [pb.ROLE_OPERATOR])
        mutated_requests(region, region.operator().socket, secret, rng)
        wait_taken(region, "plek_requests_total", N_REQUESTS)
        still_serves(region)


def test_mutated_requests_of_a_guest():
    rng = random.Random(f"guest {SEED}")
    with Region(settings=SETTINGS) as region:
        guest = region.session("nobody")
        guest.ask(whoami=pb.Whoami())
        mutated_requests(region, guest.socket, guest.secret, rng)
        still_serves(region)


def test_mutated_subscriptions():
    rng = random.Random(f"upstream {SEED}")
    seeds = [b"\1pic/oost/counts/", b"\0pic/oost/counts/", b"\1", b"\1beat/status/",
             b"\1" + b"x" * 199, b"\2anything"]
    with Region(settings=SETTINGS) as region:
        region.enrol_reader("mist")
        region.enrol_reader("nevel", coord=True)
        for name, party in (("care", "mist"), ("coord", "nevel")):
            xsub = hostile.raw(zmq.XSUB, region.card, region.key(party), name)
            xsub.sndhwm = 0
            xsub.send(b"\1beat/")
            wire.receive(xsub, wire.deadline(), "a beat")
            monitor = wire.Monitor(xsub)
            for _ in range(N_UPSTREAM):
                xsub.send(mutate.mutate(rng, rng.choice(seeds), seeds)[:TOPIC_MAX])
                drain(xsub)
            monitor.wait([zmq.EVENT_DISCONNECTED])
            monitor.close()
            xsub.close(0)
        still_serves(region)


def test_mutated_handshakes():
    rng = random.Random(f"handshakes {SEED}")
    seeds = mutate.greetings()
    with Region(settings=SETTINGS) as region:
        open_ones = []
        for number in range(N_CONNECTIONS * len(SOCKETS)):
            sock = hostile.tcp(region.card, SOCKETS[number % len(SOCKETS)])
            data = rng.choice(seeds)
            try:
                sock.sendall(mutate.mutate(rng, data, seeds) if number % 5 else data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has seen enough
            open_ones.append(sock)
            if len(open_ones) > 40:
                open_ones.pop(rng.randrange(len(open_ones))).close()
        still_serves(region)
        for sock in open_ones:
            sock.close()


def test_mutated_http():
    rng = random.Random(f"http {SEED}")
    seeds = [b"GET /metrics HTTP/1.1\r\nHost: plek\r\n\r\n",
             b"HEAD /readyz HTTP/1.0\r\nConnection: close\r\n\r\n",
             b"POST /healthz HTTP/1.1\r\nHost: plek\r\nContent-Length: 99999999\r\n\r\nx",
             b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n"]
    with Region(settings=SETTINGS) as region:
        for _ in range(200):
            with socket.create_connection((region.address, 9301), timeout=10) as sock:
                try:
                    sock.sendall(mutate.mutate(rng, rng.choice(seeds), seeds))
                except (BrokenPipeError, ConnectionResetError):
                    pass
        still_serves(region)


def test_whoever_asks_in_one_go_is_served_however_many_do_not():
    with Region(settings=SETTINGS) as region:
        for n_slow in (10, 60, 200):
            slow = [socket.create_connection((region.address, 9301), timeout=10)
                    for _ in range(n_slow)]
            for sock in slow:
                try:
                    sock.sendall(b"GET /metrics HTTP/1.1\r\nX: a")
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it has made room
            with socket.create_connection((region.address, 9301), timeout=2) as sock:
                sock.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                assert sock.recv(100).startswith(b"HTTP/1.1 200")
            for sock in slow:
                sock.close()


if __name__ == "__main__":
    print(f"# seed {SEED}")
    tap.run(globals())
