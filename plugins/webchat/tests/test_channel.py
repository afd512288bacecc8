from __future__ import annotations

import asyncio
import sqlite3
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy
import pytest

import omniroute_webchat
from omniroute import (
    Address,
    Amendment,
    Cap,
    Channel,
    ConfigError,
    Deletes,
    Edits,
    Rejected,
    Retry,
    Secret,
    Site,
    Types,
)
from omniroute_webchat.channel import WebChatChannel
from omniroute_webchat.settings import Settings

if TYPE_CHECKING:
    from plugins.webchat.tests.conftest import Chat, Opens

DAY = 24 * 3600 * 1000


def later(chat: Chat, days: int) -> None:
    """Change the stored past, as time would."""
    with sqlite3.connect(chat.folder / "mailbox.sqlite") as db:
        db.execute("UPDATE sessions SET seen = seen - ?", (days * DAY,))
    db.close()


def test_the_plugin_is_found_and_offers_the_channel() -> None:
    [entry] = entry_points(group="omniroute", name="webchat")
    assert entry.load() is omniroute_webchat
    manager = pluggy.PluginManager("omniroute")
    manager.register(omniroute_webchat)
    assert manager.hook.omniroute_channels() == [[WebChatChannel]]


def test_it_is_a_channel(tmp_path: Path) -> None:
    channel = WebChatChannel("main", Settings(), Site(tmp_path, "http://desk.example"))
    assert isinstance(channel, Channel)
    assert (
        WebChatChannel.caps
        == Cap.LIVE
        | Cap.EDIT_OUT
        | Cap.DELETE_OUT
        | Cap.TYPING
        | Cap.FILES_IN
        | Cap.FILES_OUT
        | Cap.BUTTONS
    )
    assert isinstance(channel, Edits)
    assert isinstance(channel, Deletes)
    assert isinstance(channel, Types)


