"""Stems of words, by language: Snowball's, for languages whose forms differ at the end.

A stem that was made is kept: in a desk's messages the same few thousand words come again and again.
"""

from __future__ import annotations

import functools
import importlib
import threading
from typing import Final

from omniroute.core.forms import Stem

ALGORITHMS: Final = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nb": "norwegian", "nl": "dutch",
    "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""Snowball's name of each language.  Those in which a word may change at its beginning are left
out, as texts are looked through by that."""

KEPT: Final = 50_000  # stems of a language


@functools.cache
def stem_of(language: str) -> Stem:
    """What takes a word of a language to its stem.  Raises `KeyError` where none is known."""
    algorithm = ALGORITHMS[language]
    # All of its stemmers come with it, so it is loaded by those who ask for one.
    stemmer = importlib.import_module("snowballstemmer").stemmer(algorithm)
    working = threading.Lock()  # it keeps the word that it works on

    @functools.lru_cache(KEPT)
    def stem(word: str) -> str:
        with working:
            found: str = stemmer.stemWord(word)
        return found

    return stem
