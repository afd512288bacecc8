"""The archive: a second store with the same journal, and tables beside it for people who ask.

It takes each record exactly once: records, rows, tables and the place in the journal are one
transaction, guarded as every commit is by number and hash of the head.  So its hashes are the
store's, and a journal that has lost or changed its end is recognised by comparing them.

The tables are plain SQL, the same on SQLite and PostgreSQL; `docs/reference/archive.md` describes
them.  Times are ms since the epoch, 0 where there is none.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from omniroute.errors import StoreError
from omniroute.stores.api import GENESIS, Head, Reader, Record, Store

FORM: Final = 2
"""Of the tables; an archive of a later form is not opened."""

SURVEYS: Final = (
    """CREATE TABLE surveys (
      message text PRIMARY KEY, thread bigint NOT NULL, survey text NOT NULL,
      measure text NOT NULL, handle text NOT NULL, agent text NOT NULL, queue text NOT NULL,
      channel text NOT NULL, asked_at bigint NOT NULL, answered_at bigint NOT NULL DEFAULT 0,
      score integer, how text NOT NULL DEFAULT '', remark text NOT NULL DEFAULT '',
      ended text NOT NULL DEFAULT ''
    )""",
    "CREATE INDEX surveys_by_asked ON surveys (asked_at)",
    "CREATE INDEX surveys_by_thread ON surveys (thread, asked_at)",
)

ADDED: Final[Mapping[int, Sequence[str]]] = {2: SURVEYS}
"""What each form has that the one before it had not."""

TABLES: Final = (
    "CREATE TABLE archive (one integer PRIMARY KEY CHECK (one = 1), form integer NOT NULL)",
    """CREATE TABLE threads (
      id bigint PRIMARY KEY, shown_in bigint NOT NULL, customer text NOT NULL,
      phase text NOT NULL, queue text NOT NULL, rule text NOT NULL, rules text NOT NULL,
      priority integer NOT NULL, channel text NOT NULL, agent text NOT NULL, tags text NOT NULL,
      opened_at bigint NOT NULL, resolved_at bigint NOT NULL
    )""",
    "CREATE INDEX threads_by_customer ON threads (customer)",
    "CREATE INDEX threads_by_opened ON threads (opened_at)",
    "CREATE INDEX threads_by_resolved ON threads (resolved_at)",
    """CREATE TABLE handles (
      id text PRIMARY KEY, customer text NOT NULL, kind text NOT NULL, verified integer NOT NULL,
      since bigint NOT NULL
    )""",
    "CREATE INDEX handles_by_customer ON handles (customer)",
    """CREATE TABLE addresses (
      handle text PRIMARY KEY, kind text NOT NULL, address text NOT NULL, name text NOT NULL
    )""",
    """CREATE TABLE messages (
      id text PRIMARY KEY, thread bigint NOT NULL, seq bigint NOT NULL, at bigint NOT NULL,
      kind text NOT NULL, channel text NOT NULL, handle text NOT NULL, agent text NOT NULL
    )""",
    "CREATE INDEX messages_by_thread ON messages (thread, at)",
    "CREATE INDEX messages_by_at ON messages (at)",
    """CREATE TABLE articles (
      thread bigint NOT NULL, article text NOT NULL, rule text NOT NULL,
      proposed_at bigint NOT NULL, helped_at bigint NOT NULL DEFAULT 0,
      came_back_at bigint NOT NULL DEFAULT 0, PRIMARY KEY (thread, article, proposed_at)
    )""",
    "CREATE INDEX articles_by_proposed ON articles (proposed_at)",
    *SURVEYS,
)
"""But `texts`, which each database searches in its own way."""

TEXTS: Final = "id text NOT NULL UNIQUE, subject text NOT NULL, said text NOT NULL"


def brought_forward(form: int) -> Sequence[str]:
    """The statements by which tables of *form* become ours; what they lack of the past stays out.

    An archive that is made anew has it.
    """
    late = [each for later, each in ADDED.items() if later > form]
    done = f"UPDATE archive SET form = {FORM}"  # noqa: S608 — a number of ours
    return [*itertools.chain(*late), done] if late else []


class Change(NamedTuple):
    """One statement, with ``$1`` for its values, for each of *rows*."""

    sql: str
    rows: Sequence[tuple[object, ...]]


class Archive(Store, Protocol):
    """A `Store` whose commits fill tables as well; owned by one thread."""

    def append(
        self,
        at: Head,
        records: Sequence[bytes],
        puts: Mapping[str, bytes | None],
        changes: Sequence[Change],
    ) -> Head:
        """As `Store.commit`; *changes* are made in the same transaction."""

    def begin(
        self,
        records: Sequence[Record],
        puts: Mapping[str, bytes | None],
        changes: Sequence[Change],
    ) -> Head:
        """As `append` in a fresh one, of a journal whose beginning is lost: taken as they are.

        Raises `Moved` if it is not fresh.
        """

    def set_aside(self) -> str:
        """Close it, and keep what it holds under another name, which is returned."""

    def asker(self) -> Asker:
        """A view for other threads; whoever asks for it closes it."""


class Asker(Reader, Protocol):
    """A `Reader` that can be asked in SQL, too."""

    def ask(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """The rows of a question, with ``$1`` for its values; it can change nothing."""

    def found(self, words: Sequence[str], limit: int) -> list[dict[str, Any]]:
        """Texts that hold all of *words*, the last of them as a beginning; the best first.

        Each has the message's ``id`` and a ``passage``.
        """


def telling(words: Sequence[str]) -> list[str]:
    """Those of *words* that a text can be asked for: they have a letter or a digit."""
    return [word for word in words if any(letter.isalnum() for letter in word)]


class Behind(StoreError):
    """The store has lost records that the archive has: it is to be filled from there first."""

    def __init__(self, store: Head, archive: Head) -> None:
        super().__init__(store, archive)
        self.store, self.archive = store, archive

    def __str__(self) -> str:
        lost = f"records {self.store[0] + 1} to {self.archive[0]}"
        return f"the store has lost {lost}, which the archive has"


class Forked(StoreError):
    """Store and archive hold different records: both went on from *common*, each in its way."""

    def __init__(self, common: int, store: Head, archive: Head) -> None:
        super().__init__(common, store, archive)
        self.common, self.store, self.archive = common, store, archive

    def __str__(self) -> str:
        return (
            f"the journal is another than the archive's after record {self.common}: the store lost"
            f" what followed and went on (the archive has {self.archive[0]} records, the store"
            f" {self.store[0]}) — `omniroute archive remake` makes the archive anew and keeps the"
            " old one beside it"
        )


class Gap(StoreError):
    """The store no longer has what the archive needs next."""

    def __init__(self, first: int, archive: Head) -> None:
        super().__init__(first, archive)
        self.first, self.archive = first, archive

    def __str__(self) -> str:
        return (
            f"the journal begins at record {self.first}, the archive ends at {self.archive[0]}:"
            " what lies between is in another archive — name that one in store.archive; if it is"
            " lost for good, `omniroute archive remake --accept-loss`"
        )


def compare(store: Reader, archive: Head, common: Reader | None = None) -> None:
    """Whether *archive* can go on from its head with what *store* has.

    Raises `Behind`, `Gap` or `Forked`; the last says where they part if *common*, the archive, can
    be asked.
    """
    if archive == GENESIS:
        if (first := store.tail(0, 1)) and first[0].seq != 1:
            raise Gap(first[0].seq, archive)
        return
    head = store.head()
    found = store.tail(archive[0] - 1, 1)
    if found and found[0].seq == archive[0]:
        if found[0].hash != archive[1]:
            raise Forked(_parted(store, archive[0], common), head, archive)
        return
    if found:
        if found[0].seq > archive[0] + 1:
            raise Gap(found[0].seq, archive)
        return  # what the archive has was cut off; the next record must follow upon it
    if head[0] > archive[0]:  # the whole journal was cut off
        raise Gap(head[0] + 1, archive)
    if head == archive:
        return
    if common is not None and head != GENESIS:
        last = common.tail(head[0] - 1, 1)
        if not last or last[0].hash != head[1]:
            raise Forked(_parted(store, head[0], common), head, archive)
    raise Behind(head, archive)


def _parted(store: Reader, last: int, common: Reader | None) -> int:
    """The last record that both have, found by halving; 0 where nobody can say."""
    low, high = 0, last - 1
    while common is not None and low < high:
        middle = (low + high + 1) // 2
        ours, theirs = store.tail(middle - 1, 1), common.tail(middle - 1, 1)
        if ours and theirs and ours[0] == theirs[0]:
            low = middle
        else:
            high = middle - 1
    return low
