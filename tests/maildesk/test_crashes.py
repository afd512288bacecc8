"""A server that dies between an agent's mail and what it asks for; judged by whom it was for."""

from __future__ import annotations

import asyncio
import smtplib
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.maildesk.scene import TEAM, text_of
from tests.server.house import House

from omniroute.cli.client import Client
from omniroute.testing.mail_sink import MailSink
from omniroute.testing.server_process import ServerProcess

HELP, DESK = "help@shop.example", "desk@shop.example"
ANA, JOE = "ana@shop.example", "joe@mail.example"


def house_of(folder: Path, sink: MailSink) -> House:
    house = House(folder, channels=False)
    house.more = f"""
[channels.help]
kind = "email"
addresses = ["{HELP}"]
desk_address = "{DESK}"
listen_port = {house.smtp}
smtp_host = "127.0.0.1"
smtp_port = {sink.port}
smtp_starttls = false
"""
    house.write()
    house.write_team(TEAM.replace("BOS_DESK", "email"))
    return house


class Post:
    """The mail server between people and the desk."""

    def __init__(self, house: House, sink: MailSink) -> None:
        self._house, self._sink = house, sink
        self._number = 0

    def to(self, address: str) -> list[EmailMessage]:
        """What somebody has got."""
        return [mail for mail in self._sink.received if address in str(mail["To"])]

    async def until(self, address: str, text: str) -> EmailMessage:
        """Wait for a mail that says something."""
        async with asyncio.timeout(40):
            while True:
                for mail in self.to(address):
                    if text in text_of(mail):
                        return mail
                await asyncio.sleep(0.02)

    def mail(self, sender: str, to: str, text: str) -> EmailMessage:
        """A mail with an id of its own."""
        self._number += 1
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = sender, to, "Order 1182"
        made["Message-ID"] = f"<{self._number}@{sender.rpartition('@')[2]}>"
        made.set_content(text)
        return made

    async def hand_in(self, mail: EmailMessage) -> None:
        """Deliver it; raises what `smtplib` raises where nobody says 250."""

        def deliver() -> None:
            with smtplib.SMTP("127.0.0.1", self._house.smtp, timeout=30) as smtp:
                smtp.send_message(mail, str(mail["From"]), [str(mail["To"])])

        await asyncio.to_thread(deliver)


@pytest.mark.crash
async def test_what_an_agent_wrote_survives_a_kill_and_is_said_once(tmp_path: Path) -> None:
    async with MailSink() as sink:
        house = house_of(tmp_path, sink)
        post, server, local = Post(house, sink), ServerProcess(house.config), Client(house.database)
        await asyncio.to_thread(server.start)
        try:
            asked = {"agent": "ana", "desk": "email"}
            invitation = await asyncio.to_thread(local.post, "/api/admin/invitations", asked)
            await post.hand_in(post.mail(ANA, DESK, f"#join {invitation['code']}"))
            await post.until(ANA, "This address is ana's now")
            await post.hand_in(post.mail(ANA, DESK, "#status online"))
            await post.until(ANA, "You are online now.")
            await post.hand_in(post.mail(JOE, HELP, "I want a refund"))
            card = await post.until(ANA, "Yours, if you accept")
            answers = str(card["Reply-To"]).rpartition("<")[2].rstrip(">")

            # Killed as soon as it has said 250, whatever it was about to do.
            await post.hand_in(post.mail(ANA, answers, "Which order is it?"))
            server.kill()
            await asyncio.to_thread(server.start)
            await post.until(JOE, "Which order is it?")
            assert await asyncio.to_thread(server.stop) == 0

            # Killed with the mail on the disk and nobody told: her mail server comes again.
            await asyncio.to_thread(server.start, "spool.after_fsync")
            second = post.mail(ANA, answers, "You get it back.")
            with suppress(OSError, smtplib.SMTPException):
                await post.hand_in(second)
            await asyncio.to_thread(server.wait_for_death)
            await asyncio.to_thread(server.start)
            await post.hand_in(second)
            await post.until(JOE, "You get it back.")
            assert await asyncio.to_thread(server.stop) == 0

            # Killed when the customer's server has said yes and we have not noted it.
            await asyncio.to_thread(server.start, "outbox.after_send")
            await post.hand_in(post.mail(ANA, answers, "It is on its way."))
            await asyncio.to_thread(server.wait_for_death)
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(40):
                while len(post.to(JOE)) < 4:  # noqa: ASYNC110  it comes from another process
                    await asyncio.sleep(0.02)
            assert await asyncio.to_thread(server.stop) == 0
        finally:
            if server.is_alive():
                server.kill()
    said = [text_of(mail).strip() for mail in post.to(JOE)]
    assert said == ["Which order is it?", "You get it back.", *["It is on its way."] * 2]
    repeats = [bool(mail["X-OmniRoute-Repeat"]) for mail in post.to(JOE)]
    assert repeats == [False, False, False, True]
