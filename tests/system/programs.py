"""Programs made with libplek, run beside a broker: what they print is waited for, line by line"""

import os
import re
import select
import subprocess

from harness import BUILD
from plekpy import keys, wire

EXAMPLES = BUILD / "clients" / "examples"


class Program:
    """A program that is told things on its standard input and says what happens."""

    def __init__(self, *command, env=None):
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=env)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.lines = []
        self.rest = b""
        self.seen = 0

    def tell(self, *lines):
        for line in lines:
            self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self

    def read(self, seconds):
        """More lines, or none at the end of its output."""
        ready, _, _ = select.select([self.process.stdout], [], [], max(0, seconds))
        more = os.read(self.process.stdout.fileno(), 65536) if ready else None
        if more is None:
            return False
        *lines, self.rest = (self.rest + more).split(b"\n")
        self.lines += [line.decode(errors="replace") for line in lines]
        if not more:
            raise AssertionError(f"it ended, and had said:\n{self}")
        return True

    def expect(self, pattern, seconds=20):
        """The next line, from where the last one was found, that matches."""
        until = wire.deadline(seconds)
        while True:
            while self.seen < len(self.lines):
                line = self.lines[self.seen]
                self.seen += 1
                if re.search(pattern, line):
                    return line
            if not self.read(wire.left_ms(until) / 1000):
                raise wire.TimedOut(f"nothing like {pattern!r} within {seconds} s in:\n{self}")

    def expect_all(self, *patterns, seconds=20):
        """A line for each, in any order."""
        start = last = self.seen
        for pattern in patterns:
            self.seen = start
            self.expect(pattern, seconds)
            last = max(last, self.seen)
        self.seen = last

    def has_said(self, pattern):
        return any(re.search(pattern, line) for line in self.lines)

    def end(self):
        """Ends its input and returns how it ended."""
        if self.process.stdin.closed:
            return self.process.wait(20)
        self.process.stdin.close()
        until = wire.deadline(20)
        try:
            while self.read(wire.left_ms(until) / 1000):
                pass
        except AssertionError:
            pass
        return self.process.wait(20)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __str__(self):
        return "\n".join(f"    {line}" for line in self.lines)


def files(region, party):
    """The region card, the party's key, and where it may keep a head."""
    card = region.directory / f"{party}.card"
    if not card.exists():
        card.write_bytes(region.card.whole)
    key = region.write_file(f"{party}.key", keys.format_secret(region.key(party)) + "\n", 0o600)
    return card, key


def publisher(region, party, location):
    return region.keep(Program(EXAMPLES / "example-publish", *files(region, party), location))


def subscriber(region, party, with_head=False):
    head = [region.directory / f"{party}.head"] if with_head else []
    return region.keep(Program(EXAMPLES / "example-subscribe", *files(region, party), *head))
