#!/usr/bin/python3
"""Garbage on every socket costs its sender, nobody else."""

import plek_pb2 as pb
import tap
import zmq
from harness import Region
from plekpy import hostile, wire


def counts(agent, staffed=12):
    return agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=staffed)


def test_garbage_on_updates_is_dropped_and_others_go_on():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        before = agent.state(counts(agent))
        for frame in hostile.GARBAGE:
            agent.updates.send(frame)
        update = counts(agent, 11)
        whole = agent.sign(update)
        for end in (0, 1, 31, 32, 95, 96, 97, len(whole) - 1):
            agent.updates.send(whole[:end])
        agent.updates.send_multipart([whole, b"more"])
        assert agent.state(counts(agent, 13)) == before + 1
        assert "assert" not in region.daemon.said().lower()


def test_wrong_signature_is_told_to_its_sender_and_logged_once_not_per_frame():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(counts(agent))
        for _ in range(50):
            agent.updates.send(hostile.with_bad_signature(agent.sign(counts(agent))))
            agent.updates.send(hostile.with_changed_body(agent.sign(counts(agent))))

        def told():
            return any(outcome.refusal.code == pb.REFUSED_SIGNATURE
                       for receipt in agent.receipts for outcome in receipt.outcomes)
        until = wire.deadline()
        while not told():
            agent.take_receipt(until)
        agent.state(counts(agent))

        lines = [line for line in region.daemon.said().splitlines() if "duin" in line]
        assert 1 <= len(lines) <= 3, region.daemon.said()


def test_causes_are_counted_apart():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        for _ in range(3):
            agent.updates.send(b"garbage")
        for _ in range(2):
            agent.updates.send(hostile.with_bad_signature(agent.sign(counts(agent))))
        agent.state(counts(agent))
        dropped = {label: value for (name, label), value in region.metrics().items()
                   if "drop" in name or "refus" in name}
        assert sorted(value for value in dropped.values() if value)[-2:] == [2, 3], dropped


def test_oversized_frame_ends_its_connection_only():
    with Region() as region:
        other = region.agent("berg", {"berg-1": "oost"})
        agent = region.agent("duin", {"duin-1": "oost"})
        monitor = wire.Monitor(agent.updates)
        agent.updates.send(bytes(8 << 20))
        monitor.wait([zmq.EVENT_DISCONNECTED])
        other.state(other.counts("berg-1", "ic", pb.CARE_WARD, staffed=1))
        monitor.close()
        agent.reconnect()
        agent.state(counts(agent))


def test_garbage_requests_get_an_answer_or_none_and_the_session_lives():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        session = agent.session
        for frame in hostile.GARBAGE:
            session.socket.send(frame)
        session.socket.send(pb.Request(id=77).SerializeToString())
        session.socket.send_multipart([b"", pb.Request(id=78).SerializeToString()])
        reply = session.answer(77)
        assert reply.refusal.code in (pb.REFUSED_UNKNOWN_REQUEST, pb.REFUSED_MALFORMED)
        session.clock()


def test_what_subscribers_send_upstream_is_not_kept():
    with Region() as region:
        region.enrol_reader("meldkamer")
        xsub = hostile.raw(zmq.XSUB, region.card, region.key("meldkamer"), "care")
        xsub.send(b"\1beat/status/")
        for number in range(2000):
            xsub.send(b"\2" + number.to_bytes(4, "big") * 256)
        until = wire.deadline()
        assert wire.receive(xsub, until, "a beat")[0].startswith(b"beat/status/\0")
        xsub.close(0)


def test_bytes_that_are_no_zmtp_are_closed_in_time():
    with Region() as region:
        for name in ("updates", "care", "query", "coord"):
            with hostile.tcp(region.card, name) as sock:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: plek\r\n\r\n" * 10)
                sock.settimeout(15)
                try:
                    while sock.recv(4096):
                        pass
                except ConnectionResetError:
                    pass
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(counts(agent))


if __name__ == "__main__":
    tap.run(globals())
