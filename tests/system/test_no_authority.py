#!/usr/bin/python3
"""No authority configured yet: READY, guests and control only, nothing written."""

import socket
import urllib.error
import urllib.request

import plek_pb2 as pb
import tap
from harness import Region
from plekpy import hostile, keys
from plekpy.session import Refused


NOBODY = {"network": None, "authority": None}


def fetch(region, path):
    try:
        with urllib.request.urlopen(f"http://{region.address}:9301{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def is_open(region, name):
    try:
        with hostile.tcp(region.card, name):
            return True
    except (ConnectionRefusedError, socket.timeout):
        return False


def test_daemon_without_an_authority_is_ready_and_says_the_next_step():
    with Region(settings=NOBODY) as region:
        session = region.session(keys.SecretKey())
        assert not session.ask(whoami=pb.Whoami()).whoami.enrolled
        status = region.status()
        assert not status.accepting and status.why_not == "no-authority"

        for name in ("updates", "care", "coord"):
            assert not is_open(region, name), f"{name} is open"
        files = list((region.directory / "data").rglob("*"))
        assert not files, f"written: {files}"
        assert "authority" in region.daemon.said()

        code, text = fetch(region, "/readyz")
        assert code == 503 and "authority" in text
        assert fetch(region, "/healthz")[0] == 200


def test_documents_are_refused_without_an_authority():
    with Region(settings=NOBODY) as region:
        whole = region.authority.enrol("duin", [region.key("duin").public], [pb.ROLE_AGENT])
        try:
            region.submit(whole)
        except Refused as refused:
            assert refused.code == pb.REFUSED_NO_AUTHORITY
        else:
            raise AssertionError("admitted")


def test_authority_is_taken_at_the_next_start():
    with Region(settings=NOBODY) as region:
        region.daemon.stop()
        region.settings.clear()
        region.write_config()
        region.daemon.start()
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=1))
        assert fetch(region, "/readyz")[0] == 200


def test_configuration_that_names_another_authority_is_refused_at_start():
    with Region() as region:
        region.daemon.stop()
        region.write_config(authority=keys.format_public(keys.SecretKey().public))
        region.daemon.start(wait=False)
        assert region.daemon.wait_end() not in (0, -6)
        assert "authority" in region.daemon.said()
        region.write_config(authority=keys.format_public(region.authority.key.public))
        region.daemon.start()
        region.daemon.stop()
        region.write_config(network="west-test")
        region.daemon.start(wait=False)
        assert region.daemon.wait_end() not in (0, -6)
        assert "network" in region.daemon.said()


if __name__ == "__main__":
    tap.run(globals())
