"""From a command to the core's input and the private row of its text.

The id of what is written comes from the command's key, so that the same command again names the
same message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from omniroute.application import commands as c
from omniroute.application.bounds import clean
from omniroute.application.changing import Written, rewritten
from omniroute.application.copies import NOBODY, Copies
from omniroute.application.ways import Addressed
from omniroute.core import inputs as i
from omniroute.core.model import Status
from omniroute.runtime.rows import Body

Make = Callable[[int], i.AnyInput]


@dataclass(frozen=True, slots=True)
class Translated:
    """*make* builds the input at the writer's time; *message* is the id of its text, or empty."""

    make: Make
    message: str = ""
    puts: dict[str, bytes] = field(default_factory=dict)


def input_key(actor: str, key: str) -> str:
    """The key of the input; each actor has a name space of their own."""
    return f"do/{actor}/{key}"


def message_id(key: str) -> str:
    """The id of the text that the input *key* brings."""
    return hashlib.blake2b(f"said\x1f{key}".encode(), digest_size=13).hexdigest()


AS_EVER = Addressed()
"""To whoever wrote last."""


def translate(
    command: c.AnyCommand, agent: str, hold: int, desk: str = "", way: Addressed = AS_EVER,
    copies: Copies = NOBODY,
) -> Translated:  # fmt: skip
    """*command* as *agent*'s act; *hold* is how long (ms) a reply can be taken back, *desk* the
    kind of desk they are at, if it is known; *way* is the one that a reply takes, *copies* whom
    the command has in copy."""
    key = input_key(agent, command.key)
    body = _body(command)
    message = message_id(key) if body is not None else ""
    puts = {f"b/{message}": msgspec.json.encode(body)} if body is not None else {}
    if isinstance(command, c.Reply):
        make = _answer(command, key, agent, message, hold, way)
    elif isinstance(command, c.Copy):
        puts |= copies.puts
        make = _copied(command.thread, key, agent, copies)
    else:
        make = _make(command, key, agent, message)
    return Translated(_at(desk, make) if desk else make, message, puts)


def change_of(
    command: c.Edit | c.Delete, agent: str, written: Written, now: int, desk: str = ""
) -> Translated:
    """A change of what was *written*, made *now*."""
    key, how = input_key(agent, command.key), "edited" if isinstance(command, c.Edit) else "deleted"
    thread, said = command.thread, written

    def make(at: int) -> i.AnyInput:
        return i.ChangeAsked(
            key, at, agent, thread, said.message, how, said.author, said.handle, said.effect
        )

    row = {f"b/{written.message}": msgspec.json.encode(rewritten(command, written, now))}
    return Translated(_at(desk, make) if desk else make, written.message, row)


def _at(desk: str, make: Make) -> Make:
    return lambda at: msgspec.structs.replace(make(at), desk=desk)


def _body(command: c.AnyCommand) -> Body | None:
    """The private row of what is written; none where nothing is."""
    match command:
        case c.Reply(text=text, files=files, quotes=quotes, template=template, values=values):
            said, given = clean(text).strip(), tuple(clean(value).strip() for value in values)
            return Body(text=said, files=files, quotes=quotes, template=template, values=given)
        case c.Note(text=said, files=files):
            return Body(text=clean(said).strip(), files=files)
        case c.Pass(why=said) | c.Transfer(why=said) | c.Merge(why=said):
            text = clean(said).strip()
            return Body(text=text) if text else None
    return None


def _answer(
    command: c.Reply, key: str, agent: str, message: str, hold: int, way: Addressed
) -> Make:
    thread, seen, anyway = command.thread, command.seen, command.anyway
    return lambda at: i.ReplyWritten(
        key, at, agent, thread, message, seen, anyway, hold, way.to, way.channel, way.account,
        way.copies,
    )  # fmt: skip


def _copied(thread: int, key: str, agent: str, copies: Copies) -> Make:
    add, remove = copies.add, copies.remove
    return lambda at: i.ParticipantsAsked(key, at, agent, thread, add, remove)


def _make(command: c.AnyCommand, key: str, agent: str, message: str) -> Make:
    match command:
        case c.Accept(thread=t, offer=offer):
            return lambda at: i.OfferAccepted(key, at, agent, t, offer)
        case c.Pass(thread=t, offer=offer):
            return lambda at: i.OfferDeclined(key, at, agent, t, offer, message)
        case c.Take(thread=t):
            return lambda at: i.ThreadClaimed(key, at, agent, t)
        case c.Undo(thread=t, message=taken_back):
            return lambda at: i.ReplyUndone(key, at, agent, t, taken_back)
        case c.Note(thread=t):
            return lambda at: i.NoteWritten(key, at, agent, t, message)
        case c.Transfer(thread=t, to_agent=to, to_queue=queue, warm=warm, restart=restart):
            return lambda at: i.TransferAsked(key, at, agent, t, message, to, queue, warm, restart)
        case c.Snooze(thread=t, until=until):
            return lambda at: i.SnoozeAsked(key, at, agent, t, until)
        case c.Merge(a=a, b=b):
            return lambda at: i.MergeAsked(key, at, agent, a, b, message)
    return _make_other(command, key, agent)


def _make_other(command: c.AnyCommand, key: str, agent: str) -> Make:
    match command:
        case c.Resolve(thread=t):
            return lambda at: i.ThreadResolved(key, at, agent, t)
        case c.Reopen(thread=t):
            return lambda at: i.ReopenAsked(key, at, agent, t)
        case c.Tag(thread=t, add=add, remove=remove):
            return lambda at: i.TagsChanged(key, at, agent, t, add, remove)
        case c.Prioritise(thread=t, priority=priority):
            return lambda at: i.PriorityChanged(key, at, agent, t, priority)
        case c.Done(thread=t):
            return lambda at: i.WrapUpDone(key, at, agent, t)
        case c.Boost(thread=t, by=by):
            return lambda at: i.BoostAsked(key, at, agent, t, by)
        case c.NewMatter(thread=t):
            return lambda at: i.NewMatter(key, at, agent, t)
        case c.NotSame(a=a, b=b):
            return lambda at: i.LinkDenied(key, at, agent, a, b)
        case c.Split(handles=handles):
            return lambda at: i.SplitAsked(key, at, agent, handles)
        case c.SetStatus(status=status, agent=whose):
            return lambda at: i.StatusDeclared(key, at, whose or agent, Status(status))
    raise AssertionError(f"no input for {type(command).__name__}")
