"""Desks that are wrong in one way each: Telegram's, spoilt."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from starlette.routing import BaseRoute

from omniroute import Card, CardKind, Door, Receipt, Refused, Rejected, Retry, Told, Workplace
from omniroute_telegram.channel import TelegramChannel

WRONG: dict[str, list[type[Spoilt]]] = {}
"""By the name of the check: what it must not let pass."""


def fails(*checks: str) -> Callable[[type[Spoilt]], type[Spoilt]]:
    """The desk below fails these checks."""

    def entered(kind: type[Spoilt]) -> type[Spoilt]:
        for check in checks:
            WRONG.setdefault(f"test_{check}", []).append(kind)
        return kind

    return entered


class Spoilt:
    """A desk that does as the one inside; what is spoilt stands below."""

    kind: ClassVar[str] = "telegram"

    def __init__(self, inside: Workplace) -> None:
        self.inside = inside

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inside, name)

    def routes(self) -> Sequence[BaseRoute]:
        return self.inside.routes()

    async def start(self, door: Door) -> None:
        await self.inside.start(self.before(door))

    def before(self, door: Door) -> Any:
        return door

    async def present(self, card: Card) -> Receipt:
        return await self.inside.present(card)

    async def attend(self, raw: bytes) -> None:
        await self.inside.attend(raw)

    def invitation(self, code: str) -> str:
        return self.inside.invitation(code)


def channel_with(desk: type[Spoilt]) -> type[TelegramChannel]:
    """Telegram with this desk."""

    class Channel(TelegramChannel):
        brought: Spoilt | None = None

        def desk(self) -> Any:
            inside = super().desk()
            self.brought = self.brought or desk(inside)
            return self.brought

    return Channel


class Doorman:
    """A door that tells the desk's wishes in its own way."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def __getattr__(self, name: str) -> Any:
        return getattr(self.door, name)


@fails("it_keeps_to_the_contract")
class OfAnotherKind(Spoilt):
    kind = "Pager 5"


@fails("a_card_shows_every_line")
class ShowsOneLine(Spoilt):
    async def present(self, card: Card) -> Receipt:
        return await self.inside.present(dataclasses.replace(card, lines=card.lines[:1]))


@fails("a_card_is_shown_once_however_often_it_is_tried")
class ShowsAgain(Spoilt):
    numbers: ClassVar = itertools.count(2)

    async def present(self, card: Card) -> Receipt:
        offer = f"{card.thread}.{next(self.numbers)}"
        return await self.inside.present(dataclasses.replace(card, offer=offer))


@fails("an_offer_can_be_accepted", "an_offer_can_be_passed")
class Deaf(Spoilt):
    async def attend(self, raw: bytes) -> None:
        pass


@fails("what_is_told_twice_has_one_key")
class NewKeys(Spoilt):
    class Forgetful(Doorman):
        numbers: ClassVar = itertools.count()

        async def act(self, agent: str, action: str, arguments: dict[str, object]) -> Told:
            key = f"k{next(self.numbers)}"
            return await self.door.act(agent, action, {**arguments, "key": key})

    def before(self, door: Door) -> Any:
        return self.Forgetful(door)


@fails("a_withdrawn_offer_has_no_buttons")
class NeverWithdraws(Spoilt):
    async def present(self, card: Card) -> Receipt:
        return Receipt() if card.kind is CardKind.WITHDRAWN else await self.inside.present(card)


@fails("a_refusal_is_told_to_whoever_asked")
class Silent(Spoilt):
    class Mute(Doorman):
        async def act(self, agent: str, action: str, arguments: dict[str, object]) -> Told:
            try:
                return await self.door.act(agent, action, arguments)
            except Refused:
                return Told("Done.")

    def before(self, door: Door) -> Any:
        return self.Mute(door)


@fails("whoever_has_bound_nothing_is_not_shown_anything")
class SaysYes(Spoilt):
    async def present(self, card: Card) -> Receipt:
        try:
            return await self.inside.present(card)
        except Rejected:
            return Receipt()


@fails("a_stranger_does_nothing")
class BelievesAnybody(Spoilt):
    class Trusting(Doorman):
        async def who(self, kind: str, value: str) -> str:
            return "ana"

    def before(self, door: Door) -> Any:
        return self.Trusting(door)


@fails("what_is_written_in_ones_own_place_is_an_answer", "a_note_is_a_note")
class Confuses(Spoilt):
    class Swapping(Doorman):
        async def say(self, agent: str, thread: int, line: str, *more: Any, **about: Any) -> Told:
            verb, _, text = line.partition(" ")
            other = {"reply": "note", "note": "reply"}[verb]
            return await self.door.say(agent, thread, f"{other} {text}", *more, **about)

    def before(self, door: Door) -> Any:
        return self.Swapping(door)


@fails("a_limit_is_waited_for", "a_platform_that_is_away_is_tried_again")
class GivesUp(Spoilt):
    async def present(self, card: Card) -> Receipt:
        try:
            return await self.inside.present(card)
        except Retry:
            raise Rejected("not now") from None


@fails("an_invitation_says_how_to_bind_an_account")
class Mumbles(Spoilt):
    def invitation(self, code: str) -> str:
        return "Come in."


@fails("garbage_does_nothing")
class ActsOnAnything(Spoilt):
    door: Any = None

    def before(self, door: Door) -> Any:
        self.door = door
        return door

    async def attend(self, raw: bytes) -> None:
        await self.door.act("ana", "resolve", {})
