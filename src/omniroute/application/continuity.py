"""What whoever takes over must know: what we have asked already, and what we have promised.

Both are read out of our own answers by their form, so the same conversation gives the same lines on
every desk: a question is a sentence that ends in a question mark, a promise one that says what we
will do or by when.  What is known for sure stands on the card beside this: addresses with ✓.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from omniroute.application import words

MOST: Final = 3  # questions, and promises: the latest count
SHORT, LONG = 60, 80  # characters of each
LEAST: Final = 2  # words; “Yes?” asks for nothing

_SENTENCE: Final = re.compile(r"[^.!?\uff1f\u3002\uff01…\n]+[.!?\uff1f\u3002\uff01…]*")
_QUESTION: Final = re.compile(r"[?\uff1f]\s*$")
_PROMISE: Final = re.compile(
    r"\b(?:(?:i|we)(?:['’]ll| will| shall| promise| guarantee)"
    r"|you(?:['’]ll| will) (?:get|have|receive|hear)"
    r"|(?:by|before|until) (?:tomorrow|tonight|noon|monday|tuesday|wednesday|thursday|friday"
    r"|saturday|sunday|the end of|\d)"
    r"|within (?:the|an?|\d)"
    r"|(?:ich|wir) (?:werde|werden|verspreche|versprechen)\b"
    r"|sie (?:bekommen|erhalten|hören)\b"
    r"|(?:bis|spätestens|innerhalb) (?:morgen|heute|montag|dienstag|mittwoch|donnerstag|freitag"
    r"|samstag|sonntag|zum|von|einer|\d))",
    re.IGNORECASE,
)
_POLITE: Final = re.compile(
    r"^\W*(?:how are you|how can (?:i|we) help|can (?:i|we) help|anything else|is there anything"
    r"|wie kann ich|wie können wir|kann ich|kann ich sonst|sonst noch)",
    re.IGNORECASE,
)


class Said(msgspec.Struct, frozen=True):
    """A message of a thread, oldest first: *ours* is an agent's, else the customer's."""

    ours: bool
    text: str


class Asked(msgspec.Struct, frozen=True):
    """A question of ours, and how it was answered, if it was."""

    question: str
    answer: str = ""


class Continuity(msgspec.Struct, frozen=True):
    """What has been asked and promised, oldest first."""

    asked: tuple[Asked, ...] = ()
    promised: tuple[str, ...] = ()


def continuity(messages: Iterable[Said]) -> Continuity:
    """What *messages* say of it.

    >>> said = [Said(True, "Hello! Which order was it? We will look today."), Said(False, "1182")]
    >>> continuity(said).asked
    (Asked(question='Which order was it?', answer='1182'),)
    >>> continuity(said).promised
    ('We will look today.',)
    """
    asked: list[Asked] = []
    promised: dict[str, None] = {}
    for said in messages:
        if said.ours:
            asked += [Asked(words.one_line(one, SHORT)) for one in questions(said.text)]
            for sentence in _sentences(said.text):
                if not _QUESTION.search(sentence) and _PROMISE.search(sentence):
                    promised[words.one_line(sentence, LONG)] = None
        else:
            answer = words.one_line(said.text, SHORT)
            asked = [one if one.answer else Asked(one.question, answer) for one in asked]
    return Continuity(_latest(asked), tuple(promised)[-MOST:])


def questions(text: str) -> list[str]:
    """The questions in an answer of ours, less those of mere courtesy.

    >>> questions("Hello! How can I help? Which order was it?")
    ['Which order was it?']
    """
    return [
        sentence
        for sentence in _sentences(text)
        if _QUESTION.search(sentence)
        and len(sentence.split()) >= LEAST
        and not _POLITE.match(sentence)
    ]


def _latest(asked: Sequence[Asked]) -> tuple[Asked, ...]:
    """The last time that each was asked."""
    known = {one.question.casefold(): one for one in asked}
    return tuple(known.values())[-MOST:]


def _sentences(text: str) -> Iterable[str]:
    return (found.strip() for found in _SENTENCE.findall(text) if found.strip())


def in_words(known: Continuity) -> Sequence[str]:
    """The lines of the card, none where there is nothing to say."""
    lines = []
    if known.asked:
        told = (f"{a.question} → {a.answer}" if a.answer else f"{a.question} (open)"
                for a in known.asked)  # fmt: skip
        lines.append(f"Asked already  {' · '.join(told)}")
    if known.promised:
        lines.append(f"Promised  {' · '.join(known.promised)}")
    return lines
