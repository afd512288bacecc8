"""The links in a desk's mail: to look is never to act, to press acts once."""

from __future__ import annotations

from pathlib import Path

from tests.maildesk.scene import HELP, scene, text_of

from omniroute.application import commands as c
from omniroute_email.desk.links import Ask


async def test_a_scanner_that_follows_every_link_does_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        await joe.writes(HELP, "I want a refund")
        card = await ana.gets("Yours, if you accept")
        for label in ("Pass", "Accept"):
            for method in ("GET", "HEAD", "GET"):
                status, _ = await ana.opens(ana.link(card, label), method)
                assert status == 200
        assert (await desk.page()).row.phase == "offered"
        assert "Do you take #1 Joe Miller?" in (await ana.opens(ana.link(card, "Accept")))[1]

        assert "#1 is yours." in await ana.presses(card, "Accept")
        status, page = await ana.opens(ana.link(card, "Accept"), "POST")
        assert (status, "Done already" in page) == (200, True)
        assert "Ana Ruiz has it now." in (await ana.opens(ana.link(card, "Accept")))[1]
        status, page = await ana.opens(ana.link(card, "Pass"), "POST")
        assert (status, "Nothing was done" in page) == (409, True)
        assert (await desk.page()).row.agent == "ana"


async def test_of_two_the_other_reads_who_was_faster(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        bo = await desk.agent("bo", "Bo Lindgren", online=False)
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        await joe.writes(HELP, "I want a refund")
        card = await ana.gets("Yours, if you accept")
        actor = await desk.server.application.actor("bo")
        await desk.server.application.do(actor, c.Take(thread=1))
        rescinded = await ana.gets("✋ Bo Lindgren has it")
        assert "Replying sends nothing: Bo Lindgren has it." in text_of(rescinded)
        assert str(card["Message-ID"]) in str(rescinded["References"])
        for method in ("GET", "POST"):
            status, page = await ana.opens(ana.link(card, "Accept"), method)
            assert (status, "Bo Lindgren" in page, "<button>" in page) == (409, True, False)

        await ana.answers(card, "You get it back.")
        await ana.gets("is with Bo Lindgren")
        await ana.answers(card, "#note I know him")
        await desk.settled()
        assert [i.text for i in (await desk.page()).items if i.kind == "note"] == ["I know him"]
        assert joe.mails() == []
        assert bo.mails()


async def test_who_may_be_the_same_person_is_joined_and_parted_by_a_link(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        home = desk.mailbox("joe.miller@mail.example", "Joe Miller")
        work = desk.mailbox("joe.miller@work.example", "Joe Miller")
        await home.writes(HELP, "I want a refund")
        await ana.presses(await ana.gets("Yours, if you accept"), "Accept")
        await work.writes(HELP, "Where is my refund?")
        await ana.gets("Where is my refund?")
        await home.writes(HELP, "I have waited for a week")
        told = await ana.gets("I have waited for a week")
        link = ana.link(told, "The same person")
        assert "One person? May be Joe Miller #2:" in (await ana.opens(link))[1]
        assert "They are one customer now" in await ana.presses(told, "The same person")
        assert len((await desk.page()).handles) == 2

        stale = ana.link(told, "Not the same person")
        assert "Two people, after all?" in (await ana.opens(stale))[1]  # of the same two
        said = await ana.presses(told, "Not the same person")
        assert "They are two customers now" in said
        assert len((await desk.page()).handles) == 1


async def test_incident_20_a_link_that_is_over_broken_or_somebodys_says_so(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        await joe.writes(HELP, "I want a refund")
        card = await ana.gets("Yours, if you accept")
        link = ana.link(card, "Accept")
        base, _, token = link.rpartition("/")
        workplace = desk.channel.desk()
        asked = workplace.seal.read(token)
        old = Ask(asked.verb, asked.agent, asked.mark, 1, 1, until=1, word=asked.word)
        status, page = await ana.opens(f"{base}/{workplace.seal.sign(old)}", "POST")
        assert (status, "Its time has run out. #1: It waits for somebody" in page) == (410, True)
        for broken in (token[:-2], "x" + token, token.replace(".", ""), "%E2%82%AC.x", "a.b"):
            assert (await ana.opens(f"{base}/{broken}", "POST"))[0] == 404
        assert (await desk.page()).row.phase == "offered"

        assert "You passed" in await ana.presses(card, "Pass", why="I know him too well")
        assert (await desk.page()).row.phase != "offered"


async def test_a_customer_who_wrote_meanwhile_is_read_before_it_is_solved(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        await joe.writes(HELP, "I want a refund")
        await ana.presses(await ana.gets("Yours, if you accept"), "Accept")
        await joe.writes(HELP, "Two of them")
        first = await ana.gets("Two of them")
        await joe.writes(HELP, "No, three")
        second = await ana.gets("No, three")
        for method in ("GET", "POST"):
            status, page = await ana.opens(ana.link(first, "Resolve"), method)
            assert (status, "Out of date: Joe Miller wrote meanwhile." in page) == (409, True)
        assert (await desk.page()).row.phase == "assigned"
        assert "is solved" in await ana.presses(second, "Resolve")
        assert (await desk.page()).row.phase == "resolved"
