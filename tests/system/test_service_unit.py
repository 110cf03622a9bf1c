#!/usr/bin/python3
"""The units that are installed: systemd knows every word of them, and the sandbox stays tight."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import tap
from harness import BUILD, PLEKD
from tools import AGENT

PROGRAMS = {"plekd.service": PLEKD, "plek-agent@.service": AGENT}
EXPOSURE_MAX = 1.3


def analyze(*arguments):
    """Its exit status and all that it said."""
    if not shutil.which("systemd-analyze"):
        raise tap.Skip("systemd-analyze is not here")
    done = subprocess.run(["systemd-analyze", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def exposure(name, text):
    with tempfile.TemporaryDirectory() as directory:
        unit = Path(directory) / name
        unit.write_text(text, encoding="utf-8")
        _, said = analyze("security", "--offline=true", "--no-pager", unit)
    found = re.search(rf"Overall exposure level for {name[:10]}\S*: ([0-9.]+)", said)
    assert found, said
    return float(found[1])


def complaints(name, text):
    """Of the unit as it would be with the program of this build installed."""
    program = PROGRAMS[name]
    with tempfile.TemporaryDirectory() as directory:
        unit = Path(directory) / name
        unit.write_text(re.sub(rf"(Exec\w+=)\S+/{program.name}", rf"\1{program}", text),
                        encoding="utf-8")
        status, said = analyze("verify", "--man=no", unit)
    return said if said or status else ""


def units():
    return {name: (BUILD / "systemd" / name).read_text(encoding="utf-8") for name in PROGRAMS}


def test_exposure_is_as_low_as_it_was_promised():
    for name, text in units().items():
        assert exposure(name, text) <= EXPOSURE_MAX, name


def test_each_wall_of_the_sandbox_counts():
    for name, text in units().items():
        weaker = re.sub(r"^(Private\w+|Protect\w+)=.*\n", "", text, flags=re.MULTILINE)
        assert exposure(name, weaker) > EXPOSURE_MAX, name


def test_systemd_knows_every_key():
    for name, text in units().items():
        assert not complaints(name, text), complaints(name, text)


def test_key_that_systemd_does_not_know_is_named():
    for name, text in units().items():
        said = complaints(name, text.replace("NoNewPrivileges=", "NoNewPrivilege="))
        assert "NoNewPrivilege" in said, name


def test_word_that_a_filter_does_not_know_is_named():
    for name, text in units().items():
        said = complaints(name, text.replace("@system-service", "@system-servants"))
        assert "system-servants" in said, name


def test_settings_and_secrets_are_below_etc_whatever_the_prefix():
    for name, text in units().items():
        place = "/etc/plek" if name == "plekd.service" else "/etc/plek-agent"
        paths = re.findall(r"(?<![\w%])/[\w/.%-]*etc/[\w./%-]+", text)
        assert paths and all(path.startswith(place + "/") for path in paths), (name, paths)


def test_program_that_a_unit_starts_takes_the_options_it_is_given():
    for name, text in units().items():
        command = re.search(r"^ExecStart=\S+ (.*)$", text, re.MULTILINE)[1].split()
        with tempfile.TemporaryDirectory() as directory:
            nowhere = [word if word.startswith("--") or "/" not in word and "%" not in word
                       else f"{directory}/nothing" for word in command]
            done = subprocess.run([PROGRAMS[name], *nowhere], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=20, check=False)
        assert "nothing" in done.stderr and "option" not in done.stderr, (name, done.stderr)


if __name__ == "__main__":
    tap.run(globals())
