#!/usr/bin/python3
"""One key has so many connections and subscriptions and no more: others still get in."""

import signal

import plek_pb2 as pb
import tap
import zmq
from harness import Region, until_true
from plekpy import wire

PER_KEY = 6
SETTINGS = {"max-connections": "40", "connections-per-key": PER_KEY}
N_PLACES = 20  # of each socket: half of all
KINDS = [(zmq.XPUB, "updates"), (zmq.SUB, "care"), (zmq.SUB, "coord"), (zmq.DEALER, "query")]
HANDSHAKE = [zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_HANDSHAKE_FAILED_AUTH,
             zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL]


class Silent:
    """A connection that says nothing at all."""

    def __init__(self, region, kind, party, endpoint):
        self.socket = wire.curve_socket(kind, region.key(party), region.card.brokers[0].transport)
        self.monitor = wire.Monitor(self.socket)
        self.socket.connect(region.card.endpoint(endpoint))

    def is_admitted(self):
        event, _ = self.monitor.wait(HANDSHAKE)
        return event == zmq.EVENT_HANDSHAKE_SUCCEEDED

    def close(self):
        self.monitor.close()
        self.socket.close(0)


def enrol(region, party):
    region.enrol(party, [pb.ROLE_AGENT, pb.ROLE_SUBSCRIBER, pb.ROLE_COORDINATOR],
                 {f"{party}-1": "oost"}, pb.AUDIENCE_COORD)


def test_a_key_has_so_many_connections_over_all_sockets_and_may_say_nothing():
    with Region(settings=SETTINGS) as region:
        enrol(region, "duin")
        silent = [Silent(region, KINDS[n % 4][0], "duin", KINDS[n % 4][1])
                  for n in range(PER_KEY)]
        assert all(one.is_admitted() for one in silent)
        for kind, endpoint in KINDS:
            late = Silent(region, kind, "duin", endpoint)
            assert not late.is_admitted(), endpoint
            late.close()
        assert region.metrics()["plek_keys_refused_total", ""] >= len(KINDS)
        assert "duin: has as many connections as `connections-per-key` allows" in \
            region.daemon.said()

        # What it gives up it may have again, and the next connection with it.
        waits = Silent(region, zmq.SUB, "duin", "care")
        assert not waits.is_admitted()
        silent.pop(0).close()
        event, _ = waits.monitor.wait([zmq.EVENT_HANDSHAKE_SUCCEEDED])
        assert event == zmq.EVENT_HANDSHAKE_SUCCEEDED
        for one in silent + [waits]:
            one.close()


def test_a_key_that_wants_every_connection_leaves_room_for_others():
    with Region(settings=SETTINGS) as region:
        enrol(region, "duin")
        greedy = [Silent(region, zmq.DEALER, "duin", "query") for _ in range(N_PLACES + 10)]
        until_true(lambda: region.metrics()["plek_connections", 'socket="query"'] >= N_PLACES,
                   what="every place to be taken")
        agent = region.agent("bos", {"bos-1": "oost"})
        reader = region.reader("meldkamer", coord=True)
        update = agent.counts("bos-1", "ic", pb.CARE_WARD, staffed=3)
        agent.state(update)
        reader.wait_update(update)
        for one in greedy:
            one.close()


def test_a_reload_lets_more_in():
    with Region(settings=SETTINGS) as region:
        enrol(region, "duin")
        silent = [Silent(region, zmq.SUB, "duin", "care") for _ in range(PER_KEY)]
        assert all(one.is_admitted() for one in silent)
        late = Silent(region, zmq.SUB, "duin", "care")
        assert not late.is_admitted()
        region.write_config(**{"connections-per-key": PER_KEY + 1})
        region.daemon.process.send_signal(signal.SIGHUP)
        late.monitor.wait([zmq.EVENT_HANDSHAKE_SUCCEEDED])
        for one in silent + [late]:
            one.close()


def subscribed(region, party, endpoint, topics):
    sock = wire.curve_socket(zmq.SUB, region.key(party), region.card.brokers[0].transport)
    sock.sndhwm = 0
    for topic in topics:
        sock.subscribe(topic)
    sock.connect(region.card.endpoint(endpoint))
    return sock


def n_cut(region):
    seen = region.metrics()
    return sum(seen["plek_peers_cut_total", f'socket="{name}"'] for name in ("care", "coord"))


def test_topics_of_a_key_are_bounded_over_its_connections():
    with Region(settings={"topics-per-key": 300}) as region:
        reader = region.reader("meldkamer", coord=True)
        enrol(region, "duin")
        socks = [subscribed(region, "duin", name, [f"pic/r{n}/" for n in range(150)])
                 for name in ("care", "coord")]
        until_true(lambda: region.metrics()["plek_subscription_bytes", ""] > 300 * 7 * 52,
                   what="the subscriptions")
        assert n_cut(region) == 0
        socks.append(subscribed(region, "duin", "care", ["beat/"]))
        until_true(lambda: n_cut(region) == 1, what="the cut")
        since = len(reader.events)
        reader.wait_event("beat", since=since)
        for sock in socks:
            sock.close(0)


def test_when_topics_are_too_much_for_all_the_key_with_most_is_cut():
    with Region(settings={"subscription-bytes": "1 MiB"}) as region:
        reader = region.reader("meldkamer", coord=True)
        enrol(region, "duin")
        # 20,000 bytes of topics come to one MiB, and only two connections together have them.
        socks = [subscribed(region, "duin", name, [f"pic/{n:0100d}/" for n in range(120)])
                 for name in ("care", "coord")]
        until_true(lambda: n_cut(region) >= 2, what="the cut of both")
        assert region.metrics()["plek_subscription_bytes", ""] <= 1 << 20
        late = region.reader("centre")
        late.wait_event("beat")
        reader.wait_event("beat", since=len(reader.events))
        for sock in socks:
            sock.close(0)


if __name__ == "__main__":
    tap.run(globals())
