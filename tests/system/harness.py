"""A broker of its own for each system test

    with Region() as region:
        agent = region.agent("duin", locations={"duin-ed": "oost"})
        reader = region.reader("meldkamer")

Directory, addresses and keys are the test's own, so that tests run side by side: each process has a
loopback address made from its process id, and a directory that goes when the test passes.
Nothing sleeps: READY=1, receipts and frames are waited for, with a deadline.
"""

import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import plek_pb2 as pb
from plekpy import keys, wire
from plekpy.agent import Agent
from plekpy.authority import Authority, Card
from plekpy.reader import Reader
from plekpy.session import Session

BUILD = Path(os.environ["PLEK_BUILD"])
PLEKD = BUILD / "daemon" / "plekd"
# A sanitizer keeps what was freed, to find who uses it; memory is then not what the daemon holds.
SANITIZED = os.environ.get("PLEK_SANITIZE", "none") != "none"
KEEP = os.environ.get("PLEK_KEEP")
READY_S = 30.0
PORTS = {"updates": 7301, "care": 7302, "query": 7303, "coord": 7304}
_regions = 0


def loopback(number):
    """127.x.y.z of this process; @number tells its brokers apart."""
    place = (os.getpid() * 32 + number) % (1 << 24)  # more than a file has
    return f"127.{place >> 16 & 255 | 1}.{place >> 8 & 255}.{max(1, place & 255)}"


class Ended(AssertionError):
    """plekd has ended before it was READY."""


class Notify:
    """The socket on which systemd hears a service."""

    def __init__(self, path):
        self.path = path
        path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))

    def take(self):
        """The lines of one message."""
        return self.socket.recv(4096).decode().splitlines()

    def wait(self, line, seconds=10.0):
        """Takes messages until one has @line; returns the lines before it."""
        until, before = wire.deadline(seconds), []
        while True:
            if not select.select([self.socket], [], [], wire.left_ms(until) / 1000)[0]:
                raise wire.TimedOut(f"{line} did not come; {before} did")
            lines = self.take()
            if line in lines:
                return before
            before += lines

    def close(self):
        self.socket.close()


class Daemon:
    """plekd as a process: started, READY, killed, started again."""

    def __init__(self, directory, config, env=None):
        self.directory = directory
        self.config = config
        self.env = env or {}
        self.process = None
        self.notify = None
        self.log = directory / "plekd.log"
        self.status = ""

    def start(self, wait=True, listen=False, **env):
        """Starts it; returns once it is READY, or fails with what it said.

        Nobody listens after that (a full socket would hold the daemon up), unless with @listen:
        then the test takes what self.notify brings.
        """
        if self.notify is not None:
            self.notify.close()
        self.notify = Notify(self.directory / "notify")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [PLEKD, "--config", self.config], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.directory,
                env=os.environ | self.env | env | {"NOTIFY_SOCKET": str(self.notify.path)})
        try:
            if wait:
                self._wait_ready()
        finally:
            if not listen:
                self.notify = self.notify.close()
        return self

    def _wait_ready(self):
        until = wire.deadline(READY_S)
        ended = os.pidfd_open(self.process.pid)
        try:
            while True:
                ready, _, _ = select.select([self.notify.socket, ended], [], [],
                                            wire.left_ms(until) / 1000)
                if self.notify.socket in ready:
                    lines = self.notify.take()
                    self.status = next((line[7:] for line in lines if line.startswith("STATUS=")),
                                       self.status)
                    if "READY=1" in lines:
                        return
                elif ended in ready:
                    raise Ended(f"plekd ended with {self.process.wait()}:\n{self.said()}")
                elif not ready:
                    raise wire.TimedOut(f"plekd was not READY:\n{self.said()}")
        finally:
            os.close(ended)

    def wait_end(self, seconds=20.0):
        """Its exit status; a signal is negative."""
        return self.process.wait(seconds)

    def kill(self):
        """kill -9"""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """As systemd does; it must end by itself, and well."""
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            raise AssertionError(f"plekd did not stop:\n{self.said()}") from None

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


