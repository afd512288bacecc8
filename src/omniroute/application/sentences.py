"""What people are told about what they asked for: one sentence for every code.

The core answers with codes and values; the door refuses with codes of its own.  Here each has its
sentence, and a test holds this table against both.  A sentence names things as people do: the
thread by its number, agents and customers by their names, times by how long ago.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from omniroute.application import words
from omniroute.application.directory import Directory


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence may need; whatever is not known is left empty."""

    directory: Directory
    now: int
    thread: int = 0
    values: Mapping[str, object] = field(default_factory=dict)
    since: int = 0  # when the present owner got the thread
    customer: str = ""
    wrote: str = ""  # the customer's last words
    wrote_at: int = 0
    words: str = ""  # what goes out, where the agent wrote it in other words

    @property
    def it(self) -> str:
        """The thread, as a person says it."""
        return f"#{self.thread}" if self.thread else "It"

    def who(self, value: str = "by") -> str:
        """The name of the agent that the answer speaks of."""
        return self.directory.name(str(self.values.get(value, ""))) or "Somebody"

    def value(self, name: str) -> str:
        """One of the values, as text."""
        return str(self.values.get(name, ""))

    def ago(self, at: int) -> str:
        """How long ago *at* was, with a space before it, or nothing where it is unknown."""
        return f" {words.span(self.now - at)} ago" if at else ""

    def moment(self, value: str) -> str:
        """A time among the values."""
        at = self.values.get(value)
        if not isinstance(at, int) or not at:
            return "later"
        return words.moment(at, self.now, self.directory.zone)


Sentence = str | Callable[[Told], str]


def _taken(told: Told) -> str:
    return f"{told.who()} took it{told.ago(told.since)}."


def _customer_wrote(told: Told) -> str:
    said = f": ‘{words.one_line(told.wrote)}’" if told.wrote else "."
    return f"{words.given(told.customer)} wrote{told.ago(told.wrote_at)}{said}"


def _held(told: Told) -> str:
    release = told.values.get("release")
    left = release - told.now if isinstance(release, int) else 0
    where = f" to {told.customer}" if told.value("way") else ""
    said = f": “{words.one_line(told.words, 300)}”" if told.words else ""
    return f"Goes out in {words.span(left)}{where}; you can take it back until then{said or '.'}"


def _replied(told: Told) -> str:
    where = f" to {told.customer}" if told.value("way") else ""
    said = f": “{words.one_line(told.words, 300)}”" if told.words else ""
    return f"Your answer is on its way{where}{said or '.'}"


def _transferred(told: Told) -> str:
    return f"{told.it} goes to {told.who('to')}."


def _vetoed(told: Told) -> str:
    if told.value("kind") == "shared":
        return "Several people may write from one of them; say why it is one person all the same."
    if told.value("kind") == "not_same":
        return "A colleague said that they are two people; say why they are one after all."
    each = words.channel(told.value("kind"))
    return f"Each has another {each}, of which a person has one; say why they are one all the same."


DONE: Mapping[str, Sentence] = {
    "accepted": lambda told: f"{told.it} is yours.",
    "passed": lambda told: f"You passed on {told.it}; you will not be asked again for it.",
    "taken_over": lambda told: f"{told.it} is yours.",
    "replied": _replied,
    "held": _held,
    "undone": "Taken back; the customer never saw it.",
    "edited": "Changed.",
    "deleted": "Deleted.",
    "noted": "Noted, for colleagues only.",
    "transferred": _transferred,
    "asked": lambda told: f"{told.who('to')} is asked; {told.it} is yours until they accept.",
    "snoozed": lambda told: f"{told.it} is put aside until {told.moment('until')}.",
    "resolved": lambda told: f"{told.it} is solved.",
    "reopened": lambda told: f"{told.it} is open again and yours.",
    "tagged": "The tags are set.",
    "participants": "Noted who gets a copy.",
    "prioritised": "The priority is set.",
    "done": lambda told: f"You are done with {told.it}.",
    "boosted": lambda told: f"{told.it} has moved in its queue.",
    "new_matter": lambda told: f"It is #{told.value('thread')} now; {told.it} goes on without it.",
    "merged": "They are one customer now; a split undoes it.",
    "imported": "The record is taken in.",
    "proved": "It is shown that both are one person's.",
    "already_one": "They are one customer already.",
    "split": "They are two customers now, each with what they wrote; a merge undoes it.",
    "not_same": "Noted: two people. Nothing will join them by itself.",
    "shared": "Nobody is joined over that address now; each who writes from it is on their own.",
    "resumed": "Automatic replies go out there again.",
    "single": "Noted: one person's address, whatever names they use.",
    "still_joined": "That link is taken back; others still hold them together.",
    "erased": "What they said and were called is erased.",
    "status": lambda told: (
        f"{told.who('whose')} is {told.value('status')} now."
        if told.value("whose")
        else f"You are {told.value('status')} now."
    ),
}
"""What was done."""

