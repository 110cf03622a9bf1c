#!/usr/bin/python3
"""The unit that is installed: systemd knows every word of it, and the sandbox stays tight."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import tap
from harness import BUILD, PLEKD

UNIT = BUILD / "systemd" / "plekd.service"
EXPOSURE_MAX = 1.3


def analyze(*arguments):
    """Its exit status and all that it said."""
    if not shutil.which("systemd-analyze"):
        raise tap.Skip("systemd-analyze is not here")
    done = subprocess.run(["systemd-analyze", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def exposure(text):
    with tempfile.TemporaryDirectory() as directory:
        unit = Path(directory) / "plekd.service"
        unit.write_text(text, encoding="utf-8")
        _, said = analyze("security", "--offline=true", "--no-pager", unit)
    found = re.search(r"Overall exposure level for plekd.service: ([0-9.]+)", said)
    assert found, said
    return float(found[1])


def complaints(text):
    """Of the unit as it would be with this plekd installed."""
    with tempfile.TemporaryDirectory() as directory:
        unit = Path(directory) / "plekd.service"
        unit.write_text(re.sub(r"(Exec\w+=)\S+/plekd", rf"\1{PLEKD}", text), encoding="utf-8")
        status, said = analyze("verify", "--man=no", unit)
    return said if said or status else ""


def unit_text():
    return UNIT.read_text(encoding="utf-8")


def test_exposure_is_as_low_as_it_was_promised():
    assert exposure(unit_text()) <= EXPOSURE_MAX


def test_each_wall_of_the_sandbox_counts():
    weaker = re.sub(r"^(Private\w+|Protect\w+)=.*\n", "", unit_text(), flags=re.MULTILINE)
    assert exposure(weaker) > EXPOSURE_MAX


def test_systemd_knows_every_key():
    assert not complaints(unit_text()), complaints(unit_text())


def test_key_that_systemd_does_not_know_is_named():
    said = complaints(unit_text().replace("NoNewPrivileges=", "NoNewPrivilege="))
    assert "NoNewPrivilege" in said


def test_word_that_a_filter_does_not_know_is_named():
    said = complaints(unit_text().replace("@system-service", "@system-servants"))
    assert "system-servants" in said


if __name__ == "__main__":
    tap.run(globals())