class Region:
    """An authority, a broker, and whoever a test enrols."""

    def __init__(self, network="oost-test", settings=None, env=None, start=True):
        global _regions  # pylint: disable=global-statement  # one address a broker of this process
        _regions += 1
        self.address = loopback(_regions)
        self.directory = Path(tempfile.mkdtemp(prefix="plek-"))
        self.authority = Authority(network)
        self.broker_key = keys.SecretKey()
        self.endpoints = {name: f"tcp://{self.address}:{port}" for name, port in PORTS.items()}
        self.control = f"ipc://{self.directory}/control"
        self.keys = {}
        self.enrolments = {}
        self.peers = []
        self.card = self.new_card()
        self.settings = dict(settings or {})
        self.daemon = Daemon(self.directory, self.write_config(), env)
        self.start_at_once = start

    def __enter__(self):
        try:
            if self.start_at_once:
                self.daemon.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, error, trace):
        for peer in self.peers:
            peer.close()
        try:
            if self.daemon.process and self.daemon.process.poll() is None:
                status = self.daemon.stop()
                assert kind or status == 0, f"plekd ended with {status}:\n{self.daemon.said()}"
        finally:
            if kind:
                print(f"# plekd said:\n{self.daemon.said()}", flush=True)
            if KEEP:
                print(f"# kept: {self.directory}", flush=True)
            else:
                shutil.rmtree(self.directory, ignore_errors=True)

    # ------------------------------------------------------------------ files

    def new_card(self, serial=1, broker=None):
        whole = self.authority.card((broker or self.broker_key).public, self.endpoints, serial)
        return Card(whole, self.authority.key.public.sign)

    def write_file(self, name, text, mode=0o644):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def write_config(self, **changes):
        self.settings.update(changes)
        (self.directory / "data").mkdir(exist_ok=True)
        secret = self.write_file("plekd.key", keys.format_secret(self.broker_key) + "\n", 0o600)
        settings = {
            "network": self.authority.network_name,
            "authority": keys.format_public(self.authority.key.public),
            "key": secret,
            "directory": self.directory / "data",
            "updates": self.endpoints["updates"],
            "care": self.endpoints["care"],
            "query": self.endpoints["query"],
            "coord": self.endpoints["coord"],
            "control": self.control,
            "http": f"{self.address}:9301",
        } | self.settings
        text = "".join(f"{name} = {value}\n" for name, value in settings.items()
                       if value is not None)
        return self.write_file("plekd.conf", text)

    # ------------------------------------------------------------------ parties

    def key(self, party):
        return self.keys.setdefault(party, keys.SecretKey())

    def operator(self):
        """A session on the control socket."""
        return self.keep(ControlSession(self.card, self.control))

    def submit(self, whole, until=None):
        """Hands a document to the broker, over the control socket."""
        session = ControlSession(self.card, self.control)
        try:
            return session.ask(until, submit=pb.Submit(envelope=whole)).submit.revision
        finally:
            session.close()

    def enrol(self, party, roles=(), locations=None, audience=None, public_keys=None, **fields):
        """Signs an enrolment and has it admitted; returns the party's secret key."""
        key = self.key(party)
        whole = self.authority.enrol(party, public_keys or [key.public], roles, locations,
                                     audience, **fields)
        self.enrolments[party] = whole
        self.submit(whole)
        return key

    def enrol_agent(self, party, locations=None, **fields):
        return self.enrol(party, fields.pop("roles", [pb.ROLE_AGENT]),
                          locations or {f"{party}-1": "oost"}, **fields)

    def enrol_reader(self, party, coord=False, **fields):
        roles = [pb.ROLE_SUBSCRIBER] + ([pb.ROLE_COORDINATOR] if coord else [])
        return self.enrol(party, roles,
                          audience=pb.AUDIENCE_COORD if coord else pb.AUDIENCE_CARE, **fields)

    def keep(self, peer):
        self.peers.append(peer)
        return peer

    def agent(self, party, locations=None, connect=True, **fields):
        """An enrolled agent, connected."""
        if party not in self.enrolments:
            self.enrol_agent(party, locations)
        agent = self.keep(Agent(self.card, self.key(party), party, **fields))
        return agent.connect() if connect else agent

    def reader(self, party, coord=False, connect=True, **fields):
        """An enrolled reader, connected."""
        if party not in self.enrolments:
            self.enrol_reader(party, coord)
        reader = self.keep(Reader(self.card, self.key(party), coord=coord, **fields))
        return reader.connect() if connect else reader

    def session(self, party_or_key, **fields):
        """A bare query session."""
        secret = party_or_key if isinstance(party_or_key, keys.SecretKey) \
            else self.key(party_or_key)
        return self.keep(Session(self.card, secret, **fields))

    # ------------------------------------------------------------------ looking

    def metrics(self, session=None):
        """The broker's own figures, by (name, label)."""
        own = session or ControlSession(self.card, self.control)
        try:
            status = own.ask(status=pb.StatusRequest()).status
        finally:
            if session is None:
                own.close()
        return {(metric.name, metric.label): metric.value for metric in status.metrics}

    def status(self):
        session = ControlSession(self.card, self.control)
        try:
            return session.ask(status=pb.StatusRequest()).status
        finally:
            session.close()


class ControlSession(Session):
    """The query service as the operator on the host reaches it: over a file, without CURVE."""

    def __init__(self, card, address):  # pylint: disable=super-init-not-called  # another socket
        self.prepare(card, None, secrets.randbits(64))
        self.socket.connect(address)


def until_true(predicate, seconds=10.0, what="it"):
    """For what only polling can tell (a file's size, another process): asks until it is so.

    Waits between two questions, never instead of one.
    """
    until = wire.deadline(seconds)
    idle, wake = socket.socketpair()
    with idle, wake:
        while True:
            result = predicate()
            if result:
                return result
            if time.monotonic() > until:
                raise wire.TimedOut(f"{what} did not become true")
            select.select([idle], [], [], 0.02)