REFUSED: Mapping[str, Sentence] = {
    "shared_address": "Several people write from one of them; nobody is joined over it.",
    "taken": _taken,
    "expired": "Your time to answer is over; it was offered to others.",
    "withdrawn": "It is no longer offered to you.",
    "not_offered": "It was never offered to you.",
    "customer_wrote": _customer_wrote,
    "not_yours": lambda told: f"{told.it} is with {told.who()}; ask them, or a lead, to hand over.",
    "not_owned": lambda told: f"Nobody has {told.it} yet; take it first.",
    "one_matter": lambda told: f"{told.it} is about one matter: the customer wrote nothing since.",
    "not_resolved": lambda told: f"{told.it} is not solved; there is nothing to reopen.",
    "resolved": lambda told: f"{told.it} is solved; reopen it first.",
    "no_wrap_up": lambda told: f"There is no work after {told.it} to end.",
    "not_waiting": lambda told: f"{told.it} does not wait for anybody.",
    "leads_only": "Only a lead or an admin may do this.",
    "still_held": "It has not gone out yet: take it back and write it anew.",
    "too_late": "Too late to take back: it has gone out.",
    "unknown_thread": lambda told: f"There is no thread #{told.thread}.",
    "closed": lambda told: f"{told.it} is closed; it is history now.",
    "folded": lambda told: f"{told.it} was joined to #{told.value('into')}; go on there.",
    "no_such_agent": lambda told: f"Nobody on the team is called {told.who('agent')}.",
    "not_here": lambda told: f"{told.who('agent')} is not here; choose somebody else or a queue.",
    "reads_only": lambda told: (
        f"{told.who('agent')} may read in {told.value('queue')} and not reply there."
    ),
    "handed_off": lambda told: f"People have {told.it} now; a bot says no more there.",
    "machine_wrote": lambda told: f"A machine wrote last in {told.it}; a bot does not answer it.",
    "goes_round": lambda told: (
        f"A bot has answered {told.it} three times in ten minutes: two machines may be talking. "
        "A person should look."
    ),
    "mechanical": lambda told: (
        f"In {told.it} a bot was answered as only machines answer, three times in a row: at once, "
        "or in the same words. A person should look."
    ),
    "too_often": lambda told: (
        f"A bot has answered {told.it} {told.value('most')} times within a minute: two machines "
        "may be talking. A person should look."
    ),
    "survey_over": "That question is over, or was never asked.",
    "bad_score": "That number is none of the answers.",
    "not_paused": "No automatic replies pause there.",
    "already": lambda told: f"{told.who('agent')} has {told.it} already.",
    "no_such_queue": lambda told: f"There is no queue {told.value('queue')}.",
    "no_way": "No way leads there: it is not this customer's for sure, or cannot be written to.",
    "no_participant": "They take no part in this conversation; add them first.",
    "is_customer": "That is the customer's own address; they are answered anyway.",
    "too_many": lambda told: f"At most {told.value('most')} people take part in a conversation.",
    "vetoed": _vetoed,
    "unknown_handle": "Nobody has written from there yet.",
    "not_linked": "No link joins these two by itself; part one of them from the rest.",
    "not_apart": "Choose some of one customer's addresses, and not all of them.",
    "still_open": lambda told: f"{told.it} is still open; solve it first.",
    "already_live": lambda told: f"Version {told.value('version')} is live already.",
    "unknown_rules": lambda told: f"There are no rules of version {told.value('version')}.",
}
"""What the core refuses."""


