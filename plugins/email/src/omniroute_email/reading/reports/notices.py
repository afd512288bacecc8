"""Notices of failed delivery in plain words, as many mail systems write them and some still do.

A notice is believed only if it speaks of a failure *and* either its sender or its subject is that
of a mail system.  The addresses it names are sorted by where they stand: alone on a line, before a
colon, after “addressed to”; one in running text counts only where nothing better is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from omniroute_email.reading import phrases
from omniroute_email.reading.charset import one_line
from omniroute_email.reading.reports.statuses import MAX_REASON, STATUS
from omniroute_email.reading.reports.values import Failure

MAX_LINES: Final = 120  # of the notice that are read
MAX_LINE: Final = 400  # characters
LONGEST_RULE: Final = 90  # characters of a line before the message that is returned
MAX_RECIPIENTS: Final = 100
MAX_IN_LINE: Final = 5
MAX_BEFORE: Final = 60  # characters before an address that tell whose it is
MAX_NAMED: Final = 20  # in running text

_ADDR = r"[^\s<>()\[\]\",;:'`@]{1,64}@[^\s<>()\[\]\",;:'`@]{1,250}"
_ADDRESS = re.compile(_ADDR)
_MARK = r"[\s>*\"'`<\[(-]*"
_SORRY = r"(?:undeliverable|failed|unknown|invalid|bad|following)"
_FAILURE = (
    r"(?:unknown|undeliver\w+|not (?:be )?(?:deliver|found|exist|reach|accept|valid|known|allow)\w*"
    r"|unable to (?:deliver|relay|send)|no such|rejected|refused|denied|disabled|inactive|suspended"
    r"|unavailable|invalid|exceed\w+|over quota|is full|failed|failure|bounced|does ?n[o']t exist)"
)
_WHOM = r"(?:address|recipient|user|mailbox|account)"
_END = r"[\s\"'`>\])]*"
# Where an address is that of a recipient who was not reached; the first group is the address.
_CONTEXTS = (
    rf"^{_MARK}({_ADDR}){_END}[:;,.]?\s*$",
    rf"^\s*<({_ADDR})>\s?(?::|\.\.\.|;|,|\s-|\son\s|\()",
    rf"^\s*({_ADDR})\s?(?::|\.\.\.|;|\s-\s|\son\s|\s\.\.\.|\t|\s{{2,}}|\s\()",
    rf"(?:expanded|generated) from:?\s*<?({_ADDR})",
    rf"{_SORRY} {_WHOM}(?:es|s)?(?: is| was)?\s?[:=]?\s*[<'\"]?({_ADDR})",
    rf"(?:to|for|{_WHOM})\s?[:=]?\s*[<'\"(\[]({_ADDR})",
    rf"deliver(?:ed|y)?(?: \S+){{0,3}} to:?\s+<?({_ADDR})",
    rf"(?:was|is) addressed,?(?: to)?:?\s*<?({_ADDR})",
    rf"(?:quota|violation|exceeded|rejected|unknown|full)\b.{{0,30}} for:?\s+<?({_ADDR})",
    rf"attempts?:\s*<?({_ADDR})",
    rf"^\s*(?:to|recipient|rcpt to|address|failed recipient|user)s?\s?:\s*<?({_ADDR})",
    rf"\b5\d\d[ -](?:5\.\d\.\d )?[^@]{{0,60}}<({_ADDR})>",
    rf"(?:full|unknown|exceeded)\s?[:-]\s*<({_ADDR})>",
    rf"SMTP[=:]\s?({_ADDR})",
    rf"(?:intended|original|failed|final)[ -]{_WHOM}\W{{1,5}}(?:rfc822;\s?)?({_ADDR})",
    rf"(?:message|mail|e-mail|email|letter) (?:was )?(?:sent )?(?:to|for)\W{{1,3}}({_ADDR})",
    rf"{_FAILURE}[^@]{{0,40}}?[\s:<(\[\"']({_ADDR})",
    rf"^\W{{0,3}}({_ADDR})\W[^@]{{0,60}}{_FAILURE}",
)
AT_BEGINNING: Final = 3  # so many of them, the first ones, hold at the beginning of a line
_STRONG = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _CONTEXTS)
_NOT_FAILED = re.compile(
    r"postmaster|abuse|contact|assistance|questions?\b|help\b|support|webmaster|^\W{0,3}(?:from|sender"
    r"|reply-to|subject|message-id|return-path|date|cc|mail from|x-[\w-]+|received)\b\s?[:=]"
    r"|(?<!generated )(?<!expanded )\bfrom:?\W{0,3}$",
    re.IGNORECASE,
)
_ANCHOR = re.compile(
    rf"following (?:\w+ )?{_WHOM}|did not reach|not delivered to|not (?:yet )?been delivered to"
    r"|to the following|(?:adress|empfänger|destinat)\w*.{0,40}:$",
    re.IGNORECASE,
)
_NAME = re.compile(r"[ \t>*-]{0,12}<?([A-Za-z0-9][A-Za-z0-9._-]{2,63})>?\s*")
_NOBODY = ("postmaster@", "mailer-daemon@", "abuse@", "webmaster@")
_DELAYED = tuple(text.casefold() for text in phrases.BOUNCE_DELAYED)
_FINAL = tuple(text.casefold() for text in phrases.BOUNCE_FINAL)
_SURE = tuple(text.casefold() for text in phrases.BOUNCE_SURE)
_FAILED = tuple(text.casefold() for text in phrases.BOUNCE_TEXTS)
_RETURNED = tuple(text.casefold() for text in phrases.BOUNCE_RETURNED)
_SUBJECTS = tuple(text.casefold() for text in phrases.BOUNCE_SUBJECTS)
_ANSWERS = re.compile(r"\s*(?:re|aw|sv|antw|fwd?|wg|tr)\s?:", re.IGNORECASE)
_OF_MAIL = re.compile(
    r"mail|messag|mensaj|mensag|delivery (?:status|notification|report|fail|error)|undeliver"
    r"|returned|failure notice|non-?delivery|user unknown|unknown user|unzustellbar|non remis|退信",
    re.IGNORECASE,
)
_DAEMON = re.compile(r"mailer-?daemon|postmaster|mail-?daemon", re.IGNORECASE)
_MACHINE = re.compile(
    r"mailer-?daemon|postmaster|mdaemon|mail-?daemon|smtp-?daemon|mail-?admin|mail[._-]?delivery"
    r"|mail[ ._-]?(?:system|gateway|router|server|admin\w*)|mail(?:er)? delivery|mailer router"
    r"|system administrator|system attendant|delivery (?:subsystem|agent|system)|bounce|exchange@"
    r"|microsoft exchange|message router|non-?delivery|smtp|mail[ ._-]?service|anti-?virus",
    re.IGNORECASE,
)


def is_bounce_subject(subject: str) -> bool:
    """Whether a mail system would begin a notice so; an answer to one is none."""
    folded = one_line(subject, 300).casefold()
    return not _ANSWERS.match(folded) and any(text in folded for text in _SUBJECTS)


def is_mail_subject(subject: str) -> bool:
    """Whether a subject is that of a notice, and speaks of mail rather than of parcels."""
    return is_bounce_subject(subject) and _OF_MAIL.search(subject[:300]) is not None


def is_mail_system(sender: str) -> bool:
    """Whether *sender*, address or name, is one that mail systems write under."""
    return _MACHINE.search(sender[:300]) is not None


def speaks_of_failure(text: str) -> bool:
    """Whether a notice says that something was not delivered."""
    folded = " ".join(" ".join(notice(text)).split()).casefold()
    return any(phrase in folded for phrase in _FAILED)


def surely_speaks_of_failure(text: str) -> bool:
    """The same in words that no other automatic message says."""
    folded = " ".join(" ".join(notice(text)).split()).casefold()
    return any(phrase in folded for phrase in _SURE)


def notice(text: str) -> list[str]:
    """The lines of a notice up to the message that it returns."""
    lines = [line[:MAX_LINE] for line in text.split("\n", MAX_LINES)[:MAX_LINES]]
    for number, line in enumerate(lines):
        folded = line.strip(" \t-=*_>").casefold()
        if number and len(folded) < LONGEST_RULE and folded.startswith(_RETURNED):
            return lines[:number]
    return lines


def is_daemon(return_path: str) -> bool:
    """Whether a return path is a mail system's own; others send from addresses of bounces, too."""
    return _DAEMON.search(return_path[:300]) is not None


