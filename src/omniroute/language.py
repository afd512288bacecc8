"""A plugin of ours: the language a message is written in, as the fact ``message.language``.

CLD3 (Google, 2016; Apache-2.0) reads the first thousand bytes.  Of a few words it would only
guess, and a wrong guess sends a customer to the wrong people: then nothing is said, and rules see
that the language is not known.  Needs the extra ``lang``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import gcld3

from omniroute.channel import Inbound
from omniroute.core.model import Fact
from omniroute.hookspecs import hookimpl

ENOUGH: Final = 14  # letters below which every answer is a guess; one of Chinese says twice as much
BEGINNING: Final = 4 * ENOUGH  # characters in which there are enough of them, as a rule
SURE: Final = 0.7
LONGEST: Final = 1000  # bytes looked at
FIRST_OF_EAST_ASIA: Final = "\u2e80"

# CLD3 gives Hebrew the code it had until 1989.
MODERN: Final = {"iw": "he"}
CONTROLS: Final = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")  # CLD3 stumbles over them

_identifier = gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=LONGEST)


@hookimpl
def omniroute_facts(inbound: Inbound) -> Mapping[str, Fact]:
    """The language, if it is sure."""
    found = language_of(f"{inbound.subject}\n{inbound.text}")
    return {"message.language": found} if found else {}


def language_of(text: str) -> str:
    """The language of *text*, or an empty string when it is not sure.

    By its ISO 639-1 code, or by its ISO 639-2 code where it has no other (Filipino, Cebuano).
    """
    head = text[:LONGEST].encode("utf-8", "replace").decode().translate(CONTROLS).strip()
    if _letters(head[:BEGINNING]) < ENOUGH and _letters(head) < ENOUGH:
        return ""
    best = _identifier.FindLanguage(text=head)
    if not best.is_reliable or best.probability < SURE:
        return ""
    code = str(best.language).partition("-")[0]
    return MODERN.get(code, code)


def _letters(text: str) -> int:
    """How much there is to go by; a letter of East Asia says more."""
    if max(text, default="") < FIRST_OF_EAST_ASIA:
        return sum(map(str.isalpha, text))
    return sum(2 if letter >= FIRST_OF_EAST_ASIA else 1 for letter in text if letter.isalpha())
