"""What mail programs and people write around a message: the words of ``phrases.toml``."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

_FILE: Final[dict[str, Any]] = tomllib.loads(
    files(__package__).joinpath("phrases.toml").read_text("utf-8")
)


def _words(text: str) -> tuple[str, ...]:
    phrases = (phrase.strip() for phrase in text.replace("\n", "|").split("|"))
    return tuple(dict.fromkeys(phrase for phrase in phrases if phrase))


WROTE: Final = _words(_FILE["wrote"])
ON: Final = _words(_FILE["on"])
MYSELF: Final = _words(_FILE["myself"])
ORIGINAL: Final = _words(_FILE["original"])
FORWARDED: Final = _words(_FILE["forwarded"])
BEGIN_FORWARDED: Final = _words(_FILE["begin_forwarded"])
FORWARD_SUBJECTS: Final = _words(_FILE["forward_subjects"])
REPLY_ABOVE: Final = _words(_FILE["reply_above"])
CLOSINGS: Final = frozenset(word.casefold() for word in _words(_FILE["closings"]))
DEVICES: Final = _words(_FILE["devices"])
DISCLAIMERS: Final = _words(_FILE["disclaimers"])
DISCLAIMER_STEMS: Final = _words(_FILE["disclaimer_stems"])
AUTOMATIC_SUBJECTS: Final = _words(_FILE["automatic_subjects"])
BOUNCE_SUBJECTS: Final = _words(_FILE["bounce_subjects"])
BOUNCE_TEXTS: Final = _words(_FILE["bounce_texts"])
BOUNCE_SURE: Final = _words(_FILE["bounce_sure"])
BOUNCE_DELAYED: Final = _words(_FILE["bounce_delayed"])
BOUNCE_FINAL: Final = _words(_FILE["bounce_final"])
BOUNCE_RETURNED: Final = _words(_FILE["bounce_returned"])
FIELDS: Final = {kind: _words(words) for kind, words in _FILE["fields"].items()}
