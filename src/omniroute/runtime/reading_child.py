"""The process that reads one account's messages for the server; see `omniroute.runtime.isolation`.

It takes frames on its standard input and answers each on its standard output, of which plugins see
nothing.  It ends with its input.  Memory is bounded by RLIMIT_DATA, processor time by a timer for
each message: both are the system's, so that a loop in a library of C is ended, too.
"""

from __future__ import annotations

import importlib
import logging
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from omniroute.channel import Channel, Inbound, Site, Undelivered
from omniroute.errors import OmniRouteError, PluginError
from omniroute.plugins import Plugins
from omniroute.runtime.inbounds import checked
from omniroute.runtime.isolation import LENGTH, OUT_OF_MEMORY, Opening, Read
from omniroute.settings import section

LONGEST_FAULT: Final = 2000  # characters
STATM: Final = Path("/proc/self/statm")  # sizes in pages; the sixth is data and stack (proc(5))

_encode = msgspec.msgpack.Encoder().encode


def main() -> None:
    """Read until the input ends."""
    frames, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    logging.disable(logging.CRITICAL)  # what it says is said by who asked
    with tempfile.TemporaryDirectory() as folder:
        opening = msgspec.msgpack.decode(_frame(frames) or b"", type=Opening)
        try:
            channel = _opened(opening, Path(folder))
        except OmniRouteError as error:
            return _say(answers, _encode(Read(fault=str(error))))
        _say(answers, _encode(Read()))
        os.dup2(nowhere, 2)  # from here on it may be what somebody wrote
        _bound_memory(opening.memory)
        while (raw := _frame(frames)) is not None:
            signal.setitimer(signal.ITIMER_PROF, opening.seconds)
            read = _read(channel, raw)
            signal.setitimer(signal.ITIMER_PROF, 0)
            _say(answers, read)
    return None


def _opened(opening: Opening, folder: Path) -> Channel:
    make: Any = _class(opening)
    table = msgspec.json.decode(opening.table, type=dict[str, object])
    config = section(table, make.Config, f"channels.{opening.account}")
    site = Site(folder, opening.url, secret=opening.secret)
    made: Channel = make(opening.account, config, site)
    return made


def _class(opening: Opening) -> type[Channel]:
    """The channel's class: of a plugin's file, or of the module in which it stands installed."""
    plugins = Plugins()
    for path in opening.paths:
        plugins.load_path(Path(path))
    if (found := plugins.channels().get(opening.kind)) is not None:
        return found
    try:
        made: type[Channel] = getattr(importlib.import_module(opening.module), opening.name)
    except (ImportError, AttributeError) as error:
        raise PluginError(opening.kind, opening.module, f"cannot be imported: {error}") from error
    return made


def _bound_memory(more: int) -> None:
    """Let the process take *more* bytes than it has."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not STATM.exists():
        return  # no Linux: only time is bounded
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = int(STATM.read_text().split()[5]) * resource.getpagesize() + more
    if most != resource.RLIM_INFINITY:
        limit = min(limit, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _read(channel: Channel, raw: bytes) -> bytes:
    try:
        said = checked(channel, channel.parse(raw))
        read = Read(
            tuple(one for one in said if isinstance(one, Inbound)),
            tuple(one for one in said if isinstance(one, Undelivered)),
        )
        return _encode(read)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
        named = "" if isinstance(error, OmniRouteError) else f"{type(error).__name__}: "
        fault = (named + str(error))[:LONGEST_FAULT].encode("utf-8", "replace").decode()
        return _encode(Read(fault=fault))


def _frame(frames: BinaryIO) -> bytes | None:
    head = frames.read(LENGTH)
    return frames.read(int.from_bytes(head, "big")) if len(head) == LENGTH else None


def _say(answers: BinaryIO, said: bytes) -> None:
    answers.write(len(said).to_bytes(LENGTH, "big") + said)
    answers.flush()


if __name__ == "__main__":
    main()
