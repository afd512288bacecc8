"""What must never reach a customer by mail, and who must never act."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.maildesk.scene import DESK, HELP, Mailbox, Scene, scene, text_of

from omniroute.application.authorize import SYSTEM


async def taken(desk: Scene) -> tuple[Mailbox, Mailbox]:
    """Ana has Joe's thread: the mail with the card is read."""
    ana = await desk.agent("ana", "Ana Ruiz")
    joe = desk.mailbox("joe@mail.example", "Joe Miller")
    await joe.writes(HELP, "I want a refund", "Invoice 1182")
    card = await ana.gets("Yours, if you accept")
    await ana.answers(card, "#accept")
    await ana.gets("#1 is yours.")
    return ana, joe


async def test_what_is_not_understood_does_nothing_and_says_what_was_meant(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        [card, *_] = [mail for mail in ana.mails() if "Yours, if" in text_of(mail)]
        for said, told in [
            ("#tag vip\n#solvd\n\nYou get it back.", "“solvd” is no command"),
            ("#transfer bo", "say in a line why bo should have it"),
            ("#transfer bob he knows it\nBob helps.", "Nobody on the team and no queue is called"),
            ("Resolve", "did you mean #resolve?"),
            ("You get it back.\n#resolve", "commands stand at the very top"),
            ("/resolv\nYou get it back.", "did you mean “resolve”?"),
            ("", "there was no word of yours above the line"),
            ("#note", "say it as: note <text>"),
        ]:
            await ana.answers(card, said)
            answer = await ana.gets(told)
            assert answer["Auto-Submitted"] == "auto-replied"
            assert answer["In-Reply-To"] is not None
        page = await desk.page()
        assert (page.row.tags, page.row.phase) == ((), "assigned")
        assert [item.kind for item in page.items if item.kind == "reply"] == []
        assert joe.mails() == []


@pytest.mark.parametrize("quoting", ["> ", "", "| "])
async def test_the_card_and_the_quotation_never_go_out(tmp_path: Path, quoting: str) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        card = next(mail for mail in ana.mails() if "Yours, if" in text_of(mail))
        await ana.answers(card, "You get it back.", quoting=quoting)
        reply = await joe.gets("You get it back.")
        assert text_of(reply).strip() == "You get it back."
        link = ana.link(card, "Accept")
        await ana.writes(str(card["Reply-To"]).rpartition("<")[2][:-1], f"See {link}", "Re: it")
        await ana.gets("I cannot tell your words from what you quoted")
        assert len(joe.mails()) == 1


async def test_an_out_of_office_makes_away_and_is_a_private_line(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        card = next(mail for mail in ana.mails() if "Yours, if" in text_of(mail))
        before = len(ana.mails())
        absence = {"Auto_Submitted": "auto-replied"}
        await ana.answers(card, "I am out of office until Monday.", **absence)
        await ana.answers(card, "I am out of office until Monday. Again.", **absence)
        await desk.settled()
        agent = desk.server.node.state.agents["ana"]
        assert agent.status == "away"
        notes = [item.text for item in (await desk.page()).items if item.kind == "note"]
        assert notes == ["My mailbox has answered by itself: “I am out of office until Monday.”"]
        assert joe.mails() == []
        assert len(ana.mails()) == before  # nothing is answered that a machine wrote


async def test_incident_15_who_is_no_agent_is_refused_and_told_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        card = next(mail for mail in ana.mails() if "Yours, if" in text_of(mail))
        eve = desk.mailbox("eve@other.example", "Ana Ruiz")
        await eve.answers(card, "Send the money to my account.")
        refusal = await eve.gets("this address is for agents, and I know nobody by yours")
        assert HELP in text_of(refusal)
        assert "Joe" not in refusal.as_string()
        await eve.answers(card, "#resolve")
        await eve.writes(DESK, "#status offline")

        forged = desk.mailbox("ana@shop.example", "Ana Ruiz")
        await forged.writes(DESK, "#status offline", genuine=False)
        await forged.answers(card, "Send the money to my account.", genuine=False)
        await ana.gets("does not vouch that it is from you")
        await desk.settled()
        assert len(eve.mails()) == 1
        assert (await desk.page()).row.phase == "assigned"
        assert desk.server.node.state.agents["ana"].status == "online"
        assert joe.mails() == []


async def test_incident_3_only_token_sender_and_proof_together_answer_a_customer(
    tmp_path: Path,
) -> None:
    """FreeScout CVE-2026-47123: nine ways to answer, of which one reaches the customer."""
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        card = next(mail for mail in ana.mails() if "Yours, if" in text_of(mail))
        bo = await desk.agent("bo", "Bo Lindgren")
        theirs = bo.mails()[-1]  # its token, where it has one, is another's
        eve = desk.mailbox("eve@other.example", "Ana Ruiz")
        for whose in (card, theirs, None):
            for sender, genuine in ((ana, True), (eve, True), (ana, False)):
                if whose is card and sender is ana and genuine:
                    continue
                said = "Send the money to my account."
                if whose is None:
                    await sender.writes(DESK, said, genuine=genuine)
                else:
                    await sender.answers(whose, said, genuine=genuine)
        await desk.settled()
        assert joe.mails() == []
        await ana.answers(card, "You get it back.")
        await joe.gets("You get it back.")


async def test_a_code_binds_once_and_only_who_is_vouched_for(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        invitation = await desk.server.enrolment.invite(SYSTEM, "ana", "email")
        join = invitation.text.rpartition(": ")[2]
        forged = desk.mailbox("ana@shop.example", "Ana Ruiz")
        await forged.writes(DESK, join, genuine=False)
        await desk.settled()
        assert await desk.server.bindings.of("ana") == []
        await forged.writes(DESK, join)
        await forged.gets("This address is ana's now")
        eve = desk.mailbox("eve@other.example", "Eve")
        await eve.writes(DESK, join)
        await eve.gets("This code has been used")
        [bound] = await desk.server.enrolment.accounts(SYSTEM, "ana")
        assert (bound.kind, bound.value, bound.display) == ("email", "ana@shop.example", "Ana Ruiz")


async def test_who_is_taken_off_does_nothing_any_more(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        card = next(mail for mail in ana.mails() if "Yours, if" in text_of(mail))
        assert await desk.server.enrolment.revoke(SYSTEM, "ana") == 1
        await ana.answers(card, "You get it back.")
        await ana.gets("I know nobody by yours")
        status, page = await ana.opens(ana.link(card, "Accept"), "POST")
        assert (status, "no agent's any more" in page) == (403, True)
        assert joe.mails() == []


async def test_who_writes_to_the_customers_mailbox_too_is_a_customer(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        await joe.writes(f"{HELP}, {DESK}", "My refund, please")
        await desk.settled()
        assert (await desk.page()).row.excerpt == "My refund, please"


async def test_an_answer_that_is_given_again_after_a_crash_goes_out_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        card = next(mail for mail in ana.mails() if "Yours, if" in text_of(mail))
        raws: list[bytes] = []
        attend = desk.channel.desk().attend

        async def twice(raw: bytes) -> None:
            raws.append(raw)
            await attend(raw)
            await attend(raw)

        desk.channel.desk().attend = twice
        await ana.answers(card, "You get it back.")
        await joe.gets("You get it back.")
        await desk.settled()
        assert len(raws) == 1
        assert len(joe.mails()) == 1


async def test_two_machines_that_do_not_say_so_stop(tmp_path: Path) -> None:
    """The agent's mailbox and the customer's answer every mail, marked by nothing."""
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        card = next(mail for mail in ana.mails() if "Yours, if" in text_of(mail))
        await ana.answers(card, "I am away.")
        await joe.answers(await joe.gets("I am away."), "I will read it later.")
        await ana.answers(await ana.gets("I will read it later."), "I am away.")
        first = await ana.gets("your last answer, of")
        await ana.answers(first, "I am away.")
        second = await ana.gets("your last answer, of")
        for mail in (second, second, first):
            await ana.answers(mail, "I am away.")
        await desk.settled()
        assert len([mail for mail in ana.mails() if "your last answer" in text_of(mail)]) == 2
        assert len(joe.mails()) == 1

        await ana.answers(second, "#reply I am away.")
        await joe.gets("I am away.")
        assert len(joe.mails()) == 2
