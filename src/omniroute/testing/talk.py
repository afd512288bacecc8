"""A conversation over a fake: what comes in, what is read out of it, what goes out, side by side.

A line is what somebody says or does; see `HELP`.  What comes of it is told as a `Note` or a `Step`,
which a terminal prints and a page shows.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, get_args

from omniroute.channel import Inbound, Undelivered
from omniroute.errors import RemoteError, Retry
from omniroute.testing.platform import How, NotShown
from omniroute.testing.stage import Stage

HELP: Final = """\
joe: TEXT         Joe writes (so does a line without a name); mia: TEXT, and Mia does
ana: TEXT         an agent answers whoever wrote last
/edit TEXT        Joe changes what he wrote last
/delete           Joe takes it back
/file NAME TEXT   Joe sends a file
/machine TEXT     a machine writes
/again            the platform tells us of the last event once more
/new              an event of a kind that nobody knows yet
/fails HOW        the next answer meets it: rate, unauthorised, rejected, away, lost
/check            what the channel finds of itself
/quit             the end"""
CUSTOMERS: Final = ("joe", "mia")
NARROWEST: Final = 24  # characters of a column
SHOWN: Final = 4000  # characters of raw bytes


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is to be said of what was done; *unsent* is an answer that did not go out."""

    text: str
    unsent: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that went from one side to the other.

    *who* is the customer on whose side it was seen; *customer* and *agent* are what each side
    shows of it, nothing where it shows nothing.  *columns* are the data, each with its title.
    """

    who: str
    customer: str
    agent: str
    columns: tuple[tuple[str, str], ...]
    inward: bool = True


Told: TypeAlias = Note | Step


class Talk:
    """A conversation on a stage whose account listens; *tell* is told what comes of each line."""

    def __init__(self, stage: Stage, tell: Callable[[Told], None]) -> None:
        self._stage, self._tell = stage, tell
        self._seen, self._answers = 0, 0
        self._last: Inbound | None = None  # what was written last, and is to be answered
        self._trying = ""  # the answer that was sent last
        self._who = CUSTOMERS[0]  # and by whom

    async def do(self, line: str) -> bool:
        """Do what a line says; false at the end."""
        word, _, rest = line.strip().partition(" ")
        if word in ("/quit", "/exit"):
            return False
        try:
            if word.startswith("/"):
                await self._act(word, rest)
            elif line.strip():
                await self._speak(line.strip())
        except NotShown as error:
            self._say(f"the fake does not play {error.what}")
        except Retry as error:
            when = "later" if error.after is None else f"in {error.after:g} s"
            doubt = ", marked as a repeat" if error.in_doubt else ""
            self._say(f"Retry: {error}; the engine tries again {when}{doubt}", self._trying)
        except RemoteError as error:
            self._say(f"{type(error).__name__}: {error}", self._trying)
        return True

    def _say(self, text: str, unsent: str = "") -> None:
        self._tell(Note(text, unsent))

    async def _speak(self, line: str) -> None:
        name, colon, text = line.partition(":")
        who = name.strip().lower()
        if not colon or not who.isalpha():
            who, text = CUSTOMERS[0], line
        if who in CUSTOMERS:
            self._who = who
            await self._stage.platform.says(text.strip(), who=who)
            await self._show(1, text.strip())
        else:
            await self._answer(name.strip().title(), text.strip())

    async def _act(self, word: str, rest: str) -> None:
        platform = self._stage.platform
        match word:
            case "/edit":
                await platform.edits(rest)
                await self._show(1, f"now: {rest}")
            case "/delete":
                await platform.deletes()
                await self._show(1, "takes it back")
            case "/file":
                name, _, text = rest.partition(" ")
                await platform.sends_file(name or "file.bin", b"the bytes of a file", text)
                await self._show(1, f"file {name or 'file.bin'} {text}".rstrip())
            case "/machine":
                await platform.machine_says(rest)
                await self._show(0, f"a machine: {rest}")
            case "/again":
                await platform.again()
                await self._show(0, "the same once more")
            case "/new":
                await platform.something_new()
                await self._show(0, "an event of a new kind")
            case "/fails":
                self._fails(rest)
            case "/check":
                health = await self._stage.channel.check()
                self._say(f"{'ok' if health.ok else 'needs you'}: {health.found} {health.fix}")
            case _:
                self._say(HELP)

    def _fails(self, how: str) -> None:
        for known in get_args(How):
            if how == known:
                self._stage.platform.fails(known, after=5.0)
                return self._say(f"the next answer meets: {how}")
        return self._say(f"one of: {', '.join(get_args(How))}")

    async def _answer(self, name: str, text: str) -> None:
        if self._last is None:
            return self._say("nobody has written yet; begin with “joe: hello”")
        if by := getattr(self._stage.kind, "answered_by", ""):
            return self._say(f"answers go out by {by}, to {self._last.conversation}")
        self._answers += 1
        out = self._stage.answer(self._last, text, f"try-{self._answers}")
        self._trying = f"{name}: {text}"
        receipt = await self._stage.send(out)
        got = await self._stage.platform.got(self._who)
        ids = ", ".join(receipt.external_ids) or "none"
        sent = f"{name} → {out.conversation}\n{out.text}\nreceipt {ids}"
        read = got[-1].text if got else "(nothing)"
        columns = (("sent", sent), ("arrived", f"{self._who.title()} reads\n{read}"))
        return self._tell(Step(self._who, read, f"{name}: {out.text}", columns, inward=False))

    async def _show(self, due: int, did: str) -> None:
        """Tell what was kept since, once something was, if it is *due*; *did* is what they did."""
        notebook = self._stage.notebook
        if due:
            await notebook.until(self._seen + due)
        raws = list(notebook.kept.values())[self._seen :]
        self._seen += len(raws)
        if not raws:
            self._say("nothing new was kept")
        for raw in raws:
            read, seen = self._read(raw)
            columns = (("raw", shown(raw)), ("read", read))
            self._tell(Step(self._who, did, seen, columns))
            did = ""  # whatever else comes of it

    def _read(self, raw: bytes) -> tuple[str, str]:
        """What was read, in full and as an agent sees it."""
        try:
            found = self._stage.channel.parse(raw)
        except Exception as error:  # noqa: BLE001 - a dead letter, shown as one
            return f"dead letter\n{type(error).__name__}: {error}", ""
        for one in found:
            if isinstance(one, Inbound) and one.kind == "message":
                self._last = one
        seen = "\n".join(map(_seen, found))
        return "\n\n".join(map(described, found)) or "not for us", seen


def described(one: Inbound | Undelivered) -> str:
    """What was read, field by field, less what is empty."""
    if isinstance(one, Undelivered):
        return f"undelivered {one.of}\n{one.reason}"
    sender = f"{one.sender.kind}:{one.sender.value}{' ✓' * one.sender.verified}"
    lines = [f"{one.kind} {one.external_id}", f"in {one.conversation}", f"from {sender}"]
    lines += [f"also {a.kind}:{a.value}{' ✓' * a.verified}" for a in one.also_known_as]
    lines += [f"file {file.name}, {len(file.data)} bytes" for file in one.files]
    lines += ["automatic"] * one.automatic + [f"unread: {one.unread}"] * bool(one.unread)
    return "\n".join([*lines, f"“{one.text}”"])


def _seen(one: Inbound | Undelivered) -> str:
    """What was read, as an agent sees it."""
    if isinstance(one, Undelivered):
        return f"came back: {one.reason}"
    said = one.text if one.kind == "message" else f"{one.kind}: {one.text}".rstrip(": ")
    files = [f"[{file.name}]" for file in one.files]
    return f"{one.sender.display or one.sender.value}: {' '.join([*files, said]).strip()}"


def printed(told: Told, width: int) -> str:
    """What is told, for a terminal of *width* characters."""
    if isinstance(told, Note):
        return textwrap.indent(told.text, "  ")
    return side_by_side(told.columns, width)


def shown(raw: bytes) -> str:
    """Bytes as people read them: JSON laid out, text as it is, else what they are."""
    text = raw.decode("utf-8", "backslashreplace")
    try:
        text = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except ValueError:
        pass
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}\n… {len(raw)} bytes in all"


def side_by_side(columns: Sequence[tuple[str, str]], width: int) -> str:
    """Texts under their titles, beside each other.

    >>> print(side_by_side((("raw", "one two"), ("read", "three")), 30))
    raw                        read
    one two                    three
    """
    each = max(NARROWEST, width // len(columns) - 3)
    cells = [[title, *_wrapped(text, each)] for title, text in columns]
    height = max(map(len, cells))
    padded = [[*lines, *([""] * (height - len(lines)))] for lines in cells]
    rows = zip(*padded, strict=True)
    return "\n".join("   ".join(cell.ljust(each) for cell in row).rstrip() for row in rows)


def _wrapped(text: str, width: int) -> list[str]:
    lines = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        lines += textwrap.wrap(line, width, subsequent_indent=indent[: width // 2]) or [""]
    return lines
