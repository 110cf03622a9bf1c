#!/usr/bin/python3
"""What README says can be done by hand is done as it stands there, from an empty directory"""

import os
import random
import re
import socket
import subprocess
import tempfile
from pathlib import Path

import tap
from harness import BUILD, PLEKD
from tools import AGENT, PLEK, SOURCE, environment

README = (SOURCE / "README.md").read_text(encoding="utf-8")
UNANSWERED = 6


def by_hand():
    """The section, and its commands in order."""
    section = re.search(r"^## By hand.*?(?=^## )", README, re.MULTILINE | re.DOTALL)[0]
    return section, "\n".join(re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL))


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def free_ports():
    """The first of four that follow each other, and the one of metrics far above."""
    while True:
        first = random.randrange(20000, 30000, 10)
        if all(is_free(port) for port in (*range(first, first + 4), first + 2000)):
            return first


def replaced(text, old, new):
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


def on_free_ports(section, script):
    """By the advice of the section itself."""
    assert section.index("--port 17301") < section.index("**1. "), "the advice comes first"
    lines = re.findall(r"`((?:updates|care|query|coord|http) = \S+)`", section)
    assert len(lines) == 5, lines
    first = free_ports()
    moved = "\n".join(re.sub(r":1([79])30(\d)", lambda m: f":{first + int(m[2]) - 1}"
                             if m[1] == "7" else f":{first + 2000}", line) for line in lines)
    script = replaced(script, "plek card --authority", f"plek card --port {first} --authority")
    return replaced(script, "directory = data\n", f"directory = data\n{moved}\n")


def other_terminals(script):
    """What goes on until it is ended, and what ends with an answer that is no failure."""
    script = re.sub(r"^(plek watch .*)$", r"\1 --json --for 1s", script, flags=re.MULTILINE)
    return re.sub(r"^(plek call (?:.*\\\n)*.*)$", rf"\1 || test $? = {UNANSWERED}", script,
                  flags=re.MULTILINE)


def questions(section):
    """What is asked in the table, each a command."""
    asked = re.findall(r"`(plek (?:find|door|history|ack|overdue|impact|stops|flows|at)\b[^`]*)`",
                       section[section.index("| who asks"):])
    assert len(asked) >= 9, asked
    # There is nothing to acknowledge any more, no yesterday yet, and no last quarter.
    empty = re.compile(r"plek (ack|at|\w+ --quarter last)\b")
    return "".join(f"{command} || test $? = {int(bool(empty.match(command)))}\n"
                   for command in asked)


def test_each_command_by_hand_does_what_it_says():
    section, script = by_hand()
    with tempfile.TemporaryDirectory(prefix="plek-readme-") as directory:
        programs = Path(directory) / "build-release" / "bin"
        programs.mkdir(parents=True)
        for program in (PLEK, PLEKD, AGENT):
            (programs / program.name).symlink_to(program)
        script = other_terminals(on_free_ports(section, script))
        script += "export PLEK_CARD=region.card PLEK_KEY=dispatch.key\n" + questions(section)
        done = subprocess.run(
            ["bash", "-c", "set -eE; trap 'echo \"FAILED: $BASH_COMMAND\"' ERR\n"
                           "trap 'kill %1; wait' EXIT\n" + script], cwd=directory, text=True,
            env=environment(directory) | {"LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=150, check=False)
        assert done.returncode == 0, done.stdout
        assert BUILD and (Path(directory) / "plek-try" / "picture.xml").stat().st_size > 500
    for said in ("2 free", "stop except multitrauma", "2 cannot be reached", "088 000 0101"):
        assert said in done.stdout, (said, done.stdout)


def test_what_is_named_by_hand_is_made_by_hand():
    """No key, region or location that no step before it made."""
    _, script = by_hand()
    for option, made in ((r"--key (\S+)", r"plek key new (\S+)"),
                         (r"--region (\S+)", r"--location [\w-]+=(\S+)"),
                         (r"plek (?:stop|open|close|door) ([\w-]+)", r"--location ([\w-]+)=")):
        for name in re.finditer(option, script):
            assert name[1] in re.findall(made, script[:name.start()]), name[0]


if __name__ == "__main__":
    tap.run(globals())
