"""Private conditions, answered before the decision.

What comes out are the numbers of the leaves that hold.  They go into the input and are replayed
from there, so the decision and its record never hold a word of what somebody wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from omniroute.core.conditions import (
    PRIVATE,
    Domain,
    Forms,
    Is,
    Known,
    Leaf,
    Pattern,
    Words,
    base,
)
from omniroute.core.forms import FormList, Stems
from omniroute.core.words import Automaton, Expression, Finder, WordList, marked, readable

NO_STEMS: Stems = {}


class Texts(msgspec.Struct, frozen=True):
    """What is private about a message.  *emails* are only those that somebody vouches for."""

    text: str = ""
    subject: str = ""
    emails: tuple[str, ...] = ()
    name: str = ""
    language: str = ""  # of the message, where it is known

    def values(self, fact: str) -> Sequence[str]:
        """The values of a private fact; none where it is absent or empty."""
        match fact:
            case "message.text":
                found: tuple[str, ...] = (self.text,)
            case "message.subject":
                found = (self.subject,)
            case "customer.name":
                found = (self.name,)
            case "customer.email":
                found = tuple(email.strip().casefold() for email in self.emails)
            case _:
                raise KeyError(fact)
        return [readable(value) for value in found if value.strip()]


class Reading:
    """A message's texts as rules look at them, each prepared once for however many rule sets."""

    __slots__ = ("_marked", "_values", "texts")

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self._values: dict[str, Sequence[str]] = {}
        self._marked: dict[str, Sequence[str]] = {}

    def values(self, fact: str) -> Sequence[str]:
        """As `Texts.values`."""
        if (known := self._values.get(fact)) is None:
            known = self._values[fact] = self.texts.values(fact)
        return known

    def marked(self, fact: str) -> Sequence[str]:
        """The values as words are looked up in them."""
        if (known := self._marked.get(fact)) is None:
            known = self._marked[fact] = [marked(value) for value in self.values(fact)]
        return known


class Observer:
    """The private leaves of a rule set, compiled."""

    __slots__ = ("_finders", "_forms", "_leaves", "_lists", "_others", "_patterns", "_plain")

    def __init__(self, leaves: Iterable[Leaf], stems: Stems = NO_STEMS) -> None:
        """Raises `KeyError` for a language whose stems are asked for and not there."""
        self._leaves: Mapping[int, Leaf] = {leaf.number: leaf for leaf in leaves if leaf.private}
        self._finders: Mapping[int, Mapping[str, Finder]] = {
            number: _finders(leaf)
            for number, leaf in self._leaves.items()
            if isinstance(leaf.test, Words | Pattern)
        }
        self._forms = {
            number: {language: FormList(words, stems[language]) for language, words in leaf.test.by}
            for number, leaf in self._leaves.items()
            if isinstance(leaf.test, Forms)
        }
        self._plain = {
            leaf.number: _plain(leaf)
            for leaf in self._leaves.values()
            if leaf.number not in self._finders and leaf.number not in self._forms
        }
        self._others = {fact: self._numbers(fact, Is, Known, Domain) for fact in PRIVATE}
        self._lists = {fact: self._group(fact, Words) for fact in PRIVATE}
        self._patterns = {fact: self._group(fact, Pattern) for fact in PRIVATE}

    def observe(self, texts: Texts | Reading) -> tuple[int, ...]:
        """Numbers of the private leaves that hold, in order.

        Whoever asks several rule sets about one message hands them all the same `Reading`.
        """
        read = texts if isinstance(texts, Reading) else Reading(texts)
        return tuple(sorted({n for fact in PRIVATE for n in self._holding(fact, read)}))

    def shown(self, number: int, texts: Texts) -> str | None:
        """What a leaf met in the texts: the word, the match, the address; None for nothing."""
        leaf = self._leaves[number]
        for value in texts.values(leaf.fact):
            if number in self._forms:
                if (listed := self._listed(number, texts.language, marked(value))) is not None:
                    return listed
            elif number in self._finders:
                prepared = marked(value) if isinstance(leaf.test, Words) else value
                for language, finder in self._finders[number].items():
                    if _counts(leaf, language, texts.language):
                        found = finder.found(prepared)
                        if found is not None:
                            return found
            elif self._plain[number]([value]):
                return value
        return None

    def _holding(self, fact: str, read: Reading) -> Iterator[int]:
        plain, lists, patterns = self._others[fact], self._lists[fact], self._patterns[fact]
        forms = [number for number in self._forms if self._leaves[number].fact == fact]
        if not (plain or lists[0] or patterns[0] or forms):
            return
        values = read.values(fact)
        for number in forms:
            if any(self._listed(number, read.texts.language, one) for one in read.marked(fact)):
                yield number
        yield from (number for number in plain if self._plain[number](values))
        for (numbers, automaton), prepared in ((lists, read.marked), (patterns, read.values)):
            if numbers:
                for value in prepared(fact):
                    for hit in automaton.matching(value):
                        number, language = numbers[hit]
                        if not language or _counts(
                            self._leaves[number], language, read.texts.language
                        ):
                            yield number

    def _listed(self, number: int, language: str, prepared: str) -> str | None:
        """The word of a list that stands in a marked text in one of its forms."""
        leaf = self._leaves[number]
        for known, forms in self._forms[number].items():
            listed = forms.found(prepared) if _counts(leaf, known, language) else None
            if listed is not None:
                return listed
        return None

    def _numbers(self, fact: str, *kinds: type) -> list[int]:
        leaves = self._leaves.values()
        return [
            leaf.number for leaf in leaves if leaf.fact == fact and isinstance(leaf.test, kinds)
        ]

    def _group(self, fact: str, kind: type) -> tuple[list[tuple[int, str]], Automaton]:
        numbers = self._numbers(fact, kind)
        found = [(number, lang) for number in numbers for lang in self._finders[number]]
        return found, Automaton([self._finders[number][lang] for number, lang in found])


def in_domain(address: str, domains: Sequence[str]) -> bool:
    """Whether an address is in one of the domains, of which ``*.x`` means all below x; the domains
    are in small letters."""
    host = address.rpartition("@")[2].casefold()
    for domain in domains:
        if host == domain or (domain.startswith("*.") and host.endswith(domain[1:])):
            return True
    return False


def _finders(leaf: Leaf) -> Mapping[str, Finder]:
    """What finds a leaf's words or pattern, by language; under no language for every one."""
    match leaf.test:
        case Words(by=by) if by:
            return {language: WordList(words) for language, words in by}
        case Words(words):
            return {"": WordList(words)}
        case Pattern(pattern):
            return {"": Expression(pattern)}
    raise TypeError(leaf.test)


def _counts(leaf: Leaf, language: str, said_in: str) -> bool:
    """Whether words of a language count for a message in that one; see `Words`."""
    spoken = base(said_in)
    if not language or spoken == language or not isinstance(leaf.test, Words | Forms):
        return True
    return all(spoken != known for known, _ in leaf.test.by)


def _plain(leaf: Leaf) -> Callable[[Sequence[str]], bool]:
    match leaf.test:
        case Known(known):
            return lambda values: bool(values) is known
        case Is(wanted):
            folded = {readable(str(value)).strip().casefold() for value in wanted}
            return lambda values: any(value.strip().casefold() in folded for value in values)
        case Domain(domains):
            small = tuple(domain.casefold() for domain in domains)
            return lambda values: any(in_domain(value, small) for value in values)
    raise ValueError(f"{leaf.fact} cannot be asked that")
