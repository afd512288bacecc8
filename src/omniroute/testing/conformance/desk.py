"""Checks of a desk over a channel's connection: cards are seen, acts reach the door, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest

from omniroute.contracts import desk_faults
from omniroute.desk import Card, CardKind, OffersDesk, Workplace
from omniroute.errors import Refused, Rejected, Retry
from omniroute.testing.conformance.scenes import SCENE, Bound, not_shown
from omniroute.testing.door import ANA, CARD, OFFER, THREAD, OneThread
from omniroute.testing.intake import listening
from omniroute.testing.platform import DeskPlatform, NotShown
from omniroute.testing.stage import Stage

HOUR = 3_600_000  # ms


class AtWork:
    """A desk that has started, a door before it, and an engine's manners between."""

    def __init__(self, stage: Stage, desk: Workplace, door: OneThread, town: DeskPlatform) -> None:
        self.stage, self.desk, self.door, self.town = stage, desk, door, town
        self._attended = 0

    async def works(self, so: Callable[[], object]) -> None:
        """Have the desk attend to what comes in until *so*."""
        async with asyncio.timeout(self.stage.patience):
            while not so():
                await self.stage.notebook.until(self._attended + 1, self.stage.patience)
                await self.attend()

    async def attend(self) -> None:
        """Have the desk attend to what has come in since."""
        raws = list(self.stage.notebook.kept.values())
        for raw in raws[self._attended :]:
            self._attended += 1
            assert not self.stage.channel.parse(raw), "an agent's doing is read as a customer's"
            await self.desk.attend(raw)

    async def comes(self) -> None:
        """Wait until one thing more has come in, and have it attended to."""
        await self.stage.notebook.until(self._attended + 1, self.stage.patience)
        await self.attend()

    async def sees(self, *texts: str) -> None:
        """Wait until Ana sees these words of ours."""
        missing = list(texts)
        try:
            async with asyncio.timeout(self.stage.patience):
                while missing:
                    said = "\n".join(one.text for one in await self.town.seen())
                    missing = [text for text in texts if text not in said]
                    await asyncio.sleep(0.01)
        except TimeoutError:
            said = str([one.text for one in await self.town.seen()])
            raise AssertionError(f"Ana does not see {missing} in {said}") from None

    async def buttons(self) -> list[str]:
        """Every button that Ana can press now."""
        return [label for one in await self.town.seen() for label in one.buttons]

    async def offered(self) -> None:
        """An offer stands before Ana."""
        await self.desk.present(card())

    async def accepted(self) -> None:
        """Ana has accepted it."""
        await self.offered()
        await self.town.presses("Accept")
        await self.works(lambda: self.door.sheet.owner)


def card(kind: CardKind = CardKind.OFFER, agent: str = ANA, reason: str = "") -> Card:
    """A card about the one thread."""
    return Card(f"e-{kind}", agent, kind, THREAD, 1, OFFER, HOUR, CARD, reason)


D = TypeVar("D", bound="DeskConformance")


def work(check: Callable[[D, AtWork], Awaitable[None]]) -> Callable[[D, Path], None]:
    """A check with the desk at work."""

    def test(self: D, tmp_path: Path) -> None:
        async def play() -> None:
            async with _at_work(self, tmp_path) as at_work:
                await check(self, at_work)

        try:
            asyncio.run(asyncio.wait_for(play(), SCENE))
        except NotShown as error:
            not_shown(self, error.what)

    test.__name__, test.__qualname__ = check.__name__, check.__qualname__
    test.__doc__, test.__module__ = check.__doc__, check.__module__
    return test


@asynccontextmanager
async def _at_work(kit: DeskConformance, folder: Path) -> AsyncIterator[AtWork]:
    async with kit.platform() as town:
        stage = Stage(kit.channel, town, folder, kit.patience)
        channel: object = stage.open()
        assert isinstance(channel, OffersDesk), "the channel has no method desk()"
        desk = channel.desk()
        assert desk is not None, "by these settings the channel brings no desk"
        door = OneThread(town.account())
        started = asyncio.ensure_future(desk.start(door))
        try:
            async with listening(stage.channel, stage.notebook):
                yield AtWork(stage, desk, door, town)
        finally:
            started.cancel()
            await asyncio.wait({started}, timeout=kit.stops_within)
            assert started.done(), "start went on after it was cancelled"


