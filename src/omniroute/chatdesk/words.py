"""What a desk in a chat says, in one place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from omniroute.desk import Line, Sheet

HELP: Final = """\
What you write in your own thread goes to the customer; /note keeps it inside.
/reply text · /all text · /cc address · /via email text · /note text
/template: what a platform has approved, for when it takes no plain words any more
/transfer who why · /snooze 2h · /resolve · /reopen
/tag word · /priority high · /who · /why · /undo · /take · /accept · /pass
Change or delete what you wrote and it changes at the customer's, where their channel can;
answering it, /edit text and /delete do the same.
/status online|away|transfers|offline · /mine: what is yours
Answer a message to say which thread, and which message, you mean."""

NOT_BOUND: Final = (
    "Nothing was done: I do not know this account as an agent's. Ask an admin for a code"
    " (omniroute agent invite) and open its link."
)
NO_THREAD: Final = (
    "Nothing was sent: I do not know which thread you mean."
    " Answer one of its messages, or see /mine."
)
NO_FILES: Final = (
    "The file was not kept: files go with an answer or a note, and {verb} is neither."
    " Send it by itself."
)
UNCHANGED: Final = "The customer still has it as it was."
FORGED: Final = "This button is not for this place."


PEOPLE: Final = (
    ("same", "The same person", "merge"),
    ("other", "Not the same person", "split"),
)
"""What can be said of two addresses: the verb of its button, its label, what one must be able to
do."""

PEOPLE_CHANGED: Final = "Out of date: who is who has changed; see the card."

_COMMAND: Final = re.compile(r"(?<![\w/])/(?=[a-z])")


def with_slash(text: str, slash: str) -> str:
    """A text of ours with the commands in it as a platform has them.

    >>> with_slash("Say /status online.", "")
    'Say status online.'
    """
    return text if slash == "/" else _COMMAND.sub(slash, text)


def card(lines: Sequence[str]) -> str:
    """A card as text."""
    return "\n".join(lines)


def left(until: int, now: int) -> str:
    """What remains of an offer, in steps, so that it is not changed every second.

    >>> left(45_000, 0), left(52_000, 0), left(600_000, 0)
    ('0:45', '0:45', '10 min')
    """
    seconds = max(0, until - now) // 1000
    if seconds > 90:
        return f"{round(seconds / 60)} min"
    return f"0:{seconds // 15 * 15:02d}" if seconds < 60 else "1:00"


def mode(sheet: Sheet, shared: bool, *, inside: bool = False) -> str:
    """What plain text means in a place; *inside*: whatever is written in a shared one is a note."""
    to = sheet.to or sheet.title
    last = " What has gone out there cannot be changed." if sheet.lasting and sheet.to else ""
    if shared and inside:
        return "What is written here stays inside, whoever writes it."
    if not shared:
        return f"What you write here goes to {to}. /note … stays inside.{last}"
    if sheet.owner:
        return (
            f"{sheet.owner_name} writes to {to} here; what others write stays inside."
            f" /reply … and /note … say it for sure.{last}"
        )
    return f"What is written here stays inside. /take it to answer {to}."


def line(said: Line) -> str:
    """A line of a thread as a post."""
    files = "".join(f"\n📎 {file.name}" for file in said.files)
    text = f"{said.text}{files}".strip()
    edited = f" (edited, was “{short(said.former[-1], 300)}”)" if said.former else ""
    match said.kind:
        case "customer":
            return f"{said.author}{edited or (' (edited)' if said.edited else '')}: {text}"
        case "note":
            return f"📝 {said.author}, inside{edited}: {text}"
        case "automatic":
            return f"⚙ Sent by itself: {text}"
    return f"↪ {said.author}{edited}: {text}"


def stands(sheet: Sheet) -> str:
    """How a thread stands now, in a line."""
    match sheet.phase:
        case "resolved":
            return f"✔ Solved. What {sheet.title} writes next opens it again."
        case "closed":
            return "✔ Closed: history now."
        case "folded":
            return f"Joined to another thread of {sheet.title}."
        case "snoozed":
            return f"💤 Put aside by {sheet.owner_name}."
        case "assigned":
            return f"{sheet.owner_name} has it now."
    return "It waits for somebody to take it."


def withdrawn(reason: str, sheet: Sheet) -> str:
    """Why a card is no offer any more."""
    if reason.startswith("taken:") or (sheet.owner and reason in ("rescinded", "")):
        return f"✋ {sheet.owner_name or 'Somebody'} has it, since {sheet.clock}."
    return {
        "expired": "⌛ Your time to answer is over; it was offered to others.",
        "resolved": "✔ It was solved meanwhile.",
        "transferred": "It was handed over meanwhile.",
        "declined": "You passed.",
    }.get(reason, "It is no longer offered to you.")


def answered(agent: str, sheet: Sheet) -> str:
    """Why a card is no offer any more, where its agent may have answered on another desk."""
    if sheet.owner == agent:
        return f"✔ You have it, since {sheet.clock}."
    return withdrawn("", sheet)


TOLD: Final = {
    "woken": "The snooze is over: #{thread} {title} is yours again.",
    "soon:first_reply": "#{thread} {title}: the first reply is due soon.",
    "soon:next_reply": "#{thread} {title}: a reply is due soon.",
    "soon:resolution": "#{thread} {title}: it should be solved soon.",
    "late:first_reply": "#{thread} {title}: the first reply is late.",
    "late:next_reply": "#{thread} {title}: a reply is late.",
    "late:resolution": "#{thread} {title}: it should have been solved by now.",
    "low": "#{thread} {title}: the customer was not satisfied ({word} {more}); see there.",
    "wake": "#{thread} {title} was back and had no answer: it goes to others.",
    "participant": "Somebody in the conversation wrote in #{thread} {title}, which is solved.",
    "failed": "An answer in #{thread} {title} was not delivered; see there.",
    "astray": "An answer in #{thread} was not sent: its address is somebody else's after all.",
    "unchanged": "A change in #{thread} {title} did not reach the customer; see there.",
    "transferred": "#{thread} {title} was handed over; {owner} has it.",
    "claim": "{owner} has taken #{thread} {title} over.",
    "split": "#{thread} {title} was parted: they are two people after all.",
    "topic": "#{thread} {title} is about something else now; see its card.",
    "step": "#{thread} {title} waits longer than it should.",
    "unreachable": "#{thread} {title} is with {word}, whom nobody reaches.",
    "folded": "#{thread} was joined to another thread of {title}; {owner} goes on.",
    "stranded": "#{thread} {title} waits, and nobody can take it: {word}.",
    "deep": "{more} wait in {word}; #{thread} {title} was the last to come.",
    "quiet": (
        "Automatic replies pause: {more} {word} within an hour, the last in #{thread} {title}. "
        "An admin may end the pause."
    ),
    "handed_on": "#{thread} {title} is handed on and on.",
    "declined": "{word} passed: #{thread} {title} stays yours.",
    "expired": "{word} did not answer: #{thread} {title} stays yours.",
    "unresponsive": "You missed two offers, so you are shown as away and are not asked.",
}
"""What an agent is told about, by its reason or the first word of it."""


def told(reason: str, sheet: Sheet) -> str:
    """What an agent is told about a thread."""
    first, _, rest = reason.partition(":")
    word, _, more = rest.partition(":")
    form = TOLD.get(reason) or TOLD.get(first) or "About #{thread} {title}: {reason}"
    return form.format(
        thread=sheet.thread, title=sheet.title, owner=sheet.owner_name or "nobody",
        reason=reason, word=word.replace("_", " "), more=more,
    )  # fmt: skip


def short(text: str, most: int) -> str:
    """A text that fits."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
