"""Sends the desk's mails: under which address, with which links, by which server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from omniroute import NotAuthorised
from omniroute_email.desk.letters import LINE, Letter, as_mail
from omniroute_email.desk.links import Ask, Seal
from omniroute_email.desk.words import FOOTER
from omniroute_email.sending import Courier


@dataclass(frozen=True, slots=True)
class Postbag:
    """*links* is where the pages behind links stand, *customers* where customers write."""

    courier: Courier
    seal: Seal
    address: str
    name: str
    links: str
    console: str
    customers: str
    server: str  # that sends; empty if none is set
    place: str  # of the account's settings
    clock: Callable[[], int]  # ms since the epoch

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def ours(self) -> Sequence[str]:
        """What stands in our mails alone, and so is never a word of an agent's."""
        return (f"{self.links}/", f"{self.console}/threads/", FOOTER, LINE)

    async def post(self, letter: Letter) -> None:
        """Hand a mail over.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        if not self.server:
            raise NotAuthorised(f"set {self.place}.smtp_host to the server that sends your mail")
        at = self.clock()
        back, now = self.seal.answer_to(letter.about, at), datetime.fromtimestamp(at / 1000, UTC)
        mail = as_mail(letter, self.seal.line(letter.about), back, self.address, self.name, now)
        # What answers by itself or cannot be delivered comes back to where answers come.
        await self.courier.transmit(back, letter.to, mail, letter.key)

    def link(self, ask: Ask) -> str:
        """The address of a page that asks, and acts when its button is pressed."""
        return f"{self.links}/{self.seal.sign(ask)}"

    def root(self, thread: int, address: str) -> str:
        """The key of the first mail about a thread to an address."""
        return f"desk-{thread}-{self.seal.mark(address)}"

    def within(self, thread: int, address: str) -> str:
        """The Message-ID that holds a conversation together."""
        return f"{self.root(thread, address)}@{self.domain}"
