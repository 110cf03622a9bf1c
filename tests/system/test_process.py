#!/usr/bin/python3
"""plekd as a process: what it serves and says, and what it refuses to start with."""

import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

import plek_pb2 as pb
import tap
from harness import PLEKD, Region


def fetch(region, path):
    try:
        with urllib.request.urlopen(f"http://{region.address}:9301{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def check(region):
    return subprocess.run([PLEKD, "--config", region.daemon.config, "--check-config"],
                          capture_output=True, text=True, timeout=60, check=False)


def test_metrics_and_health_are_served_on_loopback():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=1))
        assert fetch(region, "/healthz")[0] == 200
        assert fetch(region, "/readyz")[0] == 200
        code, text = fetch(region, "/metrics")
        assert code == 200
        assert "\nplek_updates_accepted_total 1\n" in text
        assert "# TYPE plek_updates_accepted_total counter" in text
        assert fetch(region, "/else")[0] == 404


def test_connections_that_say_nothing_do_not_keep_metrics_from_others():
    with Region() as region:
        silent = [socket.create_connection((region.address, 9301), 30) for _ in range(16)]
        for sock in silent:  # all that are served at once
            assert sock.recv(1) == b""
            sock.close()
        assert fetch(region, "/healthz")[0] == 200


def trickle(sock):
    """One more byte of a request that never ends; False: the other side has ended it."""
    try:
        sock.sendall(b"x")
        sock.setblocking(False)
        return sock.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        sock.setblocking(True)


def test_requests_that_come_byte_by_byte_do_not_keep_health_from_others():
    with Region() as region:
        slow = []
        for _ in range(40):  # more than are served at once
            sock = socket.create_connection((region.address, 9301), 30)
            sock.sendall(b"GET /readyz HTTP/1.1\r\nHost: ")
            slow.append(sock)
            assert fetch(region, "/readyz")[0] == 200
        # They go on, and are ended; meanwhile others are served.
        until = time.monotonic() + 30
        while slow:
            assert time.monotonic() < until, f"{len(slow)} are still there"
            slow = [sock for sock in slow if trickle(sock) or sock.close()]
            began = time.monotonic()
            assert fetch(region, "/healthz")[0] == 200
            assert time.monotonic() - began < 5


def test_check_config_names_file_line_and_setting():
    with Region(start=False) as region:
        assert check(region).returncode == 0
        region.write_config(workers=0, nonsense=1)
        done = check(region)
        assert done.returncode == 78
        for number, line in enumerate(region.daemon.config.read_text().splitlines(), 1):
            if line.startswith(("workers", "nonsense")):
                assert f"{region.daemon.config}:{number}: " in done.stderr, done.stderr


def test_check_config_looks_for_what_a_start_needs():
    with Region(start=False) as region:
        key = region.directory / "nowhere.key"
        for setting, value, part in (
                ("key", key, f"key: {key}: No such file"),
                ("directory", region.directory / "no" / "where", "directory: "),
                ("open-document", region.directory / "no" / "open.json", "open-document: ")):
            region.write_config(**{setting: value})
            done = check(region)
            assert done.returncode == 78
            assert any(line.startswith(part) for line in done.stderr.splitlines()), done.stderr


def test_what_is_said_has_its_level_for_the_journal_only():
    with Region(start=False) as region:
        region.daemon.start()
        region.daemon.stop()
        assert "plekd 0.1.0 is ready" in region.daemon.said()
        assert "<6>" not in region.daemon.said(), region.daemon.said()
        with region.daemon.log.open("rb") as log:
            status = os.fstat(log.fileno())
        region.daemon.start(JOURNAL_STREAM=f"{status.st_dev}:{status.st_ino}")
        region.daemon.stop()
        assert re.search("^<6>plekd .* is ready", region.daemon.said(), re.MULTILINE)


def test_a_directory_that_others_can_write_to_is_a_warning_and_starts():
    with Region(start=False) as region:
        data = region.directory / "data"
        data.chmod(0o700)
        assert not check(region).stderr
        data.chmod(0o777)
        done = check(region)
        assert done.returncode == 0 and done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith(f"warning: directory: {data}: others may write here")
        region.daemon.start()
        assert region.daemon.said().count("others may write here (mode 0777)") == 1


def test_key_that_others_can_read_is_refused():
    with Region(start=False) as region:
        (region.directory / "plekd.key").chmod(0o644)
        region.daemon.start(wait=False)
        assert region.daemon.wait_end() == 78
        assert "plekd.key" in region.daemon.said()


def test_address_in_use_is_refused_with_the_address():
    with Region(start=False) as region, socket.socket() as taken:
        taken.bind((region.address, 7303))
        taken.listen()
        region.daemon.start(wait=False)
        assert region.daemon.wait_end() not in (0, -6)
        assert f"{region.address}:7303" in region.daemon.said()


def test_policy_of_a_region_forbids_a_state_and_bounds_another():
    with Region(start=False) as region:
        with region.daemon.config.open("a", encoding="utf-8") as file:
            file.write("\n[policy oost]\nforbid = closed\nlongest-stop = 2 h\n")
        region.daemon.start()
        agent = region.agent("duin", {"duin-1": "oost", "duin-2": "west"})
        now = agent.session.time_ms()

        def policy(update):
            refused = agent.refused(update)
            return refused.code == pb.REFUSED_POLICY and refused.refusal.field
        assert policy(agent.door("duin-1", pb.DOOR_CLOSED)) == "door.state"
        assert policy(agent.door("duin-1", pb.DOOR_STOP)) == "door.ends_at_ms"
        assert policy(agent.door("duin-1", pb.DOOR_STOP, ends_at_ms=now + 3 * 3_600_000)) \
            == "door.ends_at_ms"
        agent.state(agent.door("duin-1", pb.DOOR_STOP, ends_at_ms=now + 3_600_000))
        agent.state(agent.door("duin-2", pb.DOOR_CLOSED))
        # It goes on, and no further than two hours after it began; also after a restart.
        agent.state(agent.door("duin-1", pb.DOOR_STOP, ends_at_ms=now + 6_600_000))
        for _ in range(2):
            assert policy(agent.door("duin-1", pb.DOOR_STOP, ends_at_ms=now + 7_800_000)) \
                == "door.ends_at_ms"
            region.daemon.kill()
            region.daemon.start()
            agent = region.agent("duin", {"duin-1": "oost", "duin-2": "west"})


if __name__ == "__main__":
    tap.run(globals())
