"""Mail as the conformance kit and ``omniroute channel try`` play it: Joe, Mia and a mail server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as POLICY
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from aiosmtplib import SMTPException, send

from omniroute.testing.mail_sink import serving_smtp
from omniroute.testing.platform import DeskPlatform, Got, How, Platform, Seen

HELP: Final = "help@demo.example"
DESK: Final = "desk@demo.example"
ANA: Final = "ana@demo.example"
EDGE: Final = "mx.demo.example"
USER, PASSWORD = "desk", "of-no-value-to-anybody"
SAYS: Final[Mapping[How, str]] = {
    "unauthorised": "530 5.7.0 Authentication required",
    "rejected": "550 5.1.1 No such mailbox",
}


class Sink:
    """A mail server that keeps what it takes, and its moods."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.moods: list[How] = []

    def signs_in(self, *given: Any) -> AuthResult:
        """Whether somebody shows the right password."""
        known = LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=given[-1] == known, handled=False)

    async def handle_MAIL(  # noqa: N802  aiosmtpd finds it by this name
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Be away, or take a sender."""
        if self._is("away"):
            _hang_up(server)
        envelope.mail_from = address
        return "250 OK"

    async def handle_EHLO(  # noqa: N802  the same
        self, server: SMTP, session: Any, envelope: Any, hostname: str, said: list[str]
    ) -> list[str]:
        """Be away, or say what we can."""
        session.host_name = hostname
        if self._is("away"):
            _hang_up(server)
        return said

    async def handle_DATA(  # noqa: N802  the same
        self, server: SMTP, session: Any, envelope: Any
    ) -> str:
        """Keep a mail, unless it is in a mood not to."""
        mood = self.moods.pop(0) if self.moods else None
        if mood is not None and mood in SAYS:
            return SAYS[mood]
        message: Any = BytesParser(policy=POLICY).parsebytes(envelope.content)
        self.mails.append(message)
        if mood == "lost":
            _hang_up(server)
        return "250 OK"

    def _is(self, how: How) -> bool:
        if self.moods[:1] != [how]:
            return False
        self.moods.pop(0)
        return True


class Town(Platform):
    """People with mailboxes."""

    async def __aenter__(self) -> Town:
        self.sink, self._raw, self._number = Sink(), b"", 0
        self._stack = AsyncExitStack()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        serving = serving_smtp(
            self.sink,
            hostname="sink.example",
            enable_SMTPUTF8=True,
            authenticator=self.sink.signs_in,
            auth_require_tls=False,
            auth_exclude_mechanism=["LOGIN"],
        )
        self.out = await self._stack.enter_async_context(serving)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def settings(self) -> Mapping[str, object]:
        return {
            "addresses": [HELP],
            "listen_port": self.port,
            "authserv_id": EDGE,
            "smtp_host": "127.0.0.1",
            "smtp_port": self.out,
            "smtp_starttls": False,
            "smtp_username": USER,
            "smtp_password": PASSWORD,
        }

    def wrong_settings(self) -> Mapping[str, object]:
        return {**self.settings(), "smtp_password": "another-one-than-theirs"}

    # --- customers ---

    async def says(self, text: str, *, who: str = "joe") -> None:
        await self._deliver(self._mail(text, f"{who}@mail.example"))

    async def sends_file(self, name: str, data: bytes, text: str, *, who: str = "joe") -> None:
        mail = self._mail(text, f"{who}@mail.example")
        mail.add_attachment(data, "application", "octet-stream", filename=name)
        await self._deliver(mail)

    async def machine_says(self, text: str) -> None:
        mail = self._mail(text, "mia@mail.example")
        mail["Auto-Submitted"] = "auto-replied"
        await self._deliver(mail)

    async def forges(self, text: str) -> str:
        mail = self._mail(text, "boss@bank.example")
        del mail["Authentication-Results"]  # for it came from who knows where
        await self._deliver(mail)
        return "boss@bank.example"

    async def got(self, who: str = "joe") -> Sequence[Got]:
        mine = [mail for mail in self.sink.mails if f"{who}@mail.example" in str(mail["To"])]
        return [Got(_text(mail), _files(mail)) for mail in mine]

    def _mail(self, text: str, sender: str) -> EmailMessage:
        self._number += 1
        mail = EmailMessage(POLICY)
        mail["Authentication-Results"] = f"{EDGE}; dmarc=pass header.from=mail.example"
        mail["From"], mail["To"], mail["Subject"] = sender, HELP, "charged twice"
        mail["Date"] = "Mon, 02 Mar 2026 12:00:00 +0100"
        mail["Message-ID"] = f"<{self._number}@mail.example>"
        mail.set_content(text, cte="base64")
        return mail

    # --- the mail server before us ---

    async def again(self) -> None:
        await self._hand_over(self._raw)

    def fails(self, how: How, *, after: float = 0.0, times: int = 1) -> None:
        if how == "rate":
            self.missing("fails:rate")
        self.sink.moods = [how] * times

    async def _deliver(self, mail: EmailMessage) -> None:
        self._raw = mail.as_bytes()
        await self._hand_over(self._raw)

    async def _hand_over(self, raw: bytes) -> None:
        """Hand a mail over until it is taken."""
        while True:
            try:
                await send(
                    raw,
                    sender="mx@demo.example",
                    recipients=[HELP],
                    hostname="127.0.0.1",
                    port=self.port,
                    start_tls=False,
                )
            except (SMTPException, OSError):
                await asyncio.sleep(0.02)
            else:
                return


class Office(DeskPlatform, Town):
    """The same with Ana, who works by mail."""

    def settings(self) -> Mapping[str, object]:
        return {**super().settings(), "desk_address": DESK}

    def account(self) -> str:
        return ANA

    async def seen(self) -> Sequence[Seen]:
        """Her mails; the links of older ones lead to pages that say what is so."""
        mails = [mail for mail in self.sink.mails if ANA in str(mail["To"])]
        shown = [Seen(_text(mail)) for mail in mails]
        return [*shown[:-1], *(Seen(one.text, _links(one.text)) for one in shown[-1:])]


def _links(text: str) -> tuple[str, ...]:
    """What stands before a link that does something, in a line of its own."""
    found = (line.partition(": http") for line in text.splitlines())
    return tuple(label for label, link, where in found if link and "/desk/" in where)


def _text(mail: EmailMessage) -> str:
    """The words, with the mark of a repeat before them."""
    body = mail.get_body(("plain",))
    text = "" if body is None else str(body.get_content()).replace("\r\n", "\n").removesuffix("\n")
    return f"(again) {text}" if mail["X-OmniRoute-Repeat"] else text


def _files(mail: EmailMessage) -> tuple[tuple[str, bytes], ...]:
    parts = list(mail.iter_attachments())
    return tuple((str(part.get_filename()), bytes(part.get_content())) for part in parts)


def _hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


PLATFORM = Town
"""What ``omniroute channel try --fake`` plays."""
