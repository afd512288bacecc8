"""What programs are told: once, in order, and until they have it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from omniroute import Amendment, Outbound, Rejected, Retry, Site
from omniroute_http.channel import HttpChannel
from omniroute_http.settings import Settings

if TYPE_CHECKING:
    from plugins.http.tests.conftest import House


async def test_what_has_not_been_acknowledged_is_told_again(house: House) -> None:
    await house.says("hello")
    await house.answers("one", "k1")
    first = await house.polls()
    await house.answers("two", "k2")
    assert [one["text"] for one in (await house.polls())["items"]] == ["one", "two"]
    assert [one["text"] for one in (await house.polls(first["cursor"]))["items"]] == ["two"]
    assert (await house.polls())["items"][0]["text"] == "two"  # the first is gone for good


async def test_whoever_waits_is_told_at_once(house: House) -> None:
    await house.says("hello")
    asking = asyncio.ensure_future(house.polls(wait=30))
    async with asyncio.timeout(15):
        while "shop asks right now" not in (await house.channel.check()).found:
            pass
        await house.answers("Hello Joe")
        news = await asking
    (item,) = news["items"]
    assert item["to"] == {"id": "joe", "name": ""}
    assert (item["id"], item["conversation"], item["author"]) == ("k1", "joe", "Ana")


async def test_signs_of_writing_are_for_those_who_wait(house: House) -> None:
    await house.says("hello")
    to = house.heard()
    await house.channel.show_typing(to.conversation, to.sender)  # nobody looks
    asking = asyncio.ensure_future(house.polls(wait=30))
    async with asyncio.timeout(15):
        while not asking.done():
            await house.channel.show_typing(to.conversation, to.sender)
            await asyncio.sleep(0)
        assert [item["type"] for item in (await asking)["items"]] == ["typing"]
    assert (await house.polls())["items"] == []


async def test_another_attempt_waits_once(house: House) -> None:
    await house.says("hello")
    for _ in range(2):
        await house.answers("Hello Joe")
    assert len((await house.polls())["items"]) == 1


async def test_nobody_reads_what_is_for_another(house: House) -> None:
    await house.says("hello")
    await house.answers("for the shop")
    assert (await house.polls(whose="app"))["items"] == []
    answered = await house.posts("called/poll", {})
    assert answered.status == 409  # it has a webhook


async def test_a_cursor_of_another_file_acknowledges_nothing(house: House) -> None:
    await house.says("hello")
    await house.answers("Hello Joe")
    for cursor in ("0123456789ab.99", "99", "nonsense", ".", "x.-1"):
        assert len((await house.polls(cursor))["items"]) == 1


async def test_changes_name_the_message(house: House) -> None:
    await house.says("hello", id="m1")
    receipt = await house.answers("wrong", quotes="shop/m1", in_reply_to="shop/m1")
    to = house.heard()
    change = Amendment(to.conversation, to.sender, receipt.external_ids, "right")
    await house.channel.edit(change)
    await house.channel.delete(change)
    message, edit, delete = (await house.polls())["items"]
    assert (message["quotes"], message["in_reply_to"]) == ("m1", "m1")
    assert (edit["type"], edit["message"], edit["text"]) == ("edit", message["id"], "right")
    assert (delete["type"], delete["message"]) == ("delete", message["id"])


async def test_an_integration_that_is_gone_is_said_to_be(house: House) -> None:
    await house.says("hello")
    lost = Outbound("k1", "gone/joe", house.heard().sender, "hello?")
    with pytest.raises(Rejected, match="belongs to no integration"):
        await house.channel.send(lost)


async def test_what_waits_for_somebody_is_forgotten_with_them(house: House) -> None:
    await house.says("hello")
    await house.answers("Hello Joe")
    await house.channel.forget(["mia"])
    assert len((await house.polls())["items"]) == 1
    await house.channel.forget(["joe"])
    assert (await house.polls())["items"] == []


async def test_before_it_listens_an_answer_is_tried_again(
    house: House, settings: Settings, tmp_path: Path
) -> None:
    await house.says("hello")
    to = house.heard()
    early = HttpChannel("main", settings, Site(tmp_path / "other", "http://desk.example"))
    with pytest.raises(Retry, match="not listening"):
        await early.send(Outbound("k1", to.conversation, to.sender, "hello"))


async def test_a_webhook_that_is_not_there_is_tried_again(house: House) -> None:
    await house.says("hello", whose="called")
    with pytest.raises(Retry, match="called cannot be reached") as raised:
        await house.answers("Hello Joe")
    assert not raised.value.in_doubt


async def test_check_tells_how_each_fares(house: House) -> None:
    await house.says("hello")
    await house.answers("Hello Joe")
    health = await house.channel.check()
    assert not health.ok
    assert "called cannot be reached" in health.found
    assert "channels.main.integrations.called.webhook" in health.fix
    assert "have shop ask at http://desk.example/channels/http/main/shop/poll" in health.fix
