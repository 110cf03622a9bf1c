"""plek and plek-agent, run as people and scripts run them"""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import tap
from harness import BUILD, until_true
from plekpy import keys
from programs import Program
from terminal import Terminal

PLEK = BUILD / "clients" / "plek" / "plek"
AGENT = BUILD / "clients" / "agent" / "plek-agent"
SOURCE = Path(__file__).resolve().parents[2]
MAPPINGS = Path(__file__).resolve().parent / "mappings"

DONE, REFUSED, USAGE, UNREACHABLE, FILE, DAMAGED = range(6)  # plek(1), EXIT STATUS


def real_data(name):
    """A file of the real data, which is not part of the project."""
    path = SOURCE.parent / "shared" / "data" / name
    if not path.exists():
        raise tap.Skip(f"there is no {os.path.relpath(path, SOURCE)}")
    return path


class Done:
    """What a program said, and how it ended."""

    def __init__(self, process):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def one(self):
        lines = self.lines()
        assert len(lines) == 1, self.out
        return lines[0]


def run(*command, env=None, expect=DONE, seconds=60, **options):
    """Runs a program to its end, which must be @expect."""
    done = Done(subprocess.run([str(part) for part in command], env=env, timeout=seconds, text=True,
                               capture_output=True, check=False, stdin=subprocess.DEVNULL,
                               **options))
    assert done.status == expect, (
        f"{' '.join(map(str, command))}: ended with {done.status}, not {expect}\n"
        f"{done.out}\n{done.err}")
    assert expect == DONE or done.err or done.out, "it failed and did not say why"
    return done


def environment(home):
    """One without anybody's own settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PLEK_")}
    return env | {"HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Tools:
    """plek with the card and keys of a region."""

    def __init__(self, region):
        self.region = region
        self.card = region.directory / "region.card"
        if not self.card.exists():
            self.card.write_bytes(region.card.whole)
        self.env = environment(region.directory) | {"PLEK_CARD": str(self.card)}

    def key(self, party):
        """The file with a party's secret."""
        path = self.region.directory / f"{party}.key"
        if not path.exists():
            self.region.write_file(path.name, keys.format_secret(self.region.key(party)) + "\n",
                                   0o600)
        return path

    def authority(self):
        return self.region.write_file(
            "authority.key", keys.format_secret(self.region.authority.key) + "\n", 0o600)

    def as_party(self, party):
        return ["--key", self.key(party)] if party else []

    def plek(self, *arguments, party=None, **options):
        return run(PLEK, *arguments, *self.as_party(party), env=self.env, **options)

    def control(self, *arguments, **options):
        """As the operator on the broker's host."""
        return run(PLEK, *arguments, "--control", self.region.control, env=self.env, **options)

    def put(self, party, *arguments, **options):
        return self.plek("put", *arguments, party=party, **options)

    def get(self, party, *arguments):
        """Records of the picture, as a script has them, without locations that never reported."""
        return [record for record in self.get_all(party, *arguments)
                if record["freshness"] != "NEVER"]

    def get_all(self, party, *arguments):
        return self.plek("get", "--json", *arguments, party=party).lines()

    def watch_json(self, party, *arguments):
        return self.region.keep(Events([PLEK, "watch", "--json", *self.as_party(party), *arguments],
                                       self.env))

    def watch(self, party, *arguments, **size):
        command = [str(part) for part in [PLEK, "watch", *self.as_party(party), *arguments]]
        return self.region.keep(Terminal(command, self.env, **size))

    def agent(self, party, mapping, *arguments):
        """A feed that runs until it is ended."""
        return self.region.keep(Feed([AGENT, "csv", *self.as_party(party), *arguments, mapping],
                                     self.env))

    def agent_once(self, party, *arguments, **options):
        return run(AGENT, "csv", *self.as_party(party), *arguments, env=self.env, **options)


class Events(Program):
    """plek watch --json."""

    def __init__(self, command, env):
        super().__init__(*command, env=env)

    def next(self, predicate, seconds=20):
        """The next event that @predicate holds of."""
        while True:
            event = json.loads(self.expect("", seconds))
            if predicate(event):
                return event

    def record(self, seconds=20, **wanted):
        """The next event about a record with these values; change and freshness are among them."""
        return self.next(lambda e: e["event"] == "record" and all(
            e.get(name) == value for name, value in wanted.items()), seconds)


class Feed(Program):
    """plek-agent csv, as a service."""

    def __init__(self, command, env):
        super().__init__(*command, env=env)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.end()


def write_aside(path, text):
    """As bed systems do: whole, then renamed."""
    aside = path.with_suffix(".new")
    aside.write_text(text, encoding="utf-8")
    aside.rename(path)
    return path


def copy_mapping(region, name, data):
    """One of our mappings, beside the data that it is for."""
    mapping = region.directory / name
    shutil.copy(MAPPINGS / name, mapping)
    link = region.directory / data.name
    if not link.exists():
        link.symlink_to(data)
    return mapping


__all__ = ["AGENT", "DAMAGED", "DONE", "FILE", "MAPPINGS", "PLEK", "REFUSED", "SOURCE", "Tools",
           "UNREACHABLE", "USAGE", "copy_mapping", "environment", "real_data", "run", "until_true",
           "write_aside"]
