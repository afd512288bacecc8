"""Several people behind one address: each in a thread of their own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tests.runtime.house import House, Pipe, inbound

from omniroute import Address, Cap
from omniroute.core.inputs import MessageReceived, ShareDeclared

INFO = Address("email", "info@team.example", verified=True)
BOB = Address("login", "bob", verified=True, unique=True)


class Mail(Pipe):
    """Like the pipe, but nobody waits at the other end."""

    kind = "mail"
    caps = Cap.NONE


def shared(tmp_path: Path, *, live: bool = False) -> House:
    """A house whose settings call a mailbox several people's."""
    house = House(tmp_path)
    house.shared = (INFO.value,)
    if not live:
        house.pipe = Mail()
    house.node = house.made()
    return house


async def wrote(
    house: House, name: str = "", *, sender: Address = INFO, known: tuple[Address, ...] = (),
    answers: str = "", conversation: str = "c",
) -> MessageReceived:  # fmt: skip
    """Somebody writes; their message as it was decided."""
    number = len(house.messages())
    said = dataclasses.replace(
        inbound(name), external_id=f"m{number}", conversation=conversation, answers=answers,
        sender=dataclasses.replace(sender, display=name), also_known_as=known,
    )  # fmt: skip
    house.pipe.reads = lambda raw: [said]
    await house.says(str(number))
    await house.until(lambda: len(house.messages()) > number)
    return house.messages()[-1]


async def test_i9_bobs_mail_never_lands_in_eves_thread(tmp_path: Path) -> None:
    house = shared(tmp_path)
    async with house.running():
        eve, bob = await wrote(house, "Eve"), await wrote(house, "Bob")
        again = await wrote(house, "Eve")
        assert len({eve.sender.id, bob.sender.id, again.sender.id}) == 3
        assert len(house.events("ThreadOpened")) == 3
        assert (eve.name, bob.name) == ("", ""), "there is nothing left to suspect"
        addresses = {house.row("p/" + message.sender.id) for message in (eve, bob, again)}
        assert all(b"info@team.example" in row for row in addresses)


async def test_whoever_answers_us_goes_on_in_their_thread(tmp_path: Path) -> None:
    house = shared(tmp_path)
    async with house.running():
        await house.goes("ana")
        eve = await wrote(house, "Eve")
        await house.replies("you get it back")
        await house.until(lambda: house.events("ReplySent"))
        key = str(house.events("ReplySent")[0].effect)
        assert house.pipe.sent[-1].to.value == INFO.value
        assert (await wrote(house, "Eve", answers=key)).sender.id == eve.sender.id
        elsewhere = Address("email", "kim@mail.example", verified=True)
        assert (await wrote(house, "Kim", sender=elsewhere, answers=key)).sender.id not in (
            eve.sender.id,
        )
        assert len(house.events("ThreadOpened")) == 2


async def test_whoever_shows_a_strong_id_is_themselves(tmp_path: Path) -> None:
    house = shared(tmp_path)
    async with house.running():
        first = await wrote(house, "Bob", known=(BOB,))
        second = await wrote(house, "The shop", known=(BOB,))
        assert first.sender.id == second.sender.id
        eve = dataclasses.replace(BOB, value="eve")
        assert (await wrote(house, "Eve", known=(eve,))).sender.id != first.sender.id
        assert len(house.events("LinkAdded")) == 2, "each with their own login"
        assert not house.events("LinkSuggested")


async def test_in_a_chat_a_conversation_is_somebodys(tmp_path: Path) -> None:
    house = shared(tmp_path, live=True)
    async with house.running():
        first, second = await wrote(house), await wrote(house)
        other = await wrote(house, conversation="another")
        assert first.sender.id == second.sender.id != other.sender.id


async def test_what_nobody_vouches_for_is_apart_from_all_of_them(tmp_path: Path) -> None:
    house = shared(tmp_path)
    async with house.running():
        true = await wrote(house, known=(BOB,))
        forged = await wrote(house, sender=dataclasses.replace(INFO, verified=False), known=(BOB,))
        assert forged.sender.id != true.sender.id
        assert not forged.sender.verified
        assert len(house.events("ThreadOpened")) == 2


async def test_an_address_declared_at_work_stays_so_after_a_restart(house: House) -> None:
    eve = await wrote(house, "Eve")
    handle = eve.sender.id
    await house.node.inbox.submit(
        lambda at: ShareDeclared("declared", at, handle, by="di"), {f"y/{handle}": b"{}"}
    )
    await house.restart()
    assert (await wrote(house, "Bob")).sender.id != handle
    house.node.shared.declare(handle, False)
    assert (await wrote(house, "Eve")).sender.id == handle


async def test_names_reach_the_core_as_keyed_hashes_alone(house: House) -> None:
    said = [await wrote(house, name) for name in ("Joe Miller", "Miller, Joe", "Kim", "")]
    one, other, kim, nameless = (message.name for message in said)
    assert one == other != kim
    assert (nameless, len(kim)) == ("", 26)
    assert all(not event.sharing.how for event in house.events("HandleCalled"))
    await wrote(house, "Lou")
    assert house.events("HandleCalled")[-1].sharing.how == "suspected"


async def test_who_was_joined_before_the_settings_said_so_is_parted(house: House) -> None:
    await wrote(house, "Bob", known=(BOB,))
    assert len(house.events("LinkAdded")) == 1
    house.shared = (INFO.value,)
    for _ in range(2):
        await house.restart()
        assert len(house.events("CustomerSplit")) == 1
        assert len(house.events("HandleShared")) == 1
