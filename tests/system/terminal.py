"""A terminal of one's own: a program under a pty, and what a person would see of it

Enough of TERM=linux for ncurses: characters, the cursor, erasing, inserting and deleting. Colours
are passed over. What is not known is an error, so that a screen is never silently wrong.
"""

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios

from plekpy import wire

CONTROL = re.compile(r"\x1b(?:\[([?>]?)([0-9;]*)([@-~])|([()])(.)|([=>78MDEHc])|(\][^\x07]*\x07))")


class Screen:
    """A grid of characters."""

    def __init__(self, rows, columns):
        self.n_rows, self.n_columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.saved = (0, 0)
        self.margins = (0, rows - 1)
        self.rest = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.last = " "

    def feed(self, data):
        text = self.rest + self.decoder.decode(data)
        self.rest = ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._character(text[at])
                at += 1
                continue
            match = CONTROL.match(text, at)
            if not match:
                if len(text) - at > 64:
                    raise AssertionError(f"what is {text[at:at + 64]!r}?")
                self.rest = text[at:]
                return
            self._control(match)
            at = match.end()

    def _character(self, c):
        if c == "\n":
            self._down()
        elif c == "\r":
            self.column = 0
        elif c == "\b":
            self.column = max(0, self.column - 1)
        elif c == "\t":
            self.column = min((self.column // 8 + 1) * 8, self.n_columns - 1)
        elif c >= " ":
            if self.column == self.n_columns:
                self.column = 0
                self._down()
            self.cells[self.row][self.column] = self.last = c
            self.column += 1

    def _down(self):
        if self.row == self.margins[1]:
            self._scroll(self.margins[0], 1)
        else:
            self.row = min(self.row + 1, self.n_rows - 1)

    def _scroll(self, first, n):
        """Lines from @first to the lower margin move up by @n; down where it is negative."""
        last = self.margins[1] + 1
        blank = [[" "] * self.n_columns for _ in range(min(abs(n), last - first))]
        if n > 0:
            self.cells[first:last] = self.cells[first + len(blank):last] + blank
        else:
            self.cells[first:last] = blank + self.cells[first:last - len(blank)]

    def _control(self, match):
        private, numbers, final, _, _, plain, _ = match.groups()
        if plain == "7":
            self.saved = (self.row, self.column)
        elif plain == "8":
            self.row, self.column = self.saved
        elif plain == "M":
            self._up_or_scroll()
        if not final or private or final in "mhlnc":
            return
        n = [int(part) if part else 0 for part in numbers.split(";")]
        one = max(1, n[0])
        action = getattr(self, f"_csi_{ord(final)}", None)
        if not action:
            raise AssertionError(f"what is {match[0]!r}?")
        action(n, one)
        self.row = max(0, min(self.row, self.n_rows - 1))
        self.column = max(0, min(self.column, self.n_columns - 1))

    def _up_or_scroll(self):
        if self.row == self.margins[0]:
            self._scroll(self.margins[0], -1)
        else:
            self.row = max(0, self.row - 1)

    def _csi_72(self, n, _):  # H
        self.row, self.column = max(1, n[0]) - 1, (max(1, n[1]) if len(n) > 1 else 1) - 1

    def _csi_65(self, _, one):  # A
        self.row -= one

    def _csi_66(self, _, one):  # B
        self.row += one

    def _csi_67(self, _, one):  # C
        self.column += one

    def _csi_68(self, _, one):  # D
        self.column -= one

    def _csi_71(self, _, one):  # G
        self.column = one - 1

    def _csi_100(self, _, one):  # d
        self.row = one - 1

    def _csi_74(self, n, _):  # J
        if n[0] == 2:
            self.cells = [[" "] * self.n_columns for _ in range(self.n_rows)]
            return
        self._csi_75(n, 1)
        rest = range(self.row + 1, self.n_rows) if n[0] == 0 else range(self.row)
        for row in rest:
            self.cells[row] = [" "] * self.n_columns

    def _csi_75(self, n, _):  # K
        first = self.column if n[0] == 0 else 0
        last = self.column + 1 if n[0] == 1 else self.n_columns
        for column in range(first, min(last, self.n_columns)):
            self.cells[self.row][column] = " "

    def _csi_88(self, _, one):  # X
        for column in range(self.column, min(self.column + one, self.n_columns)):
            self.cells[self.row][column] = " "

    def _csi_80(self, _, one):  # P
        line = self.cells[self.row]
        self.cells[self.row] = (line[:self.column] + line[self.column + one:] +
                                [" "] * one)[:self.n_columns]

    def _csi_64(self, _, one):  # @
        line = self.cells[self.row]
        self.cells[self.row] = (line[:self.column] + [" "] * one +
                                line[self.column:])[:self.n_columns]

    def _csi_76(self, _, one):  # L
        self._scroll(self.row, -one)

    def _csi_77(self, _, one):  # M
        self._scroll(self.row, one)

    def _csi_83(self, _, one):  # S
        self._scroll(self.margins[0], one)

    def _csi_84(self, _, one):  # T
        self._scroll(self.margins[0], -one)

    def _csi_98(self, _, one):  # b
        for _n in range(one):
            self._character(self.last)

    def _csi_114(self, n, _):  # r
        last = n[1] if len(n) > 1 and n[1] else self.n_rows
        self.margins = (max(1, n[0]) - 1, last - 1)
        self.row = self.column = 0

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    def __str__(self):
        return "\n".join(f"    |{line}" for line in self.lines())


class Terminal:
    """A program with a terminal."""

    def __init__(self, command, env, rows=40, columns=140):
        self.screen = Screen(rows, columns)
        self.seen = []  # every screen that differed from the one before it
        self.bytes = b""
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            command, stdin=slave, stdout=slave, stderr=slave, env=env | {"TERM": "linux"},
            start_new_session=True)
        os.close(slave)
        self.ended = False

    def press(self, keys):
        os.write(self.master, keys.encode())

    def read(self, seconds):
        """Takes in what was written; false if nothing was."""
        if self.ended:
            return False
        ready, _, _ = select.select([self.master], [], [], max(0, seconds))
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the program has closed its side
            data = b""
        self.ended = not data
        self.bytes += data
        self.screen.feed(data)
        lines = self.screen.lines()
        if not self.seen or self.seen[-1] != lines:
            self.seen.append(lines)
        return not self.ended

    def expect(self, what, seconds=20):
        """The first line that matches @what; or, where that is a function, until it holds of lines"""
        until = wire.deadline(seconds)
        while True:
            lines = self.screen.lines()
            found = what(lines) if callable(what) else next(
                (line for line in lines if re.search(what, line)), None)
            if found:
                return found
            if not self.read(wire.left_ms(until) / 1000) and (
                    self.ended or wire.left_ms(until) <= 0):
                raise wire.TimedOut(f"nothing like {what!r} on the screen:\n{self.screen}")

    def wait_end(self, seconds=20):
        """Its exit status, once it has ended by itself."""
        until = wire.deadline(seconds)
        while not self.ended and wire.left_ms(until) > 0:
            self.read(wire.left_ms(until) / 1000)
        return self.process.wait(max(1, wire.left_ms(until) / 1000))

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
