"""What a command must be like before anybody thinks about it: filled in, not too long, possible.

Each check raises `Invalid` with a code of `sentences.INVALID`; the door turns it into words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from omniroute.application import commands as c
from omniroute.core.model import Status

MOST_TEXT = 50_000  # characters of a reply or a note
MOST_REASON = 2_000
MOST_KEY = 128
MOST_TAGS = 20
MOST_FILES = 10  # with one answer or note
LARGEST_FILE = 25_000_000  # bytes
MOST_THREADS = 2**63  # what SQLite can hold
YEAR = 365 * 86_400_000

_TAG = re.compile(r"[\w.-]{1,40}")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,255}")
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")  # no store and no channel could carry these


class Invalid(Exception):
    """A command that cannot be meant; *code* and *values* make the sentence."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values


def clean(text: str) -> str:
    """*text* without what cannot be written down."""
    return _UNWRITABLE.sub("", text)


def check(command: c.AnyCommand, now: int) -> None:
    """Raise `Invalid` if *command* cannot be meant as it is."""
    if len(command.key) > MOST_KEY:
        raise Invalid("bad_key")
    if isinstance(command, c.OnThread) and not 0 < command.thread < MOST_THREADS:
        raise Invalid("unknown_thread")
    match command:
        case c.Reply(text=text, seen=seen, files=files, template=template, values=values):
            for value in values:
                _short(value)
            if template and (text.strip() or files):
                raise Invalid("template_alone")
            _few(files)
            if text.strip() or not (files or template):
                _said(text, MOST_TEXT)
            if seen < 0:
                raise Invalid("bad_seen")
        case c.Note(text=text, files=files):
            if text.strip() or not files:
                _said(text, MOST_TEXT)
            _few(files)
        case c.Edit(text=text):
            _said(text, MOST_TEXT)
        case c.Pass(why=why):
            _short(why)
        case c.Transfer():
            _handed_over(command)
        case c.Snooze(until=until):
            if until <= now:
                raise Invalid("past")
            if until > now + YEAR:
                raise Invalid("too_far")
        case c.Tag(add=add, remove=remove):
            if len(add) > MOST_TAGS or not all(map(_TAG.fullmatch, (*add, *remove))):
                raise Invalid("bad_tag")
        case c.Copy(add=add, remove=remove):
            if (not add and not remove) or len(add) + len(remove) > MOST_TAGS:
                raise Invalid("bad_copies")
            for address in add:
                if not _ADDRESS.fullmatch(address):
                    raise Invalid("bad_copies")
        case c.Prioritise(priority=priority):
            if not 10 <= priority <= 40:
                raise Invalid("bad_priority")
        case c.Boost(by=by):
            if abs(by) > YEAR:
                raise Invalid("too_far")
        case c.Merge(a=a, b=b, why=why):
            _handles(a, b)
            _short(why)
        case c.NotSame(a=a, b=b):
            _handles(a, b)
        case c.Split(handles=handles):
            _handles(*handles)
        case c.SetStatus(status=status):
            if status not in set(Status):
                raise Invalid("bad_status")


def _handles(*handles: str) -> None:
    if not handles or len(set(handles)) < len(handles) or not all(handles):
        raise Invalid("bad_handles")


def _handed_over(command: c.Transfer) -> None:
    if not clean(command.why).strip():
        raise Invalid("reason_required")
    _short(command.why)
    if bool(command.to_agent) == bool(command.to_queue):
        raise Invalid("one_receiver")


def _few(files: Sequence[object]) -> None:
    if len(files) > MOST_FILES:
        raise Invalid("too_many_files", most=MOST_FILES)


def _said(text: str, most: int) -> None:
    if not clean(text).strip():
        raise Invalid("empty")
    if len(text) > most:
        raise Invalid("too_long", most=most)


def _short(text: str) -> None:
    if len(text) > MOST_REASON:
        raise Invalid("too_long", most=MOST_REASON)
