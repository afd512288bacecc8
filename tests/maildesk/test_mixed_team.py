"""One agent works by mail, one on Telegram, one in the console: the same queue, nothing lost."""

from __future__ import annotations

from pathlib import Path

from tests.maildesk.scene import HELP, scene, text_of

from omniroute import Secret
from omniroute.application import commands as c
from omniroute.application.authorize import SYSTEM
from omniroute_telegram.testing import FakeTelegram, serving


async def test_a_customer_is_handed_from_telegram_to_mail_and_on_to_the_console(
    tmp_path: Path,
) -> None:
    async with serving(FakeTelegram()) as fake:
        telegram = {"kind": "telegram", "token": Secret(fake.token), "api_url": fake.url}
        async with scene(tmp_path, bos_desk="telegram", channels={"telegram": telegram}) as desk:
            ana = await desk.agent("ana", "Ana Ruiz")
            bo = fake.person("Bo Lindgren").chat()
            invitation = await desk.server.enrolment.invite(SYSTEM, "bo", "telegram")
            link = invitation.text.removesuffix(" and press Start.").rpartition(" ")[2]
            bo.says(f"/start {link.rpartition('?start=')[2]}")
            await bo.sees("This account is bo's now")
            bo.says("/status online")
            await bo.sees("You are online now.")

            joe = fake.person("Joe Miller").chat()  # who waits in a chat is not offered by mail
            joe.says("I was charged twice, I want a refund")
            await bo.sees("Why you")
            await bo.presses("Accept")
            await bo.sees("What you write here goes to")
            bo.says("/transfer ana she knows the bank")
            handed = await ana.gets("#1 is yours.")
            assert text_of(handed).startswith("Replying sends to Joe Miller by Telegram.")
            assert "she knows the bank" in text_of(handed)
            assert "Joe Miller: I was charged twice" in text_of(handed)

            await ana.answers(handed, "I have asked the **bank**.")
            await joe.sees("I have asked the bank.")
            joe.says("Thanks!")
            thanks = await ana.gets("Thanks!")

            actor = await desk.server.application.actor("frieda")
            await desk.server.application.do(actor, c.Take(thread=1))
            taken = await ana.gets("Frieda Baumann has taken #1 Joe Miller over.")
            assert text_of(taken).startswith("Replying sends nothing: Frieda Baumann has it.")
            await ana.answers(thanks, "You are welcome")
            await ana.gets("is with Frieda Baumann")
            assert joe.from_bot() == ["I have asked the bank."]


async def test_who_has_mail_customers_is_asked_by_either_desk(tmp_path: Path) -> None:
    async with serving(FakeTelegram()) as fake:
        telegram = {"kind": "telegram", "token": Secret(fake.token), "api_url": fake.url}
        async with scene(tmp_path, bos_desk="telegram", channels={"telegram": telegram}) as desk:
            ana = await desk.agent("ana", "Ana Ruiz")
            kim = desk.mailbox("kim@mail.example", "Kim")
            await kim.writes(HELP, "I want a refund")
            card = await ana.gets("Yours, if you accept")
            bo = fake.person("Bo Lindgren").chat()
            invitation = await desk.server.enrolment.invite(SYSTEM, "bo", "telegram")
            link = invitation.text.removesuffix(" and press Start.").rpartition(" ")[2]
            bo.says(f"/start {link.rpartition('?start=')[2]}")
            await bo.sees("This account is bo's now")
            bo.says("/status online")
            await bo.sees("You are online now.")
            await ana.answers(card, "#pass I know him")
            await ana.gets("You passed")
            await bo.sees("Why you")
            assert await bo.presses("Accept") == "#1 is yours."
            await bo.sees("Kim: I want a refund")
            bo.says("On its way")
            reply = await kim.gets("On its way")
            assert str(reply["From"]).startswith("Bo Lindgren")
            status, page = await ana.opens(ana.link(card, "Accept"))
            assert (status, "Bo Lindgren has it now." in page) == (409, True)
