"""An agent's day by mail alone, from the invitation to the last answer."""

from __future__ import annotations

from pathlib import Path

from tests.maildesk.scene import DESK, HELP, html_of, scene, text_of


async def test_an_offer_is_accepted_by_its_link_and_answered_by_mail(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        await joe.writes(HELP, "I was charged twice, I want a refund", "Invoice 1182")

        card = await ana.gets("Yours, if you accept within")
        first, *rest = text_of(card).splitlines()
        assert first.startswith("Replying sends to joe@mail.example by e-mail and makes #1 yours.")
        assert "Joe Miller: I was charged twice, I want a refund" in "\n".join(rest)
        assert "Why you  rule refunds → billing" in text_of(card)
        assert "joe@mail.example ✓" in html_of(card)
        assert card["Subject"] == "#1 Joe Miller"
        assert card["Auto-Submitted"] == "auto-generated"

        assert "#1 is yours." in await ana.presses(card, "Accept")
        await ana.answers(card, "You get it back today.", signature="-- \nAna Ruiz\nShop Inc.")
        reply = await joe.gets("You get it back today.")
        assert text_of(reply).strip() == "You get it back today."
        assert reply["In-Reply-To"]

        await joe.answers(reply, "Thank you! Here is the receipt.", files=["receipt.pdf"])
        said = await ana.gets("Thank you! Here is the receipt.")
        assert text_of(said).startswith("Replying sends to joe@mail.example by e-mail. Write above")
        assert [part.get_filename() for part in said.iter_attachments()] == ["receipt.pdf"]
        assert str(said["From"]).startswith("Joe Miller · OmniRoute <desk@shop.example>")
        assert said["Auto-Submitted"] is None  # a person wrote it
        assert str(card["Message-ID"]) in str(said["References"])
        assert said["Subject"] == "Re: #1 Joe Miller"

        await ana.answers(said, "#resolve\n\nGlad to help.", files=["terms.pdf"])
        last = await joe.gets("Glad to help.")
        assert [part.get_filename() for part in last.iter_attachments()] == ["terms.pdf"]
        await desk.settled()
        assert (await desk.page()).row.phase == "resolved"
        assert [text_of(mail).strip() for mail in joe.mails()] == [
            "You get it back today.",
            "Glad to help.",
        ]


async def test_everything_is_said_by_commands_in_answers(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        await joe.writes(HELP, "I want a refund")
        card = await ana.gets("Yours, if you accept")
        await ana.answers(card, "#accept\n#tag vip\n#priority high\n#why\n#who")
        told = await ana.gets("#1 is yours.")
        assert "#1: Ana Ruiz" in text_of(told)
        assert "With Ana Ruiz" in text_of(told)
        assert told["Auto-Submitted"] == "auto-replied"

        await ana.answers(
            told, "#note The bank has\nconfirmed it.\n\nCall them.", files=["letter.pdf"]
        )
        await ana.writes(DESK, "#mine")
        assert "#1 Joe Miller" in text_of(await ana.gets("#1 Joe Miller ·"))
        await desk.settled()
        page = await desk.page()
        assert page.row.tags == ("vip",)
        assert page.row.priority == 30
        (note,) = [item for item in page.items if item.kind == "note"]
        assert note.text == "The bank has\nconfirmed it.\n\nCall them."
        assert [file.name for file in note.files] == ["letter.pdf"]
        await ana.answers(told, "#note for us\n#reply for you", files=["letter.pdf"])
        await ana.gets("I cannot tell with which its files go")
        await ana.answers(told, "#snooze 2h")
        await desk.settled()
        assert (await desk.page()).row.phase == "snoozed"
        await ana.answers(told, "#help")
        assert "#transfer who why" in text_of(await ana.gets("Commands stand at the very top"))
        await ana.writes(DESK, "#status away")
        await ana.gets("You are away now.")
        assert joe.mails() == []
