"""Whether a From address is vouched for.

Only our own mail servers (the trusted edge) can vouch, by handing the message over and by what
they wrote into Authentication-Results (RFC 8601).  Anybody can write such a field, so:

* from any other peer none counts, and nothing vouches;
* with a configured *authserv_id* only fields under that name count; the edge removes those that
  arrive under it, as the RFC demands, and a message without one was not looked at;
* without it, a good result counts only in the topmost field, where the edge has written last; a
  bad result counts in every field under the same name.

Where no server of ours has spoken, what we have checked ourselves counts instead, if we have
(`omniroute_email.authentication`).

A result counts for the domain of From itself, or for a domain above it.  A domain below it does
not vouch, since whoever lends out subdomains does not lend its name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from omniroute_email.reading.headers import Headers

MAX_FIELD = 16 * 1024
MAX_FIELDS = 50
SPAM_LEVELS = ("5", "6", "7", "8", "9")  # of Exchange

OURSELVES = "omniroute.invalid"  # the name under which our own results stand, in no message

_METHODS = ("dmarc", "dkim", "spf")
_ASSIGNMENT = re.compile(r'([A-Za-z][\w.-]{0,60}+)(?:/\d+)?\s*+=\s*+("[^"]*+"|[^\s"]++)')


@dataclass(frozen=True, slots=True)
class _Result:
    method: str  # "dkim"
    outcome: str  # "pass"
    properties: dict[str, str]  # "header.d" → "example.org"


@dataclass(frozen=True, slots=True)
class _Field:
    server: str
    results: tuple[_Result, ...]


def vouched(
    headers: Headers, domain: str, authserv_id: str, *, trusted: bool = True, checked: str = ""
) -> bool:
    """Whether a From address at *domain* counts as authenticated.

    *trusted*: one of our own servers handed the message over, so what it wrote counts.  *checked*
    is what we found ourselves, in the same words; it counts where no server of ours has spoken.
    """
    if trusted and (has_spoken(headers, authserv_id) or not checked):
        return _by_edge(headers, domain, authserv_id)
    return _passes_any(_read(checked).results, domain) if checked else False


def attests(written: str, domain: str) -> bool:
    """Whether an Authentication-Results field that we believe vouches for *domain*."""
    return _passes_any(_read(written).results, domain)


def has_spoken(headers: Headers, authserv_id: str) -> bool:
    """Whether our edge has said what it found: under its name, for anybody can write the field."""
    written = headers.all("authentication-results")
    server = authserv_id.lower()
    return bool(server) and any(_read(value).server == server for value in written[:MAX_FIELDS])


def _by_edge(headers: Headers, domain: str, authserv_id: str) -> bool:
    written = headers.all("authentication-results")
    fields = [_read(value) for value in written[:MAX_FIELDS]]
    server = authserv_id.lower() or (fields[0].server if fields else "")
    fields = [found for found in fields if found.server == server]
    if not fields:
        return not authserv_id
    everything = [result for found in fields for result in found.results]
    if _disowned(everything):
        return False
    counting = everything if authserv_id else list(fields[0].results)
    if not any(result.method in _METHODS for result in counting):
        # Nothing was examined, or it cannot be read; only the former leaves the edge's own word.
        return bool(server)
    return any(_passes(result, domain) for result in counting)


def _passes_any(results: Sequence[_Result], domain: str) -> bool:
    return not _disowned(results) and any(_passes(result, domain) for result in results)


def _disowned(results: Sequence[_Result]) -> bool:
    return any(result.method == "dmarc" and result.outcome == "fail" for result in results)


def fails_dmarc(headers: Headers) -> bool:
    """Whether any server says that the From domain disowns the message."""
    fields = [_read(value) for value in headers.all("authentication-results")[:MAX_FIELDS]]
    return any(r.method == "dmarc" and r.outcome == "fail" for f in fields for r in f.results)


def is_spam(headers: Headers) -> bool:
    """Whether a server on the way has marked the message as spam."""
    for name in ("x-spam-flag", "x-spam-status"):
        if headers.first(name).strip().lower().startswith("yes"):
            return True
    level = headers.first("x-ms-exchange-organization-scl").strip()
    return level in SPAM_LEVELS


def _passes(result: _Result, domain: str) -> bool:
    if result.outcome != "pass":
        return False
    given = result.properties
    match result.method:
        case "dmarc":
            return _domain(given.get("header.from", domain)) == domain
        case "dkim":
            return _aligned(_domain(given.get("header.d") or given.get("header.i", "")), domain)
        case "spf":
            return _aligned(
                _domain(given.get("smtp.mailfrom") or given.get("smtp.mail", "")), domain
            )
    return False


def _aligned(signer: str, domain: str) -> bool:
    return signer == domain or ("." in signer and domain.endswith(f".{signer}"))


def _domain(value: str) -> str:
    return value.rpartition("@")[2].strip(".").lower()


def _read(value: str) -> _Field:
    """A field in its parts; what cannot be read has no server and so vouches for nothing."""
    if len(value) > MAX_FIELD:
        return _Field("", ())
    server, *results = _without_comments(value).split("\0")
    name = server.split()
    return _Field(
        name[0].strip('"').lower() if name else "",
        tuple(found for text in results if (found := _result(text)) is not None),
    )


def _result(text: str) -> _Result | None:
    found = [(name.lower(), value.strip('"')) for name, value in _ASSIGNMENT.findall(text)]
    if not found:
        return None
    (method, outcome), *properties = found
    return _Result(method, outcome.lower(), dict(properties))


def _without_comments(value: str) -> str:
    """The field without its comments, and NUL for each semicolon outside of quotes."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in value:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"' and depth == 0:
            quoted = not quoted
        elif char == "(" and not quoted:
            depth += 1
        elif char == ")" and depth:
            depth -= 1
            continue
        if depth == 0:
            kept.append("\0" if char == ";" and not quoted else char)
    return "".join(kept)
