"""Customers who keep the demo moving: they write by SMTP and in the web chat, and read answers."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import random
import smtplib
import uuid
from collections import deque
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from typing import Final
from urllib.parse import urlsplit

from omniroute.demo.bymail import ADDRESS as DORA
from omniroute.demo.chats import token
from omniroute.demo.colleagues import always
from omniroute.demo.script import JOE, MATTERS, Customer, Matter, customers, said, thanks_for
from omniroute.testing.mail_sink import MailSink

log = logging.getLogger(__name__)

ARRIVALS: Final = (15.0, 45.0)  # seconds between two customers
READING: Final = (15.0, 40.0)  # seconds until somebody says thanks
MANY: Final = 240


class Visitors:
    """Customers of one desk: where they write, and the mail server at which they read."""

    def __init__(
        self,
        address: str,
        smtp_port: int,
        chat: str,
        secret: str,
        say: Callable[[str], None],
        at_ease: asyncio.Event | None = None,
    ) -> None:
        """While *at_ease* is not set, nobody begins anything."""
        self._address, self._smtp_port = address, smtp_port
        self._chat, self._secret, self._say = urlsplit(chat), secret, say
        self._chance = random.Random()  # noqa: S311 - a play, not a secret
        self._recent: deque[Matter] = deque(maxlen=6)
        self._at_ease = at_ease or always()

    async def arrive(self, between: tuple[float, float] = ARRIVALS) -> None:
        """New customers until cancelled."""
        for person in customers(self._chance, MANY)[1:]:
            await asyncio.sleep(self._chance.uniform(*between))
            await self._at_ease.wait()
            matter = self._matter(person)
            text, subject = said(matter.asks, person), said(matter.subject, person)
            try:
                if self._chance.random() < 0.3:
                    await asyncio.to_thread(self.say_in_chat, person, text)
                    self._say(f"web chat {person.name}: “{text[:60]}”")
                else:
                    await asyncio.to_thread(self.post, person, subject, text, "")
                    self._say(f"e-mail   {person.name}: “{subject}”")
            except (OSError, smtplib.SMTPException) as error:
                log.info("%s could not write: %s", person.name, error)

    def _matter(self, person: Customer) -> Matter:
        """Something that nobody has just asked."""
        matters = MATTERS[person.language]
        fresh = [matter for matter in matters if matter not in self._recent]
        matter = self._chance.choice(fresh or matters)
        self._recent.append(matter)
        return matter

    async def read(self, sink: MailSink, after: tuple[float, float] = READING) -> None:
        """Say thanks for what came by mail, until cancelled.  The visitor plays Joe, and Dora."""
        async with asyncio.TaskGroup() as group:
            count = 0
            while True:
                count += 1
                mail = (await sink.wait_for(count, None))[-1]
                name, address = parseaddr(str(mail["To"]))
                if address not in (JOE.email, DORA) and self._chance.random() < 0.7:
                    group.create_task(self._thank(mail, name, address, after))

    async def _thank(
        self, mail: EmailMessage, name: str, address: str, after: tuple[float, float]
    ) -> None:
        body = mail.get_body(("plain",))
        thanks = thanks_for(body.get_content() if body is not None else "")
        if not thanks:
            return
        await asyncio.sleep(self._chance.uniform(*after))
        await self._at_ease.wait()
        local = address.partition("@")[0]
        by = Customer(name or local.replace(".", " ").title(), address, local, "en")
        try:
            subject, answers = str(mail["Subject"]), str(mail["Message-ID"])
            await asyncio.to_thread(self.post, by, subject, thanks, answers)
            self._say(f"e-mail   {by.name}: “{thanks}”")
        except (OSError, smtplib.SMTPException) as error:
            log.info("%s could not write: %s", by.name, error)

    def post(self, by: Customer, subject: str, text: str, answers: str) -> None:
        """Have a customer write a mail, in a thread of your own; raises as `smtplib` does."""
        mail = EmailMessage()
        mail["From"] = f"{by.name} <{by.email}>"
        mail["To"], mail["Subject"] = self._address, subject
        mail["Message-ID"] = make_msgid(domain=by.email.partition("@")[2])
        if answers:
            mail["In-Reply-To"] = mail["References"] = answers
        mail.set_content(text)
        with smtplib.SMTP("127.0.0.1", self._smtp_port, timeout=10) as smtp:
            smtp.send_message(mail, by.email, [self._address])

    def say_in_chat(self, by: Customer, text: str) -> None:
        """Have a customer who is signed in at the shop write in the chat; raises `OSError`."""
        site = http.client.HTTPConnection(self._chat.netloc, timeout=10)
        try:
            opened = self._ask(site, "session", {"token": token(by, self._secret)}, "")
            self._ask(site, "messages", {"id": str(uuid.uuid4()), "text": text}, opened)
        finally:
            site.close()

    def _ask(self, site: http.client.HTTPConnection, what: str, body: object, cookie: str) -> str:
        """Post JSON as the chat page does; the cookie that came back, if any."""
        headers = {"Content-Type": "application/json", "Cookie": cookie}
        site.request("POST", self._chat.path + what, json.dumps(body), headers)
        answer = site.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise OSError(f"the web chat answered {answer.status}")
        return answer.getheader("Set-Cookie", "").partition(";")[0]
