"""Days that pass in a moment, for a broker and for the programs that look at it

Wall clock and the clock that goes on while a host sleeps are moved together, as if every host had
slept: nothing that counts its own seconds times out.
"""

import os
import struct
import time

from harness import BUILD, Region
from tools import Tools

SHIM = BUILD / "tests" / "system" / "libclockshim.so"


class MovedRegion(Region):
    """A region in whose broker time passes as the test says."""

    def __init__(self, **fields):
        super().__init__(start=False, **fields)
        self.moved_ms = 0
        self.clock_file = self.directory / "clock"
        self._write("wb")
        self.moved_env = {"PLEK_TEST_CLOCK": str(self.clock_file), "LD_PRELOAD": str(SHIM),
                          "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
                          + ":verify_asan_link_order=0"}
        self.daemon.env = self.moved_env
        self.start_at_once = True

    def _write(self, mode):
        with self.clock_file.open(mode) as file:
            file.write(struct.pack("=qqq", self.moved_ms, 0, self.moved_ms))

    def now_ms(self):
        return int(time.time() * 1000) + self.moved_ms

    def move_to(self, at_ms):
        """To a time that is to come."""
        self.moved_ms += at_ms - self.now_ms()
        self._write("r+b")


class MovedTools(Tools):
    """plek in the same time."""

    def __init__(self, region):
        super().__init__(region)
        self.env |= region.moved_env
