"""What a plugin's pages say to people, in the languages it speaks: a file for each.

A language is a file ``words/LANGUAGE.toml`` of the plugin's package, with a sentence by name and
``{fields}`` in it.  English is the measure: a translation has its names and its fields.  What a
translation lacks is said in English, so that one may begin with a few lines.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from omniroute.errors import ConfigError, did_you_mean

ENGLISH: Final = "en"


class Catalogue:
    """Sentences by language and name.  Raises `ConfigError` for a translation that does not fit.

    >>> say = Catalogue({"en": {"hi": "Hello {name}", "bye": "Bye"}, "de": {"hi": "Hallo {name}"}})
    >>> say["de"]["hi"].format(name="Joe"), say["de"]["bye"], say.wished("fr, de-AT;q=0.8")
    ('Hallo Joe', 'Bye', 'de')
    """

    def __init__(self, languages: Mapping[str, Mapping[str, str]], place: str = "words") -> None:
        english = languages[ENGLISH]
        for language, words in languages.items():
            for name, said in words.items():
                _check(f"{place}/{language}.toml", name, said, english)
        self.languages = {name: {**english, **words} for name, words in languages.items()}

    @classmethod
    def of(cls, package: str) -> Catalogue:
        """What lies in the folder ``words`` of a package."""
        folder = files(package) / "words"
        found = {}
        for file in sorted(folder.iterdir(), key=lambda each: each.name):
            name, _, ending = file.name.rpartition(".")
            if ending == "toml":
                found[name] = _read(f"{package}/words/{file.name}", file.read_text("utf-8"))
        return cls(found, f"{package}/words")

    def __getitem__(self, language: str) -> Mapping[str, str]:
        """Every sentence in a language; in English in one that is not spoken."""
        return self.languages.get(language, self.languages[ENGLISH])

    def wished(self, accept: str) -> str:
        """Of the languages that are spoken the one that a browser wants most.

        *accept* is its ``Accept-Language`` (RFC 9110, 12.5.4); of equal wishes the first wins.
        """
        wishes: list[tuple[float, str]] = []
        for wish in accept[:200].split(","):
            name, _, weight = wish.partition(";")
            language = name.strip().lower().partition("-")[0]
            if language in self.languages:
                wishes.append((_weight(weight), language))
        most, best = max(wishes, key=lambda wish: wish[0], default=(0.0, ENGLISH))
        return best if most > 0 else ENGLISH


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


def _read(place: str, text: str) -> Mapping[str, str]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(place, f"cannot be read as TOML: {error}") from None


def _check(place: str, name: str, said: object, english: Mapping[str, str]) -> None:
    """Raise for a name that English has not, and for other fields than it has."""
    if name not in english:
        raise ConfigError(place, f"no such sentence: {name}", did_you_mean(name, english))
    if not isinstance(said, str):
        raise ConfigError(place, f"{name} is no text", 'write it as name = "…"')
    try:
        given, due = _fields(said), _fields(english[name])
    except ValueError as error:
        raise ConfigError(place, f"{name}: {error}", "a brace by itself is {{ or }}") from None
    if more := given - due:
        raise ConfigError(
            place, f"{name} has {{{min(more)}}}", f"there are: {', '.join(sorted(due)) or 'none'}"
        )


def _fields(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