def names_somebody(text: str, nobody: Iterable[str]) -> bool:
    """Whether a recipient is named at the beginning of a line, and nothing is asked."""
    lines = notice(text)
    left_out = {address.lower() for address in nobody}
    named = (pattern.match(line) for line in lines for pattern in _STRONG[:AT_BEGINNING])
    asks = any("? " in f"{line} " for line in lines)
    return not asks and any(found and found[1].lower() not in left_out for found in named)


def failures(text: str, nobody: Iterable[str], domain: str = "") -> tuple[Failure, ...]:
    """Whom a notice says to have missed; *nobody* are addresses that cannot be it.

    *domain* is that of the mail system, for those that name their own people without it.
    """
    lines = notice(text)
    folded = " ".join(" ".join(lines).split()).casefold()
    final = any(phrase in folded for phrase in _FINAL)
    delayed = not final and any(phrase in folded for phrase in _DELAYED)
    left_out = {address.lower() for address in nobody}
    found: dict[str, Failure] = {}
    for address, at in _strong(lines) or _weak(lines) or _bare(lines, domain):
        key = address.lower()
        if key in left_out or key.startswith(_NOBODY) or key in found:
            continue
        near = " ".join(line.strip() for line in lines[at : at + 4])
        status = STATUS.search(near)
        found[key] = Failure(
            key, status[1] if status else "", one_line(near, MAX_REASON), permanent=not delayed
        )
        if len(found) >= MAX_RECIPIENTS:
            break
    return tuple(found.values())


