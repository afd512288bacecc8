"""People in files: CSV and vCard become records, and what cannot be read is named by its line.

CSV has a line of headings; which column is what is told by its name (`COLUMNS`), or by the admin.
vCard is read in versions 2.1 to 4.0 (RFC 6350), by vobject, card by card: one that is broken leaves
the others alone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import vobject

from omniroute.application.importing import Person, Reach
from omniroute.errors import ConfigError, did_you_mean
from omniroute.runtime.phones import e164

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name", "full name", "display name", "customer", "contact"),
    "first": ("first name", "firstname", "given name", "forename"),
    "last": ("last name", "lastname", "surname", "family name"),
    "email": ("email", "e-mail", "mail", "email address", "e-mail address"),
    "phone": ("phone", "telephone", "tel", "mobile", "mobile phone", "phone number", "cell"),
    "telegram": ("telegram", "telegram id"),
    "slack": ("slack", "slack id"),
}
"""Names of columns, by what they are; a number behind them does not matter."""

UNREADABLE: Final = (vobject.base.VObjectError, ValueError, AttributeError, LookupError, TypeError,
                     StopIteration)  # fmt: skip
"""What vobject raises for a card that is none, or that names a charset which is none."""

_MAIL: Final = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,190}\.[^\s@]{2,63}")
_CARD: Final = re.compile(r"\s*BEGIN:VCARD\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says: records with their lines, what cannot be read, what is passed by."""

    people: Sequence[tuple[int, Person]]
    faults: Sequence[ConfigError] = ()
    ignored: Sequence[str] = ()  # columns


@dataclass(slots=True)
class _Findings:
    path: Path
    people: list[tuple[int, Person]] = field(default_factory=list)
    faults: list[ConfigError] = field(default_factory=list)

    def fault(self, line: int, fault: str, fix: str = "") -> None:
        self.faults.append(ConfigError(f"{self.path}:{line}", fault, fix))

    def take(self, line: int, name: str, found: list[Reach | tuple[str, str]]) -> None:
        """A record, unless something in it is wrong: half a person is worse than none."""
        wrong = [each for each in found if not isinstance(each, Reach)]
        for fault, fix in wrong:
            self.fault(line, fault, fix)
        addresses = [each for each in found if isinstance(each, Reach)]
        if not wrong and not addresses:
            self.fault(line, "no address in this record", "give a mailbox or a phone number")
        elif not wrong:
            self.people.append((line, Person(tuple(dict.fromkeys(addresses)), name)))


def read_people(path: Path, columns: Mapping[str, str]) -> Read:
    """Every record of a file; *columns* says what further columns are, as ``crm!`` or ``login``.

    Raises `ConfigError` for a file that cannot be read at all.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}", "is not UTF-8", "save it as UTF-8") from None
    if any(_CARD.fullmatch(line) for line in text.splitlines()[:50]):
        return _cards(path, text)
    return _table(path, text, columns)


# --- CSV -----------------------------------------------------------------------------------------


def _table(path: Path, text: str, columns: Mapping[str, str]) -> Read:
    head = next(iter(text.splitlines()), "")
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found = _Findings(path)
    try:
        headings = [name.strip() for name in next(rows, [])]
        kinds = _kinds(path, headings, columns)
        begins = rows.line_num + 1
        for cells in rows:
            if any(cell.strip() for cell in cells):
                _row(found, begins, cells, kinds)
            begins = rows.line_num + 1
    except csv.Error as error:
        raise ConfigError(f"{path}:{rows.line_num}", f"is no CSV: {error}") from None
    ignored = [name for name, kind in zip(headings, kinds, strict=True) if name and not kind]
    return Read(found.people, found.faults, ignored)


def _kinds(path: Path, headings: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    given = {name.casefold(): kind for name, kind in columns.items()}
    for name in given:
        if name not in [heading.casefold() for heading in headings]:
            fix = did_you_mean(name, headings) or f"there are {', '.join(headings)}"
            raise ConfigError(f"{path}:1", f"has no column “{name}”", fix)
    known = {name: kind for kind, names in COLUMNS.items() for name in names}
    found = []
    for heading in headings:
        plain = re.sub(r"[\s_]*\d*$", "", heading.casefold().replace("_", " "))
        found.append(given.get(heading.casefold()) or known.get(plain, ""))
    if not set(found) - {"", "name", "first", "last"}:
        fix = f"name one email or phone, or say --column {headings[0] if headings else 'X'}=KIND"
        raise ConfigError(f"{path}:1", "no column holds addresses", fix)
    return found


def _row(found: _Findings, line: int, cells: Sequence[str], kinds: Sequence[str]) -> None:
    if len(cells) != len(kinds):
        return found.fault(line, f"has {len(cells)} cells, and the headings are {len(kinds)}")
    names: dict[str, str] = {}
    addresses: list[Reach | tuple[str, str]] = []
    for cell, kind in zip(cells, kinds, strict=True):
        if kind in ("name", "first", "last"):
            names.setdefault(kind, " ".join(cell.split()))
        elif kind:
            addresses += [_reach(kind, value) for value in _values(kind, cell)]
    both = f"{names.get('first', '')} {names.get('last', '')}".strip()
    found.take(line, names.get("name") or both, addresses)
    return None


def _values(kind: str, cell: str) -> Iterator[str]:
    several = re.split(r"[;,\n|]", cell) if kind in ("email", "phone") else [cell]
    yield from filter(None, (value.strip() for value in several))


def _reach(kind: str, value: str) -> Reach | tuple[str, str]:
    """An address, or what is wrong with it and what to do."""
    if kind == "email":
        mail = value.removeprefix("mailto:").lower()
        if not _MAIL.fullmatch(mail):
            return f"“{value}” is no e-mail address", "write it as joe@mail.example"
        return Reach("email", mail)
    if kind == "phone":
        written = re.sub(r"^00", "+", value.removeprefix("tel:").strip())
        number = e164(written) if written.startswith("+") else ""
        if not number:
            return f"“{value}” is no number with its country", "write it as +49 170 1234567"
        return Reach("phone", number)
    if kind == "telegram" and not value.isdecimal():
        return f"“{value}” is no Telegram number", "a user name is no address: it changes hands"
    return Reach(kind.removesuffix("!"), value, unique=kind.endswith("!"))


# --- vCard ---------------------------------------------------------------------------------------


def _cards(path: Path, text: str) -> Read:
    found = _Findings(path)
    for line, card in _split(text):
        try:
            read = vobject.readOne(card, allowQP=True)
            name, addresses = _of_card(read.contents)
        except UNREADABLE as error:
            said = re.sub(r"^At line \d+: ", "", str(error)) or type(error).__name__
            found.fault(line, f"this card cannot be read: {said}")
        else:
            found.take(line, name, addresses)
    return Read(found.people, found.faults)


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Each card with the line that it begins on."""
    lines = text.splitlines()
    begins = [number for number, line in enumerate(lines) if _CARD.fullmatch(line)]
    for number, following in zip(begins, [*begins[1:], len(lines)], strict=True):
        yield number + 1, "\r\n".join(lines[number:following]).rstrip() + "\r\n"


def _of_card(contents: Mapping[str, list[Any]]) -> tuple[str, list[Reach | tuple[str, str]]]:
    names = [*contents.get("fn", ()), *contents.get("n", ())]
    name = " ".join(str(names[0].value).split()) if names else ""
    addresses: list[Reach | tuple[str, str]] = []
    for kind, fields in (("email", contents.get("email", ())), ("phone", contents.get("tel", ()))):
        addresses += [_reach(kind, value) for f in fields if (value := str(f.value).strip())]
    return name, addresses
