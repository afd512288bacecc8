"""A notary for tests: what the engine lends as `Site.proofs`, with what was asked of it noted."""

from __future__ import annotations

from typing import Final

from omniroute.channel import Address
from omniroute.errors import Refused

TOKEN: Final = "t" * 43
CODE: Final = "000001"


class Notary:
    """Gives out one token and one code, which are good until they are used.

    While *refuses* is a code, nothing is sent: it raises `Refused` of that code.
    """

    def __init__(self) -> None:
        self.refuses = ""
        self.sent: list[tuple[Address, Address, str]] = []  # by whom, to whom, which page or code
        self.made: list[tuple[Address, float]] = []  # links, for whom and for how many seconds
        self.proved: list[tuple[Address, Address]] = []

    async def send_link(self, who: Address, to: Address, page: str) -> None:
        """Send a link; see `omniroute.Proofs`."""
        self._send(who, to, page)

    async def confirm_link(self, token: str) -> Address | None:
        """The address at which the link was read."""
        return self._read() if token == TOKEN and self.sent else None

    async def send_code(self, who: Address, to: Address) -> None:
        """Send a code."""
        self._send(who, to, CODE)

    async def redeem_code(self, who: Address, code: str) -> Address:
        """The address at which the code was read."""
        if code != CODE or not self.sent:
            raise Refused("bad_code", "This code is wrong, too old, or was tried too often.")
        return self._read()

    async def make_link(self, who: Address, lasts: float = 3600.0) -> str:
        """A token for another channel."""
        self.made.append((who, lasts))
        return TOKEN

    async def redeem_link(self, token: str, by: Address) -> bool:
        """Whether *by* has brought it."""
        if token != TOKEN or not self.made:
            return False
        self.proved.append((by, self.made.pop()[0]))
        return True

    def _send(self, who: Address, to: Address, what: str) -> None:
        if self.refuses:
            raise Refused(self.refuses, "Nothing is sent.")
        self.sent.append((who, to, what))

    def _read(self) -> Address:
        who, to, _ = self.sent.pop()
        proved = Address(to.kind, to.value, verified=True)
        self.proved.append((who, proved))
        return proved
