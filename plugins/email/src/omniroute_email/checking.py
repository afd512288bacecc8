"""The check of senders that an account is set to, and what DNS lacks for its own mail."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from omniroute import ConfigError, Health
from omniroute_email.settings import Config

if TYPE_CHECKING:
    from omniroute_email.authentication.names import Names
    from omniroute_email.authentication.verifier import Verifier

EXTRA: Final = "pip install 'omniroute-email[authentication]'"
_SERVER = re.compile(r"\[([^\]]+)\](?::(\d{1,5}))?|([^:]+)(?::(\d{1,5}))?")


class Checking:
    """Our own check of who a message comes from; for accounts that are set to it."""

    def __init__(self, config: Config, place: str) -> None:
        """Raises `ConfigError` if what it needs is not installed, or a DNS server is none."""
        try:
            from omniroute_email.authentication.names import Names
            from omniroute_email.authentication.verifier import Verifier
        except ImportError as error:
            raise ConfigError(
                f"{place}.verify", f"checking senders needs {error.name}", EXTRA
            ) from None
        servers = [_server(text, f"{place}.dns_servers") for text in config.dns_servers]
        try:
            self._names: Names = Names(servers)
        except ValueError as error:
            raise ConfigError(f"{place}.dns_servers", str(error), "name one") from None
        self._seconds = config.verify_timeout
        sealers = {domain.strip().strip(".").lower() for domain in config.arc_sealers}
        self.verifier: Verifier = Verifier(self._names, self._seconds, config.authserv_id, sealers)

    async def missing(self, domain: str) -> Sequence[str]:
        """What DNS does not say of our own mail, each as a record to set; empty if all is there.

        The key of DKIM is not asked for: only whoever signs knows its selector.
        """
        return await asyncio.to_thread(self._missing, domain)

    def _missing(self, domain: str) -> Sequence[str]:
        from omniroute_email.authentication.names import Unanswered
        from omniroute_email.authentication.policy import record_for

        questions = self._names.questions(self._seconds)
        lacking: list[str] = []
        try:
            texts = questions.texts(domain)
            if not any(text.lower().split(b" ", 1)[0] == b"v=spf1" for text in texts):
                lacking.append(f'SPF ({domain} TXT "v=spf1 mx -all")')
            if record_for(domain, questions) is None:
                lacking.append(f'DMARC (_dmarc.{domain} TXT "v=DMARC1; p=quarantine")')
            if not questions.ask(domain, "MX"):
                lacking.append(f"MX ({domain} MX 10 …)")
        except Unanswered:
            return ["any answer: no DNS server says anything"]
        return lacking


def with_dns(health: Health, domain: str, lacking: Sequence[str]) -> Health:
    """*health*, and what DNS lacks; that stops no mail, so it is no failure."""
    if not lacking or not health.ok:
        return health
    found = f"{health.found}; DNS of {domain} lacks {', '.join(lacking)}"
    return Health(True, found, "set it, or others may refuse our mail or nobody's reach us")


def _server(text: str, place: str) -> tuple[str, int]:
    match = _SERVER.fullmatch(text.strip())
    six, port_of_six, four, port = match.groups() if match else ("", "", "", "")
    number = int(port_of_six or port or 53)
    try:
        address = str(ipaddress.ip_address(six or four or text.strip()))
    except ValueError:
        raise ConfigError(place, f"“{text}” is no address", "such as 192.0.2.53") from None
    if not 0 < number < 65536:
        raise ConfigError(place, f"“{text}” has no port like that")
    return address, number
