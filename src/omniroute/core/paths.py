"""Which way an answer goes: the addresses that lead to a customer, and the choice among them.

An answer goes to where the customer wrote last.  Where that is known not to work (the last message
came back, the time to answer is over, it carries no files) the next address of theirs is proposed,
and it is said which one and why: the choice is made before anything is sent, never behind an
agent's back.  Whoever writes may name another.  Functions on values; what a channel can do is told
by whoever knows the channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from omniroute.core.model import Customer, Evidence, HandleId, MessageId, Thread, Voice

WINDOW = "window"
"""The platform takes no answer any more until the customer writes again."""
FILES = "files"
"""The platform carries no files."""
UNWANTED = "unwanted"
"""They have said that they want nothing there."""
TEMPLATE = "template"
"""The platform has approved no template of that name."""


class Path(msgspec.Struct, frozen=True):
    """A way to a customer.  Times in ms since the epoch."""

    handle: HandleId
    channel: str
    answers: MessageId = ""  # what came from there; none where we would write first
    until: int = 0  # until when plain answers are taken; 0: always
    failed: str = ""  # how our last message to it failed
    files: bool = True  # whether it carries files
    most_files: int = 0  # in one message; 0: nobody says
    largest_file: int = 0  # in bytes; the same
    account: str = ""  # of the channel
    unwanted: bool = False  # whether they have said that they want nothing there
    templates: tuple[str, ...] = ()  # names of those that go there, at any time
    by: str = (
        ""  # the kind of channel that carries it, where what comes in there cannot be answered
    )


class Plan(msgspec.Struct, frozen=True):
    """Where an answer goes.

    *instead* is the way that it would have gone otherwise, and *why* what stands against that one:
    `UNWANTED`, `WINDOW`, `FILES`, `TEMPLATE`, or how our last message failed.  *doubt* stands
    against *path* itself, where there is no better one or it was chosen all the same.
    """

    path: Path
    instead: Path | None = None
    why: str = ""
    doubt: str = ""


def trouble(path: Path, at: int, *, files: bool = False, template: str = "") -> str:
    """What stands against *path* at a time, or an empty string.

    *files*: some are to go along; *template* is one that is to go instead of plain words.
    """
    if path.unwanted:
        return UNWANTED
    if template and template not in path.templates:
        return TEMPLATE
    if not template and path.until and path.until <= at:
        return WINDOW
    if path.failed:
        return path.failed
    return FILES if files and not path.files else ""


def plan(
    paths: Sequence[Path],
    at: int,
    *,
    files: bool = False,
    chosen: HandleId = "",
    template: str = "",
) -> Plan | None:
    """The way for an answer among *paths*, the best first; ``None`` where nothing leads there.

    One that was *chosen* is taken, whatever stands against it.  A *template* goes only where it is
    known, even if the last message did not get there: it may have come too late for plain words.
    """
    paths = [path for path in paths if template in path.templates] or paths if template else paths

    def against(path: Path) -> str:
        return trouble(path, at, files=files, template=template)

    if chosen:
        there = [path for path in paths if path.handle == chosen]
        path = next((path for path in there if not against(path)), there[0] if there else None)
        return None if path is None else Plan(path, doubt=against(path))
    if not paths:
        return None
    first, why = paths[0], against(paths[0])
    for path in paths if why else ():
        if not against(path):
            return Plan(path, first, why)
    return Plan(first, doubt=why)


def written_from(thread: Thread) -> tuple[Voice, ...]:
    """Who has written in *thread*, in the order in which they are answered.

    First where the last message came from, then the others, the latest first.
    """
    known = sorted(thread.voices, key=lambda v: (v.handle != thread.handle, -v.at, v.since))
    return tuple(voice for voice in known if voice.message)


def surely(customer: Customer, thread: Thread) -> tuple[HandleId, ...]:
    """The customer's addresses that are proved to be the same person's as one that has written
    in *thread*, oldest first; nobody is written to on somebody's word."""
    reached = {voice.handle for voice in thread.voices if voice.handle in customer.handles}
    proved = [
        (link.a, link.b)
        for link in customer.links
        if link.live and link.evidence is Evidence.VERIFIED
    ]
    while new := {x for pair in proved if not reached.isdisjoint(pair) for x in pair} - reached:
        reached |= new
    return tuple(handle for handle in customer.handles if handle in reached)
