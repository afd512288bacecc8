"""A disk that fails, for a process that a test has started for this: Linux, x86-64 and ARM64.

The kernel itself refuses the calls (a seccomp filter), so SQLite, Python and everything else in the
process meet the fault where a real one would strike.  It cannot be taken back: use it in a child.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from collections.abc import Sequence

NUMBERS = {
    "x86_64": {"write": 1, "pwrite64": 18, "fsync": 74, "fdatasync": 75, "seccomp": 317},
    "aarch64": {"write": 64, "pwrite64": 68, "fsync": 82, "fdatasync": 83, "seccomp": 277},
}

SYNC = ("fsync", "fdatasync")
"""The calls that bring a file to the disk."""

WRITE = ("write", "pwrite64")
"""The calls that Python and SQLite write with; standard output and error go on."""

SUPPORTED = sys.platform == "linux" and platform.machine() in NUMBERS

_LOAD, _EQUAL, _GREATER, _RETURN = 0x20, 0x15, 0x25, 0x06
_CALL, _FIRST_ARGUMENT = 0, 16  # where the kernel puts them
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NO_NEW_PRIVILEGES, _FILTER, _ALL_THREADS = 38, 1, 1


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def fail(calls: Sequence[str], error: int) -> None:
    """From now on, in all threads, each of *calls* fails with the errno *error*."""
    numbers = NUMBERS[platform.machine()]
    steps = [struct.pack("HBBI", _LOAD, 0, 0, _CALL)]
    for left, call in zip(range(len(calls), 0, -1), calls, strict=True):
        steps.append(struct.pack("HBBI", _EQUAL, left, 0, numbers[call]))
    steps += [
        struct.pack("HBBI", _RETURN, 0, 0, _ALLOW),
        struct.pack("HBBI", _LOAD, 0, 0, _FIRST_ARGUMENT),
        struct.pack("HBBI", _GREATER, 1, 0, 2),  # what the process prints is no disk
        struct.pack("HBBI", _RETURN, 0, 0, _ALLOW),
        struct.pack("HBBI", _RETURN, 0, 0, _ERRNO | error),
    ]
    program = _Program(len(steps), b"".join(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.syscall(
        numbers["seccomp"], _FILTER, _ALL_THREADS, ctypes.byref(program)
    ):
        raise OSError(ctypes.get_errno(), "the kernel takes no seccomp filter")
