"""What the SMTP sessions of one account share, and what bounds them together.

How many sessions there are, in all and from one peer, and how many bytes of unfinished messages
they hold between them: two hundred peers that each send half of a large message must not fill the
memory.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from omniroute import Intake
from omniroute_email.certificate import Certificate
from omniroute_email.rate import Rate
from omniroute_email.reading.addresses import normalised
from omniroute_email.settings import Config, Mailboxes

if TYPE_CHECKING:
    from omniroute_email.authentication.verifier import Verifier

MESSAGES_HELD = 4  # largest messages that all sessions together may hold in memory
CLOSING_TIME = 2.0  # seconds for messages on their way to the disk when we stop


class Guest(Protocol):
    """A session, as far as the reception deals with it."""

    peer: str  # IP address

    @property
    def task(self) -> asyncio.Task[None] | None: ...

    def say_goodbye(self) -> None: ...

    def hang_up(self) -> None: ...


class Reception:
    """The sessions of one account; also aiosmtpd's handler, by its ``handle_…`` names."""

    def __init__(
        self,
        config: Config,
        mailboxes: Mailboxes,
        intake: Intake,
        certificate: Certificate | None = None,
        verifier: Verifier | None = None,
    ) -> None:
        self.config, self.mailboxes, self.intake = config, mailboxes, intake
        self.certificate = certificate  # with one, STARTTLS is offered
        self.verifier = verifier  # with one, senders are checked before their mail is kept
        self._rate = Rate(config.max_messages_per_minute)
        self.held = 0  # bytes of unfinished messages in all sessions
        self._guests: set[Guest] = set()
        self._by_peer: Counter[str] = Counter()

    def enter(self, guest: Guest) -> str:
        """Count a session in.  An answer other than empty turns it away."""
        self._guests.add(guest)
        self._by_peer[guest.peer] += 1
        if len(self._guests) > self.config.max_connections:
            return "421 4.3.2 Too many connections, please come again later"
        if self._by_peer[guest.peer] > self.config.max_connections_per_ip:
            return "421 4.7.0 Too many connections from your address"
        return ""

    def leave(self, guest: Guest) -> None:
        """Count a session out, if it is still in."""
        if guest not in self._guests:
            return
        self._guests.discard(guest)
        self._by_peer[guest.peer] -= 1
        if not self._by_peer[guest.peer]:
            del self._by_peer[guest.peer]

    @property
    def count(self) -> int:
        """How many sessions there are."""
        return len(self._guests)

    def crowded(self) -> bool:
        return self.held > MESSAGES_HELD * self.config.max_size

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    async def close(self) -> None:
        """End every session; one whose message is on its way to the disk may still answer."""
        guests = list(self._guests)
        for guest in guests:
            guest.say_goodbye()
        tasks = [guest.task for guest in guests if guest.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSING_TIME)
        for guest in guests:
            guest.hang_up()

    async def handle_MAIL(  # noqa: N802  aiosmtpd finds it by this name
        self, guest: Guest, _greeting: object, transaction: Any, address: str, options: list[str]
    ) -> str:
        trusted = self.mailboxes.trusts(guest.peer)
        if not trusted and not self._rate.allows(guest.peer, self.now()):
            return "450 4.7.1 Too many messages from your address, please come again later"
        transaction.mail_from = address
        transaction.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802  aiosmtpd finds it by this name
        self, _session: object, _greeting: object, transaction: Any, address: str, _options: object
    ) -> str:
        known = normalised(address)
        if not self.mailboxes.takes(known):
            return "550 5.1.1 No such mailbox here"
        if len(transaction.rcpt_tos) >= self.config.max_recipients:
            return "452 4.5.3 Too many recipients"
        transaction.rcpt_tos.append(known)
        return "250 2.1.5 OK"

    async def handle_VRFY(self, *_: object) -> str:  # noqa: N802  aiosmtpd finds it by this name
        return "252 2.5.2 Send the message and see"
