"""Who a message comes from, checked while its sender waits for our answer; for a bounded time.

The libraries are synchronous, so they run in threads.  What is not known in time counts as not
authenticated: a message is kept whatever comes out, and nobody waits longer for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from omniroute_email.authentication.names import Names, Questions, Unanswered
from omniroute_email.authentication.origin import origin
from omniroute_email.authentication.policy import policy
from omniroute_email.authentication.seals import sealed_results
from omniroute_email.authentication.signatures import signatures
from omniroute_email.envelope import Envelope
from omniroute_email.reading.addresses import normalised, sender
from omniroute_email.reading.authenticity import OURSELVES, attests, has_spoken
from omniroute_email.reading.headers import split

log = logging.getLogger("omniroute.email")

AT_A_TIME: Final = 32  # messages; more wait for their turn, within their time
UNKNOWN: Final = f"{OURSELVES}; dmarc=temperror"


class Verifier:
    """Checks the messages of one account."""

    def __init__(
        self,
        names: Names,
        seconds: float,
        authserv_id: str = "",
        sealers: Collection[str] = (),
    ) -> None:
        """*sealers* are the forwarders whose seals count, by their domains."""
        self._names, self._seconds, self._authserv_id = names, seconds, authserv_id
        self._sealers = frozenset(sealers)
        self._threads = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="email-authentication")

    async def verify(self, envelope: Envelope, message: bytes, helo: str) -> str:
        """What is found, in the words of Authentication-Results (RFC 8601).

        Empty where there is nothing to check: one of our servers has, or From names nobody.
        *helo* is what the peer calls itself.
        """
        headers, _ = split(message, 0, len(message))
        author, wrong = sender(headers.all("from"))
        if author is None or wrong:
            return ""
        if envelope.trusted and has_spoken(headers, self._authserv_id):
            return ""
        domain = author.address.rpartition("@")[2]
        questions = self._names.questions(self._seconds)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                return await loop.run_in_executor(
                    self._threads,
                    results,
                    *(envelope, message, domain, helo, questions, self._sealers),
                )
        except TimeoutError:
            log.warning("no answer from DNS in time: a message from %s is not vouched for", domain)
            return UNKNOWN

    def close(self) -> None:
        """Let go of the threads; what is still being checked ends by its own deadline."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def results(
    envelope: Envelope,
    message: bytes,
    author: str,
    helo: str,
    questions: Questions,
    sealers: Collection[str] = frozenset(),
) -> str:
    """The results of all methods for the domain *author* of From.

    Where the message as it is now shows nothing, what a trusted forwarder found before it counts,
    which is ours to decide (RFC 8617, 7.2.1).
    """
    told = [OURSELVES]
    signed: list[str] = []
    for outcome, domain in signatures(message, questions):
        told.append(f"dkim={outcome} header.d={domain}")
        if outcome == "pass":
            signed.append(domain)
    sent: list[str] = []
    if envelope.peer and not envelope.trusted:  # else the peer is our own server
        outcome, about = origin(envelope.peer, envelope.mail_from, helo, questions)
        address = normalised(about)
        if address and '"' not in address:
            told.append(f"spf={outcome} smtp.mailfrom={address}")
            sent += [address.rpartition("@")[2]] if outcome == "pass" else []
    try:
        verdict = policy(author, signed, sent, questions)
    except Unanswered:
        verdict = "temperror"
    if verdict == "fail" and any("=temperror" in result for result in told):
        verdict = "temperror"  # what could not be asked might have passed
    if verdict != "pass" and not (verdict == "none" and (signed or sent)):
        before = sealed_results(message, sealers, questions)
        if before and attests(before, author):
            told.append("arc=pass")
            verdict = "pass"
    told.append(f"dmarc={verdict} header.from={author}")
    return "; ".join(told)
