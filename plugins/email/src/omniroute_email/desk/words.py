"""What the mail desk says, in one place."""

from __future__ import annotations

from typing import Final

from omniroute import COMMANDS, Sheet

OURS: Final = ("mine", "hold", "join")
"""Words of this desk."""

KNOWN: Final = frozenset((*COMMANDS, *OURS))

LIKELY: Final = ("accept", "pass", "take", "resolve", "reopen", "undo", "help", "hold", "mine")
"""Words that are not sent where they are all that was written: the # was forgotten."""

HELP: Final = """\
What you write above the line goes to the customer, without quotation and signature.
Commands stand at the very top, each in a line of its own:
#accept · #pass why · #take · #note text · #transfer who why · #warm who why · #snooze 2h
#resolve · #reopen · #tag word · #priority high · #merge #thread why · #who · #why · #help
#all text answers everybody who takes part, #cc address adds one, #via email text answers
another way; #edit text and #delete change what you have sent. #template names what goes where
a platform takes no plain words any more, #template name value … sends it.
#undo takes back what has not gone out; #hold above an answer shows it to you before it goes.
#status online|away|transfers|offline and #mine need no thread: write them in a new mail.
With #note all that you write stays inside. What is not understood does nothing at all."""

FOOTER: Final = (
    "At the top of your reply: #note … · #resolve · #snooze 2h · #transfer who why · #help"
)
NO_THREAD: Final = (
    "Nothing was done: I do not know which thread you mean."
    " Answer one of my mails about it, or write #mine to see what is yours."
)
NOTHING: Final = "Nothing was sent: there was no word of yours above the line."
QUOTED: Final = (
    "Nothing was sent: I cannot tell your words from what you quoted."
    " Write above the line, or without the quotation."
)
AMID: Final = (
    "Nothing was sent: you wrote amid the quotation, and what stands there would be lost."
    " Write all of it above the line."
)
UNDER: Final = (
    "Nothing was done: “{line}” stands below other text, and commands stand at the very top."
    " If it shall go to the customer, begin your mail with #reply."
)
BARE: Final = "Nothing was sent: did you mean #{word}? To send it as it is, write #reply {word}"
WHOSE_FILES: Final = (
    "Nothing was done: this mail has an answer and a note, and I cannot tell with which its files"
    " go. Send them in two mails."
)
AGAIN: Final = (
    "Nothing was sent: your last answer, of {clock}, says just that."
    " To send it again, begin your mail with #reply."
)
UNVOUCHED: Final = (
    "Nothing was done: the mail server that took your mail does not vouch that it is from you."
    " Send it by your own mail server, as all your mail."
)
STRANGER: Final = (
    "Nothing was done: this address is for agents, and I know nobody by yours. If you want to"
    " reach us, write to {to}. If you work here, ask an admin for a code (omniroute agent invite)."
)
JOINED: Final = (
    "This address is {agent}'s now. Write #status online to begin, #help for what can be said."
)
DIGEST: Final = (
    "You have had {most} mails within an hour, so what is new comes together for a while."
    " To answer, reply to an earlier mail about the thread, or open the console."
)
DIGEST_SUBJECT: Final = "What is new in {count} of your threads"
AWAY: Final = "My mailbox has answered by itself: “{said}”"


def banner(sheet: Sheet | None, agent: str) -> str:
    """What an answer to a mail does: its first line."""
    if sheet is None:
        return "Replying does what its #commands say and nothing else."
    to = sheet.to or sheet.title
    if sheet.owner == agent:
        return f"Replying sends to {to}."
    if sheet.owner:
        return f"Replying sends nothing: {sheet.owner_name} has it. #note … tells colleagues."
    if sheet.phase in ("closed", "folded"):
        return "Replying sends nothing: this is history."
    return f"Replying sends to {to} and makes #{sheet.thread} yours."


def minutes(until: int, now: int) -> str:
    """What remains of an offer, to a minute.

    >>> minutes(600_000, 0), minutes(30_000, 0), minutes(7_260_000, 0)
    ('10 min', '1 min', '2 h 1 min')
    """
    left = max(1, round((until - now) / 60_000))
    hours, rest = divmod(left, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"