async def test_an_answer_is_shown_once_however_often_it_is_sent(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("hello")
    first = await chat.answers("Good morning.", key="e1")
    assert first.external_ids == ("e1",)
    assert await chat.answers("Good morning.", key="e1") == first
    await chat.starts_again()
    assert await chat.answers("Good morning.", key="e1") == first
    assert await joe.sees() == ["hello", "Good morning."]


async def test_an_answer_waits_for_whoever_is_away(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("hello")
    await chat.starts_again()
    await chat.answers("Are you still there?", key="e1")
    assert await joe.sees() == ["hello", "Are you still there?"]


@pytest.mark.parametrize("conversation", ["", "s:nobody", "u:nobody", "joe@shop.example"])
async def test_an_answer_to_nobody_is_rejected(chat: Chat, conversation: str) -> None:
    await chat.visitor(chat.token("17"))
    with pytest.raises(Rejected, match="not known here"):
        await chat.answers("hello?", key="e1", to=conversation)


async def test_an_answer_to_a_guest_who_signed_in_finds_them_on_every_device(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("anybody there?")
    guest = chat.inbound[0].conversation
    await joe.opens(chat.token("17"))
    phone = await chat.visitor(chat.token("17"))
    await chat.answers("Yes!", key="e1", to=guest)
    assert await joe.sees() == ["anybody there?", "Yes!"]
    assert await phone.sees() == ["Yes!"]


async def test_an_answer_to_a_user_who_signed_out_waits_for_the_next_visit(chat: Chat) -> None:
    joe = await chat.visitor(chat.token("17"))
    await joe.says("hello")
    await joe.asks("DELETE", "session")
    await chat.answers("Good morning.", key="e1")
    again = await chat.visitor(chat.token("17"))
    assert await again.sees() == ["hello", "Good morning."]


async def test_a_guest_long_gone_is_forgotten_and_the_agent_is_told(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("my card ends in 42")
    later(chat, days=8)
    await chat.starts_again()  # which also sweeps
    assert (await joe.asks("GET", "lines")).status_code == 401
    with pytest.raises(Rejected, match="gone for long"):
        await chat.answers("hello?", key="e1")
    await chat.stops()
    assert b"card ends in 42" not in (chat.folder / "mailbox.sqlite").read_bytes()


async def test_a_guest_who_ran_out_while_we_listened_is_told_apart(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("hello")
    later(chat, days=8)
    with pytest.raises(Rejected, match="nobody would read the answer"):
        await chat.answers("hello?", key="e1")


async def test_a_user_is_remembered_however_long_they_are_away(chat: Chat) -> None:
    joe = await chat.visitor(chat.token("17"))
    await joe.says("hello")
    later(chat, days=80)
    await chat.starts_again()
    assert (await joe.asks("GET", "lines")).status_code == 401
    await chat.answers("Good morning.", key="e1")
    again = await chat.visitor(chat.token("17"))
    assert await again.sees() == ["hello", "Good morning."]


async def test_being_here_counts_as_being_seen(chat: Chat) -> None:
    joe = await chat.visitor()
    for _ in range(3):
        later(chat, days=5)
        await chat.starts_again()
        await joe.sees()
    await joe.says("still me")


async def test_sending_before_listening_is_to_be_tried_again(open_chat: Opens) -> None:
    chat: Chat = open_chat()
    with pytest.raises(Retry, match="not listening"):
        await chat.answers("hello", key="e1", to="s:joe")


async def test_a_full_disk_is_busy_for_visitors_and_to_be_tried_again_for_us(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("hello")

    def small(db: sqlite3.Connection) -> None:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")

    await chat.channel._mailbox.do(small)
    big = "x" * 4000
    taken = seen = 0
    while (await joe.tries(big)).status_code == 200:
        taken += 1
        seen = len(await joe.sees())
    assert seen == taken  # the engine has the last; here it waits for room
    with pytest.raises(Retry, match="full"):
        await chat.answers(big, key="e1")

    await chat.channel._mailbox.do(lambda db: db.execute("PRAGMA max_page_count = 100000"))
    await chat.answers(big, key="e1")
    assert await joe.sees() == ["hello", *[big] * (taken + 1)]
    await joe.says("and this?")


async def test_a_mailbox_that_cannot_be_opened_stops_listening_with_a_reason(
    open_chat: Opens,
) -> None:
    chat: Chat = open_chat()
    (chat.folder / "mailbox.sqlite").write_bytes(b"garbage" * 1000)
    with pytest.raises(ConfigError, match=r"mailbox\.sqlite: cannot be used"):
        await chat.channel.listen(chat.notebook)
    assert not chat.notebook.listening.is_set()


async def test_stopping_twice_is_no_worse_than_once(chat: Chat) -> None:
    joe = await chat.visitor()
    saying = [asyncio.create_task(joe.tries(str(n))) for n in range(10)]
    await asyncio.sleep(0)
    await chat.stops()
    answers = {response.status_code for response in await asyncio.gather(*saying)}
    assert answers <= {200, 503}
    await chat.starts_again()
    kept = [said.text for said in chat.inbound]
    assert set(await joe.sees()) <= set(kept)


async def test_check_says_what_is_open_and_what_is_missing(tmp_path: Path) -> None:
    site = Site(tmp_path, "https://desk.example")

    def checked(settings: Settings, site: Site = site) -> WebChatChannel:
        return WebChatChannel("main", settings, site)

    good = await checked(Settings(secret=Secret("x" * 32))).check()
    assert good.ok
    assert good.found.startswith("open at https://desk.example/channels/webchat/main/;")
    assert not good.fix

    guests = await checked(Settings()).check()
    assert guests.ok
    assert "nobody is identified" in guests.found
    assert "set `secret`" in guests.fix

    nowhere = await checked(Settings(), Site(tmp_path / "gone", "https://desk.example")).check()
    assert not nowhere.ok
    assert "cannot write to" in nowhere.found


async def test_whoever_is_erased_is_forgotten_here_too(chat: Chat) -> None:
    joe, kim, guest = (
        await chat.visitor(chat.token("17")),
        await chat.visitor(chat.token("18")),
        (await chat.visitor()),
    )
    for who in (joe, kim, guest):
        await who.says("hello")
    await chat.answers("Good morning.", key="e1", to=chat.inbound[0].conversation)
    await chat.channel.forget(["17", chat.inbound[2].sender.value])
    with sqlite3.connect(chat.folder / "mailbox.sqlite") as db:
        assert db.execute("SELECT COUNT(*) FROM lines").fetchone() == (1,)
        assert db.execute("SELECT sub FROM sessions").fetchall() == [("18",)]
    db.close()
    assert await kim.sees() == ["hello"]


async def test_an_answer_that_is_changed_reads_otherwise_at_once_and_later(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("When?")
    await chat.answers("On Munday", key="e1")
    await chat.answers("Your sister ordered, too", key="e2")
    screen = joe.listens()
    assert await screen.until(3) == ["When?", "On Munday", "Your sister ordered, too"]
    await chat.channel.edit(change(chat, "e1", "On Monday"))
    await chat.channel.delete(change(chat, "e2"))
    await screen.until(5)
    told = [(line["id"], line["text"], line["changed"], line["of"]) for line in screen.lines[3:]]
    first, second = (line["seq"] for line in screen.lines[1:3])
    assert told == [("e1", "On Monday", "edited", first), ("e2", "", "deleted", second)]
    seen = screen.lines[-1]["seq"]
    await screen.breaks()
    assert await joe.sees() == ["When?", "On Monday", ""]
    again = joe.listens(after=seen)
    await chat.answers("Anything else?", key="e3")
    assert await again.until(1) == ["Anything else?"]
    await again.breaks()


async def test_a_change_may_be_made_twice_and_of_nothing_it_is_refused(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("When?")
    await chat.answers("On Munday", key="e1")
    for _ in range(2):
        await chat.channel.edit(change(chat, "e1", "On Monday"))
    assert await joe.sees() == ["When?", "On Monday"]
    with pytest.raises(Rejected, match="not there any more"):
        await chat.channel.delete(change(chat, "e9"))


def change(chat: Chat, id: str, text: str = "") -> Amendment:
    return Amendment(chat.inbound[-1].conversation, Address("any", "any"), (id,), text)


async def test_a_mailbox_from_before_there_were_changes_goes_on(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("When?")
    await chat.stops()
    with sqlite3.connect(chat.folder / "mailbox.sqlite") as db:
        db.executescript(
            "DROP TABLE changes; ALTER TABLE lines DROP COLUMN changed; PRAGMA user_version = 1;"
        )
    db.close()
    await chat.starts_again()
    await chat.answers("On Munday", key="e1")
    await chat.channel.edit(change(chat, "e1", "On Monday"))
    assert await joe.sees() == ["When?", "On Monday"]


async def test_who_is_writing_is_told_both_ways_and_kept_nowhere(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("When?")
    screen = joe.listens()
    await screen.until(1)
    await chat.channel.show_typing(chat.inbound[0].conversation, chat.inbound[0].sender)
    await screen.until(2)
    assert "event: writing" in screen.text
    await screen.breaks()
    for _ in range(5):
        assert (await joe.asks("POST", "writing", json={})).status_code == 204
    assert chat.notebook.writers == [chat.inbound[0].sender] * 2  # the others came too soon
    assert await joe.sees() == ["When?"]
    stranger = chat.browser()
    assert (await stranger.asks("POST", "writing", json={})).status_code == 401
