"""DMARC (RFC 9989): whether what DKIM and SPF have found is about the domain in From.

Which domains belong together is found by walking up the names in DNS, as the RFC has it; so no
list of public suffixes is needed that would grow old.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from omniroute_email.authentication.names import Questions

MOST_LABELS = 8  # a longer name is cut to its last seven (4.10)


@dataclass(frozen=True, slots=True)
class Record:
    """What ``_dmarc.DOMAIN`` says, as far as we go by it."""

    domain: str
    strict_dkim: bool
    strict_spf: bool
    suffix: str  # "y": a public suffix; "n": an organisation; "u": it does not say


def policy(
    author: str, passed_dkim: Iterable[str], passed_spf: Iterable[str], questions: Questions
) -> str:
    """“pass” or “fail” for the domain *author* of From; “none” if its owner says nothing.

    *passed_dkim* and *passed_spf* are the domains that these methods vouch for.  Raises
    `Unanswered`.
    """

    @lru_cache(maxsize=32)
    def walk(domain: str) -> tuple[Record, ...]:
        return tuple(_walk(domain, questions))

    found = walk(author)
    organisation = _organisation(author, found)
    own = next((record for record in found if record.domain == author), None)
    rule = own or next((record for record in found if record.domain == organisation), None)
    rule = rule or next((record for record in found if record.suffix == "y"), None)
    if rule is None:
        return "none"

    def aligned(domain: str, *, strict: bool) -> bool:
        return domain == author or (
            not strict and _related(domain, author, organisation, lambda name: walk(name))
        )

    good = any(aligned(domain, strict=rule.strict_dkim) for domain in passed_dkim) or any(
        aligned(domain, strict=rule.strict_spf) for domain in passed_spf
    )
    return "pass" if good else "fail"


def record_for(domain: str, questions: Questions) -> Record | None:
    """The record that rules mail from *domain*, if there is one.  Raises `Unanswered`."""
    return next(_walk(domain, questions), None)


def _related(
    domain: str, author: str, organisation: str, walk: Callable[[str], tuple[Record, ...]]
) -> bool:
    """Whether two domains are of one organisation; names that share nothing are not asked about."""
    if domain.rpartition(".")[2] != author.rpartition(".")[2]:
        return False
    return _organisation(domain, walk(domain)) == organisation


def _organisation(domain: str, found: tuple[Record, ...]) -> str:
    """The organisational domain of *domain*, from the records on the way up (4.10.2)."""
    for record in found:
        if record.suffix == "n":
            return record.domain
        if record.suffix == "y" and record.domain != domain:
            below = domain.removesuffix(f".{record.domain}").rpartition(".")[2]
            return f"{below}.{record.domain}"
    return found[-1].domain if found else domain


def _walk(domain: str, questions: Questions) -> Iterator[Record]:
    """The records at *domain* and above it, the longest name first."""
    labels = domain.split(".")
    while labels:
        record = _record(".".join(labels), questions)
        if record is not None:
            yield record
            if record.suffix != "u":
                return
        labels = labels[-7:] if len(labels) > MOST_LABELS else labels[1:]


def _record(domain: str, questions: Questions) -> Record | None:
    texts = [text for text in questions.texts(f"_dmarc.{domain}") if _is_record(text)]
    if len(texts) != 1:
        return None  # several are as good as none (4.10)
    tags: dict[str, str] = {}
    for tag in texts[0][:2048].decode("utf-8", "replace").split(";"):
        name, _, value = tag.partition("=")
        tags.setdefault(name.strip().lower(), value.strip().lower())
    return Record(
        domain=domain,
        strict_dkim=tags.get("adkim") == "s",
        strict_spf=tags.get("aspf") == "s",
        suffix=tags.get("psd", "u") if tags.get("psd") in ("y", "n") else "u",
    )


def _is_record(text: bytes) -> bool:
    name, _, value = text.partition(b";")[0].partition(b"=")
    return name.strip() == b"v" and value.strip() == b"DMARC1"