def _by(told: Told) -> str:
    channel = told.value("channel")
    return f" by {channel}" if channel else ""


def _bytes(told: Told) -> str:
    return words.size(int(told.value("most") or 0))


INVALID: Mapping[str, Sentence] = {
    "forbidden": "You may not do this.",
    "acts_for_nobody": (
        "This token acts for nobody on the team; make one with --agent, for an agent or a bot."
    ),
    "reason_required": "Say in a few words why you hand over; it is what they read first.",
    "empty": "There is nothing written.",
    "too_long": lambda told: f"That is too long; at most {told.value('most')} characters.",
    "no_files": lambda told: f"No files go by {told.value('channel')}; send them another way.",
    "too_many_files": lambda told: (
        f"At most {told.value('most')} files go{_by(told)} at once; send the others after it."
    ),
    "file_too_big": lambda told: (
        f"Too big: “{told.value('name')}”; a file{_by(told)} has at most {_bytes(told)}."
    ),
    "file_gone": lambda told: (
        f"The file “{told.value('name')}” is not here (any more); choose it again."
    ),
    "window_closed": lambda told: (
        f"Nothing gets through by {told.value('channel')} until the customer writes there again"
        + (f"; a template does: {told.value('templates')}." if told.value("templates") else ".")
    ),
    "unwanted": lambda told: (
        f"Nothing goes by {told.value('channel')}: they have said that they want no messages there."
    ),
    "no_template": lambda told: (
        f"No template “{told.value('name')}” goes to this customer — {told.value('hint')}."
    ),
    "bad_values": lambda told: (
        f"Say it as: {told.value('usage')} — of “{told.value('text')}”; put a value of several"
        ' words in "quotation marks".'
    ),
    "template_alone": "A template goes alone, without words or files of your own.",
    "one_receiver": "Name one agent or one queue to hand over to.",
    "past": "That time is over; choose a later one.",
    "too_far": "That is more than a year away; choose an earlier time.",
    "bad_tag": "A tag has letters, digits, dots and dashes, at most 40 of them; 20 tags at most.",
    "bad_priority": "A priority is a number from 10 (low) to 40 (urgent).",
    "bad_copies": "Name e-mail addresses, 20 at most: ana@work.example, or -ana@work.example.",
    "no_copies": lambda told: f"No copies go by {told.value('channel')}; answer by e-mail.",
    "bad_status": "A status is online, away, transfers, draining or offline.",
    "bad_seen": "The number of customer messages on screen is missing.",
    "bad_key": "A key has at most 128 characters.",
    "bad_action": lambda told: f"There is no action “{told.value('action')}”.",
    "bad_arguments": lambda told: f"That was not understood: {told.value('fault')}.",
    "bad_handles": "Name two addresses, or some of one customer's.",
    "unknown_customer": lambda told: (
        f"Nobody is known as “{told.value('who')}”; name a thread (#4812) or an address."
    ),
    "ambiguous": lambda told: (
        f"Several people are known as “{told.value('who')}”; name a thread of theirs (#4812)."
    ),
    "cannot_change": lambda told: (
        f"By {told.value('channel') or 'this channel'} nothing can be changed once it is out:"
        " the customer keeps it as it was. Write what is different."
    ),
    "never_sent": "The customer never got it, so there is nothing to change.",
    "already_deleted": "It is deleted already.",
    "unknown_message": "There is no such message.",
    "unknown_file": "There is no such file.",
    "file_elsewhere": (
        "This file is not on the machine that writes just now. It came by another one, and they do"
        " not share the folder of attachments: ask whoever runs the server."
    ),
}
"""What the door refuses before the core is asked."""


def sentence(ok: bool, code: str, told: Told) -> str:
    """What a person is told about *code*."""
    found = (DONE if ok else {**INVALID, **REFUSED}).get(code)
    if found is None:
        return "Done." if ok else f"Not done: {code.replace('_', ' ')}."
    return found if isinstance(found, str) else found(told)
