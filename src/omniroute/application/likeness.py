"""Who may be whom: how alike two customers are by what they are called and where they write from.

Nothing is joined by it.  A score says how much speaks for it, the reasons say what; a person
decides.  It is deterministic, and reads private rows, so it lives outside the core.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterable
from typing import Final

import msgspec

from omniroute.channel import Address
from omniroute.runtime import equivalence
from omniroute.runtime.phones import Alike

LEAST: Final = 0.5
"""A score below this is not worth anybody's time."""
MOST: Final = 10  # suggestions for one person
CANDIDATES: Final = 200  # people who are compared with one
SHORTEST: Final = 5  # characters of a name before the at sign that tell somebody apart

# What each reason weighs; together they count as independent evidence (noisy or).
NAME: Final = 0.5  # equal full names
FORM: Final = 0.8  # one address may be another form of the other
LOCAL: Final = 0.4  # equal names before the at sign
SAME_SITE: Final = 0.2  # at one domain, where not everybody has a mailbox

PUBLIC: Final = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "icloud.com",
        "me.com",
        "yahoo.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "t-online.de",
        "proton.me",
        "protonmail.com",
        "fastmail.com",
        "aol.com",
        "mail.ru",
        "orange.fr",
        "free.fr",
        "libero.it",
        "qq.com",
        "163.com",
    ]
)
"""Domains where anybody may have a mailbox."""
_ROLES: Final = frozenset(
    ["admin", "billing", "contact", "help", "hello", "info", "mail", "office", "sales", "support"]
)
_WORD = re.compile(r"\w+")


class Reach(msgspec.Struct, frozen=True):
    """One handle of somebody, as the rows have it."""

    kind: str
    value: str
    name: str = ""


class Likely(msgspec.Struct, frozen=True):
    """Somebody who may be the same person: *score* from 0 to 1, and what speaks for it."""

    customer: str
    name: str
    score: float
    reasons: tuple[str, ...]
    mine: str = ""  # a handle of whom it is asked about, to be joined with
    handle: str = ""  # one of theirs
    thread: int = 0  # their latest, if they have written


def likeness(one: Iterable[Reach], other: Iterable[Reach]) -> tuple[float, tuple[str, ...]]:
    """How alike two people are, and why.

    >>> a = Reach("email", "joe.miller@mail.example", "Joe Miller")
    >>> b = Reach("email", "joe.miller@work.example", "Miller, Joe")
    >>> likeness([a], [b])
    (0.7, ('both are called Joe Miller', 'both write as joe.miller@…'))
    """
    mine, theirs = tuple(one), tuple(other)
    against, reasons = 1.0, dict[str, None]()
    for weight, said in _said(mine, theirs):
        if said not in reasons:
            reasons[said] = None
            against *= 1 - weight
    return round(1 - against, 2), tuple(reasons)


def _said(mine: tuple[Reach, ...], theirs: tuple[Reach, ...]) -> Iterable[tuple[float, str]]:
    names = {words: reach.name for reach in theirs if len(words := _words(reach.name)) > 1}
    shared = sorted({r.name for r in mine if _words(r.name) in names})
    if shared:
        yield NAME, f"both are called {shared[0]}"
    for a in mine:
        for b in theirs:
            yield from _alike(a, b)


def _alike(a: Reach, b: Reach) -> Iterable[tuple[float, str]]:
    alike = equivalence.compare(Address(a.kind, a.value), Address(b.kind, b.value))
    if alike is not Alike.DIFFERENT and a.value and b.value:
        yield FORM, f"{a.value} may be another form of {b.value}"
        return
    (local, site), (other, place) = _mailbox(a), _mailbox(b)
    if local and local == other and len(local) >= SHORTEST and local not in _ROLES:
        yield LOCAL, f"both write as {local}@…"
    elif site and site == place and site not in PUBLIC and _words(a.name) == _words(b.name):
        yield SAME_SITE, f"both write from {site}"


def _mailbox(reach: Reach) -> tuple[str, str]:
    if reach.kind != equivalence.EMAIL:
        return "", ""
    local, _, site = equivalence.canonical(reach.kind, reach.value).rpartition("@")
    return local.casefold(), site


def name_key(name: str) -> str:
    """By what a full name is found again; empty for what is none.

    >>> name_key("Miller, Joe") == name_key("joe MILLER")
    True
    """
    words = _words(name)
    return " ".join(words) if len(words) > 1 else ""


def _words(name: str) -> tuple[str, ...]:
    """A name without order, case, accents and signs."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return tuple(sorted(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))))


def likely(db: sqlite3.Connection, customer: str) -> tuple[Likely, ...]:
    """Who may be *customer*, the likeliest first; whom somebody told apart is left out."""
    mine = _reaches(db, customer)
    found = []
    for other in _candidates(db, customer, mine):
        score, reasons = likeness(mine, _reaches(db, other))
        if score >= LEAST and not _apart(db, customer, other):
            row = db.execute("SELECT name FROM customers WHERE id = ?", (other,)).fetchone()
            ends = (_oldest(db, customer), _oldest(db, other))
            name = row["name"] if row else ""
            found.append(Likely(other, name, score, reasons, *ends, _latest(db, other)))
    return tuple(sorted(found, key=lambda who: (-who.score, who.customer))[:MOST])


def _oldest(db: sqlite3.Connection, customer: str) -> str:
    row = db.execute(
        "SELECT id FROM handles WHERE customer = ? ORDER BY since, id LIMIT 1", (customer,)
    ).fetchone()
    return str(row["id"]) if row else ""


def _latest(db: sqlite3.Connection, customer: str) -> int:
    row = db.execute(
        "SELECT id FROM threads WHERE customer = ? AND root = id ORDER BY id DESC LIMIT 1",
        (customer,),
    ).fetchone()
    return int(row["id"]) if row else 0


def _reaches(db: sqlite3.Connection, customer: str) -> tuple[Reach, ...]:
    """By what *customer* is reached; what several people share says nothing of one of them."""
    rows = db.execute(
        "SELECT kind, value, display FROM handles WHERE customer = ? AND sharing != 'shared'"
        " ORDER BY since, id",
        (customer,),
    )
    return tuple(Reach(row["kind"], row["value"], row["display"]) for row in rows)


def _candidates(db: sqlite3.Connection, customer: str, mine: tuple[Reach, ...]) -> list[str]:
    """Whoever is called so, or writes under such a name before the at sign."""
    found: dict[str, None] = {}
    for reach in mine:
        local = _mailbox(reach)[0]
        rows = db.execute(
            "SELECT customer FROM handles WHERE called = :name AND :name != ''"
            " UNION SELECT customer FROM handles WHERE :local != ''"
            " AND value >= :local || '@' AND value < :local || 'A'"
            " ORDER BY customer LIMIT :most",
            {"name": name_key(reach.name), "local": local, "most": CANDIDATES},
        )
        found |= {row["customer"]: None for row in rows}
    found.pop(customer, None)
    return list(found)[:CANDIDATES]


def _apart(db: sqlite3.Connection, customer: str, other: str) -> bool:
    """Whether somebody said that they are two."""
    return bool(
        db.execute(
            "SELECT EXISTS (SELECT 1 FROM apart"
            " JOIN handles AS one ON one.id = apart.a JOIN handles AS two ON two.id = apart.b"
            " WHERE (one.customer = :a AND two.customer = :b)"
            " OR (one.customer = :b AND two.customer = :a))",
            {"a": customer, "b": other},
        ).fetchone()[0]
    )
