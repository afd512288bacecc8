"""SPF (RFC 7208): whether the owner of the return path lets a peer send for it.

pyspf does the checking, but asks its questions through our DNS client.
"""

from __future__ import annotations

from typing import Any, Final

import spf

from omniroute_email.authentication.names import Questions, Unanswered

ANSWERS: Final = frozenset(
    {"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"}
)


def origin(peer: str, mail_from: str, helo: str, questions: Questions) -> tuple[str, str]:
    """The result, in the words of RFC 8601, and the address that it is about.

    *peer* is the IP address that handed the message over.  A null sender stands for the postmaster
    of *helo*, what the peer calls itself (2.4).
    """
    about = mail_from or f"postmaster@{helo}"
    if not about.isascii() or not about.rpartition("@")[2]:
        return "none", about
    try:
        outcome = str(_Query(peer, about, helo, questions).check()[0])
    except Unanswered:
        return "temperror", about
    except Exception:  # noqa: BLE001  whatever a stranger's record makes of a library
        return "permerror", about
    return (outcome if outcome in ANSWERS else "permerror"), about


class _Query(spf.query):  # type: ignore[misc]
    """A query of pyspf's that knows no other DNS than ours."""

    def __init__(self, peer: str, sender: str, helo: str, questions: Questions) -> None:
        super().__init__(i=peer, s=sender, h=helo if helo.isascii() else "")
        self._questions = questions

    def dns(
        self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False
    ) -> list[Any]:
        """Records as pyspf wants them; aliases have been followed.  Raises `Unanswered`."""
        if qtype == "SPF":
            return []  # a type that is no more (3.1)
        found = [_plain(record, qtype) for record in self._questions.ask(str(name), qtype)]
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many names that say nothing")
        return found


def _plain(record: Any, qtype: str) -> object:
    match qtype:
        case "MX":
            return record.preference, record.exchange.to_text(omit_final_dot=True)
        case "PTR":
            return record.target.to_text(omit_final_dot=True)
        case "TXT":
            return record.strings
    return record.address
