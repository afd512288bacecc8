"""Asking DNS what a domain says of its mail, with one deadline for all that is asked at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

DNS_PORT: Final = 53
REMEMBERED: Final = 5_000  # answers, for as long as their owners allow
LONGEST_QUESTION: Final = 3.0  # seconds, so that one server that is down leaves time for others
MOST_QUESTIONS: Final = (
    60  # about one message: 10 of SPF, with 10 hosts each at worst, and the rest
)


class Unanswered(Exception):
    """Nobody answers now: nothing is known, and it may be otherwise later."""


class Names:
    """A DNS client.  Its answers are remembered, and it may be used by several threads."""

    def __init__(self, servers: Sequence[tuple[str, int]] = ()) -> None:
        """*servers* are addresses and ports; the system's own unless given.

        Raises `ValueError` if there are none.
        """
        try:
            resolver = dns.resolver.Resolver(configure=not servers)
        except dns.resolver.NoResolverConfiguration as error:
            raise ValueError("this machine names no DNS server") from error
        if servers:
            resolver.nameservers = [dns.nameserver.Do53Nameserver(*server) for server in servers]
        resolver.cache = dns.resolver.LRUCache(REMEMBERED)
        resolver.retry_servfail = False
        self._resolver = resolver

    def questions(self, seconds: float) -> Questions:
        """Questions that must all be answered within *seconds*."""
        return Questions(self._resolver, time.monotonic() + seconds)


class Questions:
    """What is asked about one message."""

    def __init__(
        self,
        resolver: dns.resolver.Resolver,
        deadline: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver, self._deadline, self._clock = resolver, deadline, clock
        self._left = MOST_QUESTIONS

    def ask(self, name: str, kind: str) -> list[Any]:
        """The records of *kind* at *name*; none if there are none or the name cannot be one.

        Raises `Unanswered` if nobody says.
        """
        seconds = self._deadline - self._clock()
        self._left -= 1
        if seconds <= 0 or self._left < 0:
            raise Unanswered("no time is left for questions to DNS")
        try:
            known = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError):
            return []  # no name of anything
        try:
            answer = self._resolver.resolve(
                known,
                kind,
                lifetime=min(seconds, LONGEST_QUESTION),
                raise_on_no_answer=False,
                search=False,
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.YXDOMAIN):
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise Unanswered(f"DNS does not answer for {name}") from error
        return list(answer.rrset or ())

    def texts(self, name: str) -> list[bytes]:
        """The TXT records at *name*, each whole.  Raises `Unanswered`."""
        return [b"".join(record.strings) for record in self.ask(name, "TXT")]
