"""The ways to a customer as they stand, and the one that an answer takes unless told otherwise.

The choice is the core's own function (`core.paths`); here it learns what the channels can do, and
what it chose becomes words, so that every desk says where an answer goes before it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from omniroute.application import commands as c
from omniroute.application import words
from omniroute.application.bounds import LARGEST_FILE, MOST_FILES, Invalid
from omniroute.application.copies import Conversations, ParticipantView
from omniroute.application.templates import filled, named, usage
from omniroute.channel import Address, Cap, Channel, Heeds, Template, Templates
from omniroute.core.model import Customer, Handle, HandleId, Thread
from omniroute.core.paths import (
    FILES,
    TEMPLATE,
    UNWANTED,
    WINDOW,
    Path,
    Plan,
    plan,
    surely,
    trouble,
    written_from,
)
from omniroute.core.sharing import is_shared
from omniroute.runtime.rows import Attachment, Body, Reached
from omniroute.stores.api import Reader

NEVER_OPEN = 1
"""Until when a platform with a window takes plain answers from whoever has not written: never."""

_body = msgspec.json.Decoder(Body)
_customer = msgspec.json.Decoder(Customer)
_handle = msgspec.json.Decoder(Handle)
_reached = msgspec.json.Decoder(Reached)
_thread = msgspec.json.Decoder(Thread)


class Means(msgspec.Struct, frozen=True):
    """What a channel can do for an answer; of one that is not installed, all is hoped."""

    files: bool = True
    most_files: int = 0  # in one message; 0: it says nothing of that
    largest_file: int = 0  # in bytes; the same
    copies: bool = False
    window: int = 0  # ms for which answers are taken after a customer's message; 0: always
    opens: str = ""  # the account over which we may write first
    reaches: tuple[str, ...] = ()  # kinds of address to which; none: its own kind
    by: str = ""  # the kind of channel over which answers go out, where that is another
    templates: Callable[[], Sequence[Template]] = tuple
    unwanted: Callable[[Address], bool] | None = None  # asks who has said that they want nothing


class Way(msgspec.Struct, frozen=True):
    """A way to the customer, in words: *text* is as ``joe@x.org by e-mail``.

    *doubt* says what stands against it, if anything does.  *until* (ms since the epoch) is the end
    of the time in which plain answers are taken; 0: they always are.  *files* is how many may go
    along at once, each of *largest* bytes at most.
    """

    handle: str
    channel: str
    text: str
    doubt: str = ""
    until: int = 0
    files: int = MOST_FILES
    largest: int = LARGEST_FILE


class Addressed(msgspec.Struct, frozen=True):
    """Where an answer goes: no handle where it goes to whoever wrote last, and what to begin.

    *text* is what a template says there.
    """

    to: HandleId = ""
    channel: str = ""
    account: str = ""
    copies: tuple[HandleId, ...] = ()
    text: str = ""


def means_of(channels: Mapping[tuple[str, str], Channel]) -> dict[str, Means]:
    """What the channels that run can do, by kind and by ``kind/account``."""
    found: dict[str, Means] = {}
    for (kind, account), channel in channels.items():
        opens = account if Cap.START_CONVERSATION in channel.caps else ""
        before = found.get(kind, Means())
        found[kind] = found[f"{kind}/{account}"] = Means(
            files=Cap.FILES_OUT in channel.caps,
            most_files=int(getattr(channel, "max_files", 0)),
            largest_file=int(getattr(channel, "max_file", 0)),
            copies=Cap.COPIES in channel.caps,
            window=int(getattr(channel, "answer_window", 0) * 1000),
            opens=before.opens or opens,
            reaches=tuple(getattr(channel, "reaches", ())),
            by=str(getattr(channel, "answered_by", "")),
            templates=_templates_of(channel),
            unwanted=channel.unwanted if isinstance(channel, Heeds) else None,
        )
    return found


def _templates_of(channel: object) -> Callable[[], Sequence[Template]]:
    if isinstance(channel, Templates) and Cap.TEMPLATES in getattr(channel, "caps", Cap.NONE):
        return channel.templates
    return tuple


class Ways:
    """Blocking reads of committed rows; call them in a thread."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.conversations = Conversations(reader)
        self.means: Mapping[str, Means] = {}
        """By kind of channel, and by ``kind/account`` where accounts differ; set by whoever puts
        the server together."""

    def open(self, thread: int) -> Thread | None:
        """The thread's own row, while it is open."""
        row = self._reader.get([f"t/{thread}"]).get(f"t/{thread}")
        return None if row is None else _thread.decode(row)

    def paths(self, thread: Thread) -> Sequence[Path]:
        """Every way to the thread's customer, the best first."""
        voices = written_from(thread)
        rows = self._reader.get([f"b/{voice.message}" for voice in voices])
        bodies = {key: _body.decode(row) for key, row in rows.items()}
        found = []
        for v in voices:
            body = bodies.get(f"b/{v.message}")
            account = "" if body is None else body.account
            path = Path(v.handle, v.channel, v.message, failed=v.failed, account=account)
            found.append(self._path(path, v.at))
        return [*found, *self._others(thread, {(path.handle, path.channel) for path in found})]

    def _means(self, path: Path) -> Means:
        """Of the account, where it is known."""
        of_kind = self.means.get(path.channel, Means())
        return self.means.get(f"{path.channel}/{path.account}", of_kind)

    def _path(self, path: Path, at: int) -> Path:
        """*path* with what its channel can do; the customer wrote there *at*, or never (0)."""
        means = self._means(path)
        carrier = self.means.get(means.by, Means()) if means.by else means
        until = (at + means.window if at else NEVER_OPEN) if means.window else 0
        return msgspec.structs.replace(
            path,
            until=until,
            files=carrier.files,
            most_files=carrier.most_files,
            largest_file=carrier.largest_file,
            by=means.by,
            templates=tuple(template.name for template in means.templates()),
            unwanted=self._unwanted(means, path.handle),
        )

    def _unwanted(self, means: Means, handle: HandleId) -> bool:
        if means.unwanted is None:
            return False
        row = self._reader.get([f"p/{handle}"]).get(f"p/{handle}")
        if row is None:
            return False  # it was erased
        to = _reached.decode(row)
        return means.unwanted(Address(to.kind, to.value, to.verified, to.display))

    def _others(self, thread: Thread, known: set[tuple[HandleId, str]]) -> Sequence[Path]:
        """Proved addresses that have not written here, on channels where we may write first.

        Where one address is reached by several, those come first that take plain words.
        """
        row = self._reader.get([f"c/{thread.customer}"]).get(f"c/{thread.customer}")
        if row is None:
            return []
        ids = surely(_customer.decode(row), thread)
        rows = self._reader.get([f"h/{id}" for id in ids])
        handles = [_handle.decode(rows[f"h/{id}"]) for id in ids if f"h/{id}" in rows]
        opens = [(kind, m) for kind, m in self.means.items() if m.opens and "/" not in kind]
        opening = sorted(opens, key=lambda one: one[1].window)
        return [
            self._path(Path(handle.id, kind, account=means.opens), 0)
            for handle in handles
            if handle.verified and not is_shared(handle)
            for kind, means in opening
            if handle.kind in (means.reaches or (kind,)) and (handle.id, kind) not in known
        ]

    def templates(self, paths: Sequence[Path]) -> Sequence[Template]:
        """Those that go by any of *paths*, each once: what the best way has comes first."""
        found: dict[str, Template] = {}
        for path in paths:
            for template in self._means(path).templates():
                found.setdefault(template.name, template)
        return tuple(found.values())

    def addressed(self, reply: c.Reply, now: int) -> Addressed:
        """Where *reply* goes.  Raises `Invalid` where nothing would get there."""
        thread = self.open(reply.thread)
        if thread is None:
            return Addressed()  # whatever became of it is said elsewhere
        paths, name = self.paths(thread), reply.template
        made = plan(paths, now, files=bool(reply.files), chosen=reply.to, template=name)
        if made is None:
            if reply.to or name:
                raise Invalid("no_way")
            return Addressed()
        path = made.path
        self._check(made, paths, name)
        _carried(path, reply.files)
        text = filled(named(self.templates([path]), name), reply.values) if name else ""
        copies = tuple(p.handle for p in self.in_copy(thread, path, everybody=reply.everybody))
        if path.answers:
            to = "" if path.handle == thread.handle else path.handle
            return Addressed(to, copies=copies, text=text)
        return Addressed(path.handle, path.channel, path.account, copies, text)

    def _check(self, made: Plan, paths: Sequence[Path], template: str) -> None:
        """Raise `Invalid` for an answer that would not get there."""
        channel = words.channel(made.path.channel)
        if made.doubt == UNWANTED:
            raise Invalid("unwanted", channel=channel)
        if made.doubt == TEMPLATE:
            named(self.templates(paths), template)  # raises for one that is known nowhere
            raise Invalid("no_template", name=template, hint=f"it does not go by {channel}")
        if made.doubt == FILES:
            raise Invalid("no_files", channel=channel)
        if made.doubt == WINDOW:
            there = [usage(template) for template in self.templates(paths)]
            raise Invalid("window_closed", channel=channel, templates=words.listed(there, "or"))

    def in_copy(
        self, thread: Thread, path: Path, *, everybody: bool = False
    ) -> Sequence[ParticipantView]:
        """Who gets a copy of an answer by *path*.

        Raises `Invalid` where *everybody* is wanted and the channel sends no copies.
        """
        means = self.means.get(path.channel, Means())
        if not means.copies:
            if everybody:
                raise Invalid("no_copies", channel=words.channel(path.channel))
            return ()
        row = self._reader.get([f"c/{thread.customer}"]).get(f"c/{thread.customer}")
        theirs = () if row is None else _customer.decode(row).handles
        here = self.conversations.of(thread, theirs)
        return [p for p in here if p.kind == path.channel and p.address and (everybody or p.copied)]


