#!/usr/bin/python3
"""Guests are few and slowed: strangers cannot take the query socket from those enrolled."""

import time

import plek_pb2 as pb
import tap
import zmq
from harness import Region, until_true
from plekpy import keys, wire
from plekpy.session import Session

HANDSHAKE = [zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_HANDSHAKE_FAILED_AUTH,
             zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL]


def guest(region):
    """A session of a key that nobody knows, and its monitor."""
    session = Session(region.card, keys.SecretKey())
    return region.keep(session), wire.Monitor(session.socket)


def is_admitted(monitor):
    event, _ = monitor.wait(HANDSHAKE)
    return event == zmq.EVENT_HANDSHAKE_SUCCEEDED


def test_there_are_no_more_guests_than_there_may_be():
    with Region(settings={"max-guests": 2}) as region:
        guests = [guest(region) for _ in range(2)]
        for session, monitor in guests:
            assert not session.ask(whoami=pb.Whoami()).whoami.party
            assert is_admitted(monitor)
        late, late_monitor = guest(region)
        assert not is_admitted(late_monitor)
        seen = region.metrics()
        assert seen["plek_guests", ""] == 2 and seen["plek_guests_refused_total", ""] >= 1

        # Those enrolled are not counted with them.
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=1))
        session, monitor = guests.pop()
        monitor.close()
        session.close()
        assert not late.ask(whoami=pb.Whoami()).whoami.party
        for _, monitor in guests + [(late, late_monitor)]:
            monitor.close()


def test_guests_come_in_no_faster_than_they_may():
    with Region(settings={"max-guests": 100, "guests-per-second": 1}) as region:
        region.enrol_agent("duin", {"duin-1": "oost"})
        since = time.monotonic()
        guests = [guest(region) for _ in range(20)]
        n_admitted = sum(is_admitted(monitor) for _, monitor in guests)
        took = time.monotonic() - since
        # Two at once, then one a second.
        assert 1 <= n_admitted <= 2 + took + 1, f"{n_admitted} in {took:.1f} s"
        assert n_admitted < 20
        until_true(lambda: region.metrics()["plek_guests_refused_total", ""] >= 20 - n_admitted,
                   what="the others refused")
        agent = region.agent("duin")
        agent.state(agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=1))
        for _, monitor in guests:
            monitor.close()


if __name__ == "__main__":
    tap.run(globals())
