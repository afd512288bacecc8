"""From the fields of a form to one command."""

from __future__ import annotations

from starlette.datastructures import FormData

from omniroute.application import commands as c
from omniroute.errors import Refused
from omniroute.runtime.rows import Attachment
from omniroute.web.viewer import Viewer

VERBS = (
    "accept", "pass", "take", "reply", "template", "undo", "edit", "delete", "note", "transfer",
    "snooze", "resolve", "reopen", "tag", "prioritise", "boost", "done",
    "new-matter", "copy",
    "merge", "not-same", "split",
)  # fmt: skip
"""What can be done to a thread; each is a form's last part of the path."""


def command(
    verb: str, thread: int, form: FormData, viewer: Viewer, files: tuple[Attachment, ...] = ()
) -> c.AnyCommand:
    """The command that the form of *verb* asks for; *files* go with what is written.

    Raises `Refused` (``invalid``) naming what is missing, (``not_found``) for an unknown verb.
    """
    key = field(form, "key")
    match verb:
        case "accept":
            return c.Accept(key=key, thread=thread, offer=field(form, "offer"))
        case "pass":
            return c.Pass(
                key=key, thread=thread, offer=field(form, "offer"), why=field(form, "why")
            )
        case "take":
            return c.Take(key=key, thread=thread)
        case "reply":
            return c.Reply(
                key=key,
                thread=thread,
                text=_words(form, files, "There is nothing to send yet: the reply is empty."),
                seen=number(form, "seen"),
                anyway=field(form, "anyway") == "yes",
                files=files,
                to=field(form, "to"),
                everybody=field(form, "everybody") == "yes",
            )
        case "template":
            return c.Reply(
                key=key,
                thread=thread,
                text="",
                seen=number(form, "seen"),
                to=field(form, "to"),
                template=field(form, "template"),
                values=tuple(v.strip() for v in form.getlist("value") if isinstance(v, str)),
            )
        case "undo":
            return c.Undo(key=key, thread=thread, message=field(form, "message"))
        case "edit":
            text = needed(form, "text", "There is nothing written: delete it instead.")
            return c.Edit(key=key, thread=thread, message=field(form, "message"), text=text)
        case "delete":
            return c.Delete(key=key, thread=thread, message=field(form, "message"))
        case "note":
            text = _words(form, files, "There is nothing to keep yet: the note is empty.")
            return c.Note(key=key, thread=thread, text=text, files=files)
        case "transfer":
            return _transfer(thread, key, form)
        case "snooze":
            return c.Snooze(key=key, thread=thread, until=_until(form, viewer))
        case "resolve":
            return c.Resolve(key=key, thread=thread)
        case "reopen":
            return c.Reopen(key=key, thread=thread)
        case "tag":
            return _tag(thread, key, form)
        case "copy":
            add = tuple(field(form, "add").replace(",", " ").replace(";", " ").split())
            remove = tuple(name for name in (field(form, "off"),) if name)
            return c.Copy(key=key, thread=thread, add=add, remove=remove)
        case "prioritise":
            return c.Prioritise(key=key, thread=thread, priority=number(form, "priority"))
        case "done":
            return c.Done(key=key, thread=thread)
        case "boost":
            return c.Boost(key=key, thread=thread, by=number(form, "minutes") * 60_000)
        case "new-matter":
            return c.NewMatter(key=key, thread=thread)
        case "merge":
            a, b = field(form, "a"), field(form, "b")
            return c.Merge(key=key, a=a, b=b, why=field(form, "why"))
        case "not-same":
            return c.NotSame(key=key, a=field(form, "a"), b=field(form, "b"))
        case "split":
            return c.Split(key=key, handles=(field(form, "handle"),))
    raise Refused("not_found", f"There is no action “{verb}”.")


def field(form: FormData, name: str) -> str:
    """The text of a field, line ends as ``\\n``, without blank edges; empty if it is missing."""
    value = form.get(name, "")
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def needed(form: FormData, name: str, otherwise: str) -> str:
    """The text of a field that must not be empty.  Raises `Refused` with *otherwise*."""
    text = field(form, name)
    if not text:
        raise Refused("invalid", otherwise)
    return text


def _words(form: FormData, files: tuple[Attachment, ...], otherwise: str) -> str:
    return field(form, "text") if files else needed(form, "text", otherwise)


def number(form: FormData, name: str) -> int:
    """A whole number that the page itself put there.  Raises `Refused`."""
    text = field(form, name)
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Refused("invalid", f"“{name}” should be a number. Load the page again.")
    return int(text)


def _transfer(thread: int, key: str, form: FormData) -> c.Transfer:
    kind, _, target = field(form, "to").partition(":")
    if kind not in ("agent", "queue") or not target:
        raise Refused("invalid", "Choose who should have it: a colleague or a queue.")
    why = needed(form, "why", "Say in one line why you hand it over; it is read first.")
    if kind == "agent":
        warm = bool(field(form, "warm"))
        return c.Transfer(key=key, thread=thread, why=why, to_agent=target, warm=warm)
    return c.Transfer(key=key, thread=thread, why=why, to_queue=target)


def _until(form: FormData, viewer: Viewer) -> int:
    preset, chosen = field(form, "until"), field(form, "at")
    if preset:
        until = number(form, "until")
    elif chosen:
        try:
            until = viewer.from_field(chosen)
        except (ValueError, OverflowError):
            raise Refused("invalid", f"“{chosen}” is no date and time.") from None
    else:
        raise Refused("invalid", "Choose until when it should sleep.")
    if until <= viewer.now:
        raise Refused("invalid", "That time is already over. Choose a later one.")
    return until


def _tag(thread: int, key: str, form: FormData) -> c.Tag:
    add = tuple(tag for tag in (t.strip() for t in field(form, "add").split(",")) if tag)
    remove = tuple(tag for tag in (field(form, "off"),) if tag)
    if not add and not remove:
        raise Refused("invalid", "Write a tag first.")
    return c.Tag(key=key, thread=thread, add=add, remove=remove)
