#!/usr/bin/python3
"""Who may connect where: every socket, every kind of key."""

import pathlib
import subprocess

import plek_pb2 as pb
import tap
import zmq
from harness import Region
from plekpy import hostile, keys, wire
from plekpy.session import Refused

SOCKETS = {"updates": zmq.XPUB, "care": zmq.SUB, "query": zmq.DEALER, "coord": zmq.SUB}
REFUSED = [zmq.EVENT_HANDSHAKE_FAILED_AUTH, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
           zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL]
OUTCOMES = [zmq.EVENT_HANDSHAKE_SUCCEEDED, *REFUSED, zmq.EVENT_DISCONNECTED]


def handshake(region, name, secret, **fields):
    """Whether @secret is admitted to the socket @name, and the code if it is not."""
    sock = hostile.raw(SOCKETS[name], region.card, None, name) if secret is None else None
    if sock is None:
        sock = wire.curve_socket(SOCKETS[name], secret,
                                 fields.get("server_key", region.card.brokers[0].transport))
        monitor = wire.Monitor(sock)
        sock.connect(region.card.endpoint(name))
    else:
        monitor = wire.Monitor(sock)
    try:
        event, value = monitor.wait(OUTCOMES)
        return (True, 0) if event == zmq.EVENT_HANDSHAKE_SUCCEEDED else (False, value)
    finally:
        monitor.close()
        sock.close(0)


def admitted(region, secret):
    return {name for name in SOCKETS if handshake(region, name, secret)[0]}


def test_each_role_is_admitted_where_it_belongs():
    with Region() as region:
        expected = {
            "agent": ([pb.ROLE_AGENT], None, {"updates", "query"}),
            "reader": ([pb.ROLE_SUBSCRIBER], pb.AUDIENCE_CARE, {"care", "query"}),
            "centre": ([pb.ROLE_SUBSCRIBER, pb.ROLE_COORDINATOR], pb.AUDIENCE_COORD,
                       {"care", "query", "coord"}),
            "both": ([pb.ROLE_AGENT, pb.ROLE_SUBSCRIBER], pb.AUDIENCE_CARE,
                     {"updates", "care", "query"}),
        }
        for party, (roles, audience, sockets) in expected.items():
            region.enrol(party, roles, {f"{party}-1": "oost"}, audience)
            assert admitted(region, region.key(party)) == sockets, party


def test_unknown_key_is_a_guest_and_nothing_else():
    with Region() as region:
        stranger = keys.SecretKey()
        assert admitted(region, stranger) == {"query"}

        session = region.session(stranger)
        answer = session.ask(whoami=pb.Whoami()).whoami
        assert not answer.enrolled
        assert answer.transport_key == stranger.public.transport
        assert stranger.public.transport_id.hex()[:8] in answer.text.replace(" ", "")
        for request in ({"clock": pb.Clock(nonce=1)}, {"presence": pb.PresenceRequest()},
                        {"hello": pb.Hello(instance=1, kind=pb.PEER_READER)},
                        {"since": pb.Since(topic="reg/", epoch=0, audience=2, revision=0,
                                           credit=1)},
                        {"parties": pb.PartiesRequest()}, {"status": pb.StatusRequest()}):
            try:
                session.ask(**request)
            except Refused as refused:
                assert refused.code in (pb.REFUSED_NOT_ALLOWED, pb.REFUSED_NOT_ENROLLED)
            else:
                raise AssertionError(f"a guest may ask {request}")


def test_whoami_tells_a_party_what_it_is():
    with Region() as region:
        region.enrol_agent("duin", {"duin-1": "oost"}, name="Duinziekenhuis")
        answer = region.session("duin").ask(whoami=pb.Whoami()).whoami
        assert answer.enrolled and answer.party == "duin" and answer.serial == 1
        assert list(answer.roles) == [pb.ROLE_AGENT]
        assert [grant.location for grant in answer.locations] == ["duin-1"]


def test_without_curve_nobody_is_admitted():
    with Region() as region:
        for name, kind in SOCKETS.items():
            sock = wire.curve_socket(kind, None, None)
            monitor = wire.Monitor(sock)
            sock.connect(region.card.endpoint(name))
            event, _ = monitor.wait(OUTCOMES)
            assert event != zmq.EVENT_HANDSHAKE_SUCCEEDED, name
            monitor.close()
            sock.close(0)


def test_wrong_broker_key_is_no_connection():
    with Region() as region:
        region.enrol_reader("meldkamer")
        other = keys.SecretKey().public.transport
        for name in ("care", "query"):
            assert not handshake(region, name, region.key("meldkamer"), server_key=other)[0]


def test_peer_that_chooses_its_routing_id_is_not_answered_nor_mixed_up():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        region.enrol_reader("meldkamer")
        for routing_id in (b"duin", b"\1abc", b"x" * 200):
            thief = hostile.raw(zmq.DEALER, region.card, region.key("meldkamer"), "query",
                                routing_id)
            thief.send(pb.Request(id=1, whoami=pb.Whoami()).SerializeToString())
            agent.state(agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=1))
            agent.session.clock()
            assert not thief.poll(0), "a peer with a routing id of its own was answered"
            thief.close(0)


def test_control_socket_is_for_the_operator_of_this_host():
    with Region() as region:
        mode = pathlib.Path(region.control.removeprefix("ipc://")).stat().st_mode
        assert mode & 0o007 == 0, oct(mode)
        status = region.operator().ask(status=pb.StatusRequest()).status
        assert status.accepting and status.revision > 0


def test_second_daemon_on_the_same_directory_is_refused_with_a_sentence():
    with Region() as region:
        second = Region(network=region.authority.network_name, start=False)
        second.authority, second.broker_key = region.authority, region.broker_key
        second.write_config(directory=region.directory / "data")
        with second:
            second.daemon.start(wait=False)
            try:
                status = second.daemon.wait_end()
            except subprocess.TimeoutExpired as error:
                raise AssertionError("two daemons on one directory") from error
            assert status not in (0, -6), status
            assert str(region.directory / "data") in second.daemon.said()
        assert region.status().accepting


if __name__ == "__main__":
    tap.run(globals())