def _strong(lines: Sequence[str]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for number, line in enumerate(lines):
        if "@" not in line:
            continue
        if len(found) > 4 * MAX_RECIPIENTS:
            break
        for pattern in _STRONG:
            for match in islice(pattern.finditer(line), MAX_IN_LINE):
                before = line[max(0, match.start(1) - MAX_BEFORE) : match.start(1)]
                if not _NOT_FAILED.search(before):
                    found.append((match[1].strip(".-"), number))
    anchor = next((at for at, line in enumerate(lines) if _ANCHOR.search(line)), 0)
    return [named for named in found if named[1] >= anchor] or found


def _weak(lines: Sequence[str]) -> list[tuple[str, int]]:
    """The first address in running text, preferably near a phrase of failure."""
    named = [
        (match[0].strip(".-"), number)
        for number, line in enumerate(lines)
        if "@" in line
        for match in islice(_ADDRESS.finditer(line), MAX_IN_LINE)
        if not _NOT_FAILED.search(line[: match.start()])
    ][:MAX_NAMED]
    near = [
        (address, number)
        for address, number in named
        if speaks_of_failure("\n".join(lines[max(0, number - 2) : number + 3]))
    ]
    return (near or named)[:1]


def _bare(lines: Sequence[str], domain: str) -> list[tuple[str, int]]:
    """Names alone on their lines, below one that announces whom it was not delivered to."""
    anchor = next((at for at, line in enumerate(lines) if _ANCHOR.search(line)), -1)
    if anchor < 0 or not domain:
        return []
    return [
        (f"{found[1]}@{domain}", number)
        for number, line in enumerate(lines[anchor + 1 :], anchor + 1)
        if (found := _NAME.fullmatch(line))
    ][:MAX_NAMED]