class DeskConformance(Bound):
    """Everything that is asked of a desk over a channel's connection.

    Bind it as `ChannelConformance`, with a `DeskPlatform`.
    """

    platform: ClassVar[type[DeskPlatform]]

    @work
    async def test_it_keeps_to_the_contract(self, at: AtWork) -> None:
        faults = list(desk_faults(type(at.desk)))
        assert faults == [], "\n".join(faults)
        assert isinstance(at.desk, Workplace)
        assert at.desk.kind == self.channel.kind, "agents know the desk by the channel's kind"

    @work
    async def test_a_card_shows_every_line(self, at: AtWork) -> None:
        await at.offered()
        await at.sees(*CARD)

    @work
    async def test_a_card_is_shown_once_however_often_it_is_tried(self, at: AtWork) -> None:
        for _ in range(2):
            await at.offered()
        shown = [one for one in await at.town.seen() if CARD[2] in one.text]
        assert len(shown) == 1, f"{len(shown)} cards for one offer: know them by Card.offer"

    @work
    async def test_an_offer_can_be_accepted(self, at: AtWork) -> None:
        await at.accepted()
        (act,) = [one for one in at.door.acts if one[1] == "accept"]
        assert (act[0], act[2]["offer"]) == (ANA, OFFER)
        assert act[2].get("key"), "an act without a key would be done twice after a crash"

    @work
    async def test_an_offer_can_be_passed(self, at: AtWork) -> None:
        await at.offered()
        await at.town.presses("Pass")
        await at.works(lambda: at.door.acts)
        assert [one[1] for one in at.door.acts] == ["pass"]
        assert not await at.buttons(), "a card that was answered still has buttons"

    @work
    async def test_what_is_told_twice_has_one_key(self, at: AtWork) -> None:
        await at.accepted()
        for raw in list(at.stage.notebook.kept.values()):
            await at.desk.attend(raw)  # as after a crash
        keys = {str(act[2].get("key")) for act in at.door.acts if act[1] == "accept"}
        assert len(keys) == 1, f"one press came with the keys {keys}"

    @work
    async def test_a_withdrawn_offer_has_no_buttons(self, at: AtWork) -> None:
        await at.offered()
        assert await at.buttons(), "an offer without buttons"
        await at.desk.present(card(CardKind.WITHDRAWN, reason="timeout"))
        assert not await at.buttons(), "an offer that is over can still be pressed"

    @work
    async def test_a_refusal_is_told_to_whoever_asked(self, at: AtWork) -> None:
        await at.offered()
        at.door.refusal = Refused("taken", "Bo took it 3 s ago.")
        await at.town.presses("Accept")
        await at.comes()
        await at.sees("Bo took it 3 s ago.")

    @work
    async def test_whoever_has_bound_nothing_is_not_shown_anything(self, at: AtWork) -> None:
        with pytest.raises(Rejected):
            await at.desk.present(card(agent="bo"))
        assert not await at.town.seen()

    @work
    async def test_a_stranger_does_nothing(self, at: AtWork) -> None:
        await at.offered()
        at.door.account = ""  # she has left the team since
        await at.town.presses("Accept")
        await at.comes()
        assert at.door.acts == [], f"a stranger did {at.door.acts}"

    @work
    async def test_what_is_written_in_ones_own_place_is_an_answer(self, at: AtWork) -> None:
        await at.accepted()
        await at.town.writes("Hello Joe")
        await at.works(lambda: at.door.lines)
        assert [(who, line) for who, line, _ in at.door.lines] == [(ANA, "reply Hello Joe")]
        assert at.door.lines[0][2], "a line without a key would be sent twice after a crash"

    @work
    async def test_a_note_is_a_note(self, at: AtWork) -> None:
        await at.accepted()
        await at.town.notes("he is right")
        await at.works(lambda: at.door.lines)
        assert [line for _, line, _ in at.door.lines] == ["note he is right"]

    @work
    async def test_a_limit_is_waited_for(self, at: AtWork) -> None:
        at.town.fails("rate", after=7)
        with pytest.raises(Retry) as found:
            await at.offered()
        assert (found.value.after or 0) >= 7

    @work
    async def test_a_platform_that_is_away_is_tried_again(self, at: AtWork) -> None:
        at.town.fails("away")
        with pytest.raises(Retry):
            await at.offered()
        await at.offered()
        await at.sees(CARD[2])

    @work
    async def test_an_invitation_says_how_to_bind_an_account(self, at: AtWork) -> None:
        said = at.desk.invitation("CODE-1234")
        assert "CODE-1234" in said, f"“{said}” does not name the code"
        assert len(said) > len("CODE-1234") + 10, "say what to do with it"

    @work
    async def test_garbage_does_nothing(self, at: AtWork) -> None:
        for raw in (b"", b"\xff", b"{}", b"[]"):
            try:
                await at.desk.attend(raw)
            except Exception:  # noqa: BLE001 - a dead letter
                continue
        assert (at.door.acts, at.door.lines) == ([], [])


DESK_CHECKS = sorted(name for name in dir(DeskConformance) if name.startswith("test_"))
"""The names of all checks of a desk."""
