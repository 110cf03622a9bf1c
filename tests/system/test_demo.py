#!/usr/bin/python3
"""The demonstration shows all that it says it shows."""

import subprocess
from pathlib import Path

import tap

DEMO = Path(__file__).parents[1] / "demo" / "demo"


def test_demonstration_sees_all_of_its_scenes():
    done = subprocess.run([DEMO, "--once"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


if __name__ == "__main__":
    tap.run(globals())
