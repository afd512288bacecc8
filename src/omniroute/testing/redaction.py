"""Recorded events without personal data: the same shape, and nobody in it.

What a person said, and every name, address and id of theirs, is put out of the raw bytes letter by
letter: letters become others, digits other digits, the length stays, and the same value becomes the
same wherever it stands.  So offsets still fit, ids still agree, and `parse` reads what it read.
Secrets go the same way.  Afterwards the bytes are read again: where anything of it is still told,
they are not handed out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from omniroute.channel import Inbound, Undelivered

Parse = Callable[[bytes], Sequence[Inbound | Undelivered]]

TELLING: Final = re.compile(
    r"(^|_)(name|first_?name|last_?name|user_?name|real_name|display_name|nick|title|e?mail|phone"
    r"|phone_number|from|wa_id|recipient_id|text|caption|body|subject|description|bio|token|secret"
    r"|signature|address|conversation)$",
    re.IGNORECASE,
)
"""Keys of JSON whose values are about a person."""

PEOPLE: Final = frozenset({"from", "sender", "author", "user"})
"""Keys of JSON whose values are people: their ids tell, too, of what is not read as well."""

PATTERNS: Final = (
    re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"),  # e-mail
    re.compile(r"\+\d[\d ()/-]{6,18}\d"),  # telephone
    re.compile(r"\bxox[a-z]-[\w-]{8,}"),  # tokens of Slack
    re.compile(r"\b\d{6,12}:[\w-]{20,}"),  # tokens of Telegram
    re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"),  # JSON Web Tokens
    re.compile(r"\b[0-9a-f]{32,}\b"),  # keys and signatures
)
SHORTEST: Final = 3  # characters; what is shorter tells nobody and stands everywhere
SHORTEST_FILE: Final = 8  # characters of base64, which may stand anywhere
PLAIN: Final = frozenset({"message", "edit", "delete", "reaction", "delivered", "read"})


class StillTold(Exception):
    """Something of a person would have been left in the bytes; the text says which field."""


def redact(raw: bytes, parse: Parse, secrets: Iterable[str] = (), key: bytes = b"") -> bytes:
    """*raw* without personal data.  Raises `StillTold`, or whatever *parse* raises.

    The same *key* gives the same stand-ins, so that several events go on agreeing.
    """
    before = list(parse(raw))
    text = raw.decode("utf-8", "surrogateescape")
    told = {value for value in _told(before) if len(value) >= SHORTEST}
    told |= {value for value in secrets if value}
    told |= {value for value in _of_json(text) if len(value) >= SHORTEST}
    told |= {found[0] for pattern in PATTERNS for found in pattern.finditer(text)}
    for value in sorted(told, key=lambda value: (-len(value), value)):
        stand_in = masked(value, key)
        for form in _forms(value):
            put = _like(form, value, stand_in).replace("\\", r"\\")
            text = re.sub(_bounded(form), put, text)
    made = _without_files(text, before).encode("utf-8", "surrogateescape")
    _examine(made, parse, before, told)
    return made


def masked(value: str, key: bytes) -> str:
    """Another value of the same length and kind of characters.

    >>> masked("Joe-42", b"k") == masked("Joe-42", b"k"), len(masked("Joe-42", b"k"))
    (True, 6)
    """
    stream = _stream(value, key)
    return "".join(_other(character, next(stream)) for character in value)


def _other(character: str, chance: int) -> str:
    if character in string.digits:
        return string.digits[chance % 9 + 1]  # no zero, which a number may not begin with
    if character.isalpha():
        letters = string.ascii_uppercase if character.isupper() else string.ascii_lowercase
        return letters[chance % 26]
    return character


def _stream(value: str, key: bytes) -> Iterator[int]:
    number = 0
    while True:
        yield from hmac.digest(
            key or b"-", f"{number}/{value}".encode("utf-8", "replace"), "sha256"
        )
        number += 1


def _told(found: Sequence[Inbound | Undelivered]) -> Iterator[str]:
    """What was read of people."""
    for one in found:
        if isinstance(one, Undelivered):
            yield one.reason
            continue
        yield from (one.text, one.subject, one.quoted, one.conversation, one.external_id)
        yield from one.text.splitlines()
        for address in (one.sender, *one.also_known_as):
            yield from (address.value, address.display, *address.display.split())
        yield from (file.name for file in one.files)


def _of_json(text: str) -> Iterator[str]:
    """Values of JSON under keys that tell, wherever they stand."""
    try:
        whole = json.loads(text)
    except ValueError:
        return
    stack: list[Any] = [whole]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            for name, inner in value.items():
                if isinstance(inner, str) and TELLING.search(name) and inner not in PLAIN:
                    yield inner
                elif name in PEOPLE and isinstance(inner, dict):
                    yield from (said for said in (inner.get("id"),) if isinstance(said, str))
            stack += value.values()
        elif isinstance(value, list):
            stack += value


def _forms(value: str) -> list[str]:
    """How a value may be written: as it is, and as JSON writes it, in two ways."""
    forms = [value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]]
    return list(dict.fromkeys(forms))


def _like(form: str, value: str, stand_in: str) -> str:
    """The stand-in written as *form* writes the value."""
    if form == value:
        return stand_in
    return json.dumps(stand_in, ensure_ascii=form == json.dumps(value)[1:-1])[1:-1]


def _bounded(form: str) -> str:
    """The form, not as a part of a longer word or number."""
    before = r"(?<![^\W_])" if form[0].isalnum() else ""
    after = r"(?![^\W_])" if form[-1].isalnum() else ""
    return f"{before}{re.escape(form)}{after}"


def _examine(
    made: bytes, parse: Parse, before: Sequence[Inbound | Undelivered], told: set[str]
) -> None:
    after = list(parse(made))
    if [_shape(one) for one in after] != [_shape(one) for one in before]:
        raise StillTold("it would be read as something else without what people said")
    for old, new in zip(before, after, strict=True):
        if isinstance(old, Inbound) and isinstance(new, Inbound):
            for name in ("text", "subject", "quoted"):
                said, now = getattr(old, name), getattr(new, name)
                if len(said) >= SHORTEST and any(c.isalnum() for c in said) and said == now:
                    raise StillTold(f"{name} is still what was said: it is encoded in the bytes")
            if len(old.sender.value) >= SHORTEST and old.sender.value == new.sender.value:
                raise StillTold("the sender is still told: the address is encoded in the bytes")


def _without_files(text: str, found: Sequence[Inbound | Undelivered]) -> str:
    """*text* with zeros instead of what is in files, where they stand in base64 as a whole."""
    for one in found:
        for file in one.files if isinstance(one, Inbound) else ():
            for encoded in (base64.b64encode, base64.urlsafe_b64encode):
                told = encoded(file.data).decode().rstrip("=")
                if len(told) > SHORTEST_FILE:
                    text = text.replace(told, "A" * len(told))
    return text


def _shape(one: Inbound | Undelivered) -> tuple[object, ...]:
    if isinstance(one, Undelivered):
        return (Undelivered, one.permanent, one.complaint)
    files = tuple((file.media_type, len(file.data)) for file in one.files)
    verified = tuple(address.verified for address in (one.sender, *one.also_known_as))
    return (one.kind, files, verified, one.automatic, bool(one.text))


def fingerprint(raw: bytes) -> str:
    """A short name for bytes."""
    return hashlib.sha256(raw).hexdigest()[:10]