def shown(
    paths: Sequence[Path], now: int, name: Callable[[Path], str], failure: Callable[[Path], str]
) -> tuple[tuple[Way, ...], str]:
    """The ways in words, the one that is taken first; and why it is not the usual one, if so."""
    made = plan(paths, now)
    if made is None:
        return (), ""
    each = {path.handle: path for path in reversed((made.path, *paths))}  # the first of a handle
    rest = [path for path in each.values() if path.handle != made.path.handle][::-1]
    ways = tuple(
        Way(
            path.handle,
            path.channel,
            name(path),
            doubt(path, trouble(path, now), failure(path)),
            path.until if path.until > NEVER_OPEN else 0,
            most_files(path),
            largest_file(path),
        )
        for path in (made.path, *rest)
    )
    return ways, _instead(made, failure)


def most_files(path: Path) -> int:
    """How many files go by *path* at once."""
    return min(path.most_files or MOST_FILES, MOST_FILES) if path.files else 0


def largest_file(path: Path) -> int:
    """How many bytes a file may have that goes by *path*."""
    return min(path.largest_file or LARGEST_FILE, LARGEST_FILE)


def _carried(path: Path, files: Sequence[Attachment]) -> None:
    """Raise `Invalid` for files that the channel of *path* does not take."""
    channel = words.channel(path.channel)
    if path.most_files and len(files) > path.most_files:
        raise Invalid("too_many_files", channel=channel, most=path.most_files)
    for file in files:
        if path.largest_file and file.size > path.largest_file:
            raise Invalid("file_too_big", name=file.name, channel=channel, most=path.largest_file)


def _instead(made: Plan, failure: Callable[[Path], str]) -> str:
    if made.instead is None:
        return doubt(made.path, made.doubt, failure(made.path))
    return doubt(made.instead, made.why, failure(made.instead))


def doubt(path: Path, why: str, failure: str) -> str:
    """What stands against a way, in words; *failure* as the platform put it.

    >>> doubt(Path("h", "pigeon"), "rejected", "the bot was blocked by the customer")
    'pigeon: the bot was blocked by the customer'
    """
    if not why:
        return ""
    channel = words.channel(path.channel)
    if why == WINDOW:
        then = "; a template goes" if path.templates else ""
        return f"{channel} takes no answer until the customer writes there again{then}"
    if why == UNWANTED:
        return f"{channel}: they have said that they want no messages there"
    if why == FILES:
        return f"{channel} carries no files"
    said = failure.partition("; ")[0]  # what follows is a hint
    return f"{channel}: {said or 'the last answer did not arrive'}"
