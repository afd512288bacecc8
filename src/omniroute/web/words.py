"""How the console says things: channels, phases, priorities, spans of time, in plain words.

Every mark is a word, a shape and a colour, so that none of the three is needed to understand it.
"""

from __future__ import annotations

from dataclasses import dataclass

from omniroute.application.pages import AgentView, Item, ThreadRow
from omniroute.application.ways import Way
from omniroute.application.words import MINUTE, icon, label, span
from omniroute.application.words import channel as called
from omniroute.application.words import plain_name as plain_name
from omniroute.application.words import size as size

SOON = 15 * MINUTE
"""A deadline nearer than this is worth a warning."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with its icon (in ``icons.svg``) and its colour (a class of the style sheet)."""

    word: str
    icon: str
    tone: str


@dataclass(frozen=True, slots=True)
class CardLine:
    """A line of a context card: *kind* is head, said, labelled or plain."""

    kind: str
    parts: tuple[str, ...]


PRIORITIES = (
    (10, Mark("low", "down", "low")),
    (20, Mark("normal", "level", "normal")),
    (30, Mark("high", "up", "high")),
    (40, Mark("urgent", "urgent", "urgent")),
)

STATUSES = {
    "online": Mark("online", "dot", "online"),
    "away": Mark("away", "half", "away"),
    "transfers": Mark("transfers only", "swap", "transfers"),
    "draining": Mark("finishing up", "half", "away"),
    "offline": Mark("offline", "ring", "offline"),
}

STATUS_HELP = {
    "online": "asked for everything I can do",
    "away": "no live chats, mail only",
    "transfers": "only what colleagues hand over",
    "draining": "nothing new, then offline",
    "offline": "not asked",
}

DELIVERY = {
    "held": Mark("not sent yet", "clock", "held"),
    "sending": Mark("sending", "clock", "sending"),
    "sent": Mark("sent", "tick", "sent"),
    "failed": Mark("not delivered", "cross", "failed"),
    "withdrawn": Mark("taken back, never sent", "undo", "withdrawn"),
}


def channel(kind: str) -> Mark:
    """The mark of a channel's *kind*; ``slack:T123`` is of the kind ``slack``."""
    family = kind.partition(":")[0]
    word, shown = called(family) if family else "elsewhere", icon(family)
    return Mark(word, shown or "chat", shown or "other")


def priority(number: int) -> Mark:
    """The nearest of the four words at or above *number*."""
    return next((mark for top, mark in PRIORITIES if number <= top), PRIORITIES[-1][1])


def status(agent: AgentView) -> Mark:
    """What colleagues should believe about an agent's presence."""
    if agent.unresponsive:
        return Mark("away, missed offers", "half", "away")
    if agent.unreachable and agent.status != "offline":
        return Mark("away, at no desk", "half", "away")
    return STATUSES.get(agent.status) or Mark(agent.status, "ring", "offline")


def phase(row: ThreadRow) -> Mark:
    """Where a thread stands, from the point of view of whoever has to act."""
    match row.phase:
        case "queued" | "new":
            return Mark("in the queue", "queue", "queued")
        case "offered":
            return Mark("being offered", "queue", "queued")
        case "stranded":
            return Mark("nobody can take it", "urgent", "stranded")
        case "held":
            return Mark("queue closed", "moon", "snoozed")
        case "snoozed":
            return Mark("snoozed", "moon", "snoozed")
        case "resolved" | "closed":
            return Mark("solved", "tick", "solved")
        case "folded":
            return Mark("joined to another thread", "swap", "solved")
    if row.waiting:
        return Mark("waiting for us", "turn", "ours")
    return Mark("waiting for customer", "clock", "theirs")


def delivery(item: Item) -> Mark | None:
    """The tick beside a reply, or nothing for what is not sent."""
    return DELIVERY.get(item.state)


CHANGES = {
    "editing": "changing at the customer's …",
    "edited": "edited",
    "deleting": "deleting at the customer's …",
    "deleted": "deleted",
    "unchanged": "changed here only",
}


def change(item: Item) -> str:
    """What an agent has done to what they said, or nothing."""
    return CHANGES.get(item.change, "")


def due(deadline: int, now: int) -> Mark | None:
    """How a deadline stands: ``due in 9 min`` or ``late by 2 h``."""
    if not deadline:
        return None
    left = deadline - now
    if left < 0:
        return Mark(f"late by {span(-left)}", "urgent", "late")
    return Mark(f"due in {span(left)}", "clock", "soon" if left < SOON else "calm")


def initials(name: str) -> str:
    """One or two letters that stand for a person.

    >>> initials("Joe Miller"), initials("ana"), initials("ceo@acme.example"), initials("")
    ('JM', 'A', 'C', '?')
    """
    letters = [word[0] for word in name.partition("@")[0].split() if word[0].isalnum()]
    return "".join(letters[:1] + letters[1:][-1:]).upper() or "?"


def tint(name: str) -> int:
    """One of eight colours, always the same for a name."""
    return sum(name.encode()) % 8


def takes(way: Way) -> str:
    """What goes along by a way: ``up to 10 files of 25 MB``."""
    if not way.files:
        return f"{label(way.channel)} carries no files"
    most = size(way.largest).replace(".0 ", " ")
    return f"a file of {most}" if way.files == 1 else f"up to {way.files} files of {most}"


def card_line(line: str) -> CardLine:
    """A card's line in its parts, which stand two blanks apart.

    >>> card_line("Asked already  order number 1182")
    CardLine(kind='labelled', parts=('Asked already', 'order number 1182'))
    >>> card_line("“charged twice”  Telegram 10:15").kind, card_line("● HIGH  refund").kind
    ('said', 'head')
    """
    parts = tuple(part.strip() for part in line.split("  ") if part.strip())
    if line.startswith("●"):
        return CardLine("head", (parts[0].lstrip("● ").lower(), *parts[1:]))
    if line.startswith("“"):
        said, mark, place = line.rpartition("”  ")
        return CardLine("said", (said + "”", place) if mark else (line,))
    if len(parts) > 1 and len(parts[0]) <= 30:
        return CardLine("labelled", (parts[0], "  ".join(parts[1:])))
    return CardLine("plain", ("  ".join(parts),))


def snippet(text: str) -> list[tuple[str, bool]]:
    """A passage in pieces, each with whether it was looked for; ‹ and › mark those.

    >>> snippet("my ‹refund› please")
    [('my ', False), ('refund', True), (' please', False)]
    """
    pieces: list[tuple[str, bool]] = []
    for part in text.split("‹"):
        found, closing, rest = part.partition("›")
        if closing:
            pieces += [(found, True), (rest, False)]
        else:
            pieces.append((part, False))
    return [piece for piece in pieces if piece[0]]
