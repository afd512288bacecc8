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

ENOUGH: Final = 14  # letters below which every answer is a guess
SURE: Final = 0.7
LONGEST: Final = 1000  # bytes looked at

_identifier = gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=LONGEST)


@hookimpl
def omniroute_facts(inbound: Inbound) -> Mapping[str, Fact]:
    """The language, if it is sure."""
    found = language_of(f"{inbound.subject}\n{inbound.text}")
    return {"message.language": found} if found else {}


def language_of(text: str) -> str:
    """The ISO 639-1 code of the language of *text*, or an empty string when it is not sure."""
    head = text[:LONGEST].encode("utf-8", "ignore").decode().strip()
    if sum(map(str.isalpha, head)) < ENOUGH:
        return ""
    best = _identifier.FindLanguage(text=head)
    if not best.is_reliable or best.probability < SURE:
        return ""
    return str(best.language).partition("-")[0]
