"""The annotated example of a configuration: every setting in it, uncommented, is taken"""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import tap
from harness import BUILD

EXAMPLE = Path(__file__).parents[2] / "systemd" / "plekd.conf"


def check(change=lambda text: text):
    """Uncommented, changed, and read as under systemd, which hands the key over."""
    with tempfile.TemporaryDirectory(prefix="plek-") as directory:
        key = Path(directory) / "plekd.key"
        public = subprocess.run([BUILD / "clients/plek/plek", "key", "new", key],
                                capture_output=True, text=True, check=True).stdout.strip()
        text = re.sub(r"^#([a-zA-Z-]+ *=|\[policy)", r"\1", EXAMPLE.read_text(encoding="utf-8"),
                      flags=re.MULTILINE)
        path = Path(directory) / "plekd.conf"
        path.write_text(change(text.replace("plek1-...", public)), encoding="utf-8")
        return subprocess.run([BUILD / "daemon/plekd", "--config", path, "--check-config"],
                              env=dict(os.environ, CREDENTIALS_DIRECTORY=directory),
                              capture_output=True, text=True, check=False)


def test_every_setting_of_the_example_is_taken():
    done = check()
    assert done.returncode == 0, done.stderr


def test_a_slip_in_it_is_named_by_line():
    done = check(lambda text: text.replace("grace = 14 d", "grace = 14 x"))
    assert done.returncode == 78
    assert re.search(r"plekd\.conf:\d+", done.stderr), done.stderr


if __name__ == "__main__":
    tap.run(globals())
