"""``deflect:``: an article for the customer, and the question whether it has helped."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from omniroute.core.urgency import MINUTE
from omniroute.rules.needs import Names
from omniroute.rules.reading import Reader
from omniroute.rules.replies import language_of
from omniroute.rules.yaml12 import Fields, Node

WAIT = 10 * MINUTE  # for an answer, unless a rule says otherwise
ANY_LANGUAGE = ""


class Proposal(msgspec.Struct, frozen=True):
    """What a rule proposes: *link* is empty where a reply holds the article's text."""

    article: str
    link: str
    ask: Mapping[str, str]
    span: int

    def texts(self, replies: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
        """The automatic reply that proposes it, by language: the article, then the question."""
        if self.link:
            return {language: f"{self.link}\n\n{ask}" for language, ask in self.ask.items()}
        article = replies.get(self.article) or {ANY_LANGUAGE: ""}
        languages = dict.fromkeys((*self.ask, *article))
        return {
            language: f"{_in(article, language)}\n\n{_in(self.ask, language)}"
            for language in languages
            if language or len(languages) == 1
        }


def read_proposal(reader: Reader, node: Node, names: Names) -> Proposal | None:
    """A ``deflect``, or None with the faults noted."""
    given = reader.shape(node, "deflect")
    article = reader.text(given["article"], "an article") if "article" in given else None
    ask = _question(reader, given["ask"]) if "ask" in given else {}
    span = reader.span(given["for"]) if "for" in given else WAIT
    if "if_no" in given:
        reader.choice(given["if_no"], ("fall_through",))
    if article is None or not ask or span is None:
        return None
    link = ""
    if "://" in article:
        link = article
    elif article not in names.replies:
        link = f"{names.articles.rstrip('/')}/{article.lstrip('/')}" if names.articles else article
    return Proposal(article, link, ask, span)


def _question(reader: Reader, node: Node) -> Mapping[str, str]:
    if not isinstance(node, Fields):
        text = reader.text(node, "a question")
        return {} if text is None else {ANY_LANGUAGE: text}
    found: dict[str, str] = {}
    for language, (_, value) in node.entries.items():
        if (text := reader.text(value, "a question")) is not None:
            found[language] = text
    if not found:
        reader.fault(node, "nothing is asked", "ask: Did that solve it?")
    return found


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts[language_of(texts, language)]
