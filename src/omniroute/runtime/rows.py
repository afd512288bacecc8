"""The rows beside the journal: what is private, and what the outbox still owes.

The core's own rows (`h/` handles, `c/` customers, `t/` threads, `a/` agents, `n/` counters) are
written by `core.state`.  These are the runtime's:

=================  ==================================================================
``b/<message>``    `Body`: what was said
``e/<external>``   the message that a platform's id names, where it may be changed there
``p/<handle>``     `Reached`: the address behind a handle
``o/<effect>``     `Owed`: an effect not yet settled
``d/<input key>``  the answer an input got, so that asking again changes nothing
``y/<handle>``     that somebody declared the address shared
``w/<external>``   in whose conversation a message stands, by a platform's id of it
``s/<effect>``     `Sent`: of a message that went out, where it belongs; a report may come later
``x/<effect>``     `Failure`: why something could not be delivered, in the platform's words
``u/form``         of which form the core's rows are, so that another version makes them anew
``u/words``        what the newest writer writes, so that who does not know it all keeps away
``u/refilling``    that the store is being made from an archive (`refilling`)
``u/trimmed``      that rows and records are in an archive alone, of so many records (`trimming`)
``r/<version>``    the sources of a rule set, so that the past can be explained
``v/<time>/…``     `RulesAct`: what was done with a rule set, by whom, and why
=================  ==================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from omniroute.channel import Question
from omniroute.core.effects import AnyEffect

MARK: Final = "u/refilling"
"""The row of a store that is half made."""


class Owed(msgspec.Struct, frozen=True):
    """An effect not yet settled, and its place: the journal's number, and which of that entry's.

    Effects are named by a hash; without their place two answers might go out in the wrong order
    after a restart.  *term* is that of the writer who decided it (`core.tenure`); *in_doubt* says
    that one who stopped in order may have sent it.
    """

    seq: int
    place: int
    effect: AnyEffect
    term: int = 0
    in_doubt: bool = False


_owed = msgspec.json.Decoder(Owed).decode
_effect: Callable[[bytes], AnyEffect] = msgspec.json.Decoder(AnyEffect).decode


def owed(row: bytes) -> Owed:
    """An effect not yet settled, from its row; the first versions wrote the effect alone."""
    try:
        return _owed(row)
    except msgspec.ValidationError:
        return Owed(0, 0, _effect(row))


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of a message; the bytes lie in the files folder under *sha*."""

    name: str
    media_type: str
    size: int
    sha: str
    inline: bool = False


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message's text and everything else that must be erasable."""

    text: str
    html: str = ""  # as it came; sanitised when it is shown
    subject: str = ""
    quoted: str = ""
    files: tuple[Attachment, ...] = ()
    external_id: str = ""
    conversation: str = ""
    channel: str = ""
    account: str = ""
    references: tuple[str, ...] = ()
    unread: str = ""
    sent_at: int = 0
    raw: str = ""  # sha of the raw bytes, kept where something could not be read
    quotes: str = ""  # the message that this one answers in particular
    edited: int = 0  # when the sender last changed it, ms since the epoch
    former: tuple[str, ...] = ()  # what it said before, oldest first
    reactions: dict[str, str] = {}  # by handle
    delivered: int = 0  # of ours: when it reached the customer, ms since the epoch
    read: int = 0  # and when they read it
    template: str = ""  # the platform's, of which *text* is what it says
    values: tuple[str, ...] = ()  # for its variables
    question: Question | None = None  # what it asks, and the choices there are


class Reached(msgspec.Struct, frozen=True, omit_defaults=True):
    """The address behind a handle."""

    kind: str
    value: str
    display: str = ""
    verified: bool = True


class Writers(msgspec.Struct, frozen=True):
    """In whose conversation a message stands; of a place about one matter, the latest writers."""

    handles: tuple[str, ...] = ()


class Sent(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a message that went out belongs, whom it went to, and what the platform calls it.

    *parts* are the ids of each of the messages it was sent as; where its files went *apart*, in
    the last one, the others have the words.
    """

    thread: int
    message: str
    handle: str = ""
    answers: str = ""  # the message that it answers, which says where that is
    begins: tuple[str, str] | None = None  # or what it began: the channel and the account
    parts: tuple[tuple[str, ...], ...] = ()
    apart: bool = False
    copies: tuple[str, ...] = ()


class Failure(msgspec.Struct, frozen=True):
    """Why an effect failed, for people."""

    reason: str


class TestRun(msgspec.Struct, frozen=True):
    """How the tests of a rule set went."""

    passed: int
    failed: int


class RulesAct(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done with a rule set; kept for ever.

    *how*: ``start``, ``reload``, ``live``, ``rollback`` (it decides from then on), ``shadow``,
    ``canary`` (it is on trial) or ``stopped`` (it no longer is).
    """

    at: int
    version: str
    how: str
    by: str = ""  # an agent's id, or a name given at the terminal
    message: str = ""
    tests: TestRun | None = None
    share: float = 0.0
    until: int = 0
    replaced: str = ""  # the version that decided before

    @property
    def row(self) -> str:
        """The key of its row: in the order of time."""
        return f"v/{self.at:013d}/{self.version}/{self.how}"

    @property
    def decides(self) -> bool:
        """Whether the version decided from then on."""
        return self.how in DECIDING


DECIDING = ("start", "reload", "live", "rollback")
