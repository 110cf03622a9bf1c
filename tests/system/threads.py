"""Stops one thread of another process, as a lock, a disk or a bug would

ptrace is the only way: a signal that stops, stops all of a process.
"""

import ctypes
import os
from pathlib import Path

import tap

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def _ptrace(request, thread):
    if _libc.ptrace(request, thread, None, None):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def numbers(pid, prefix):
    """The threads of process @pid whose names begin with @prefix."""
    return [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()
            if (task / "comm").read_text(encoding="ascii").startswith(prefix)]


class Stopped:
    """Within this block those threads do not run."""

    def __init__(self, pid, prefix):
        self.threads = numbers(pid, prefix)
        assert self.threads, f"no thread of {pid} is called {prefix}"

    def __enter__(self):
        for thread in self.threads:
            try:
                _ptrace(SEIZE, thread)
            except PermissionError as error:
                raise tap.Skip("one process may not stop another's threads here") from error
            _ptrace(INTERRUPT, thread)
            os.waitpid(thread, WALL)
        return self

    def __exit__(self, *_):
        for thread in self.threads:
            _ptrace(DETACH, thread)
