"""Plugins made on the spot, for tests of what becomes of them."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec

from omniroute import (
    Address,
    Cap,
    Card,
    Door,
    Health,
    Inbound,
    Intake,
    Outbound,
    Receipt,
    Site,
    hookimpl,
)
from omniroute.plugins import Plugins

JOE = Address("email", "joe@mail.example", verified=True)
MESSAGE = Inbound("1", "c", JOE, "I was charged twice", datetime(2026, 1, 5, tzinfo=UTC))


def plugin(*hooks: Callable[..., object], **more: object) -> types.ModuleType:
    """A module that offers these functions, each marked and under its own name."""
    module = types.ModuleType("acme")
    for hook in hooks:
        setattr(module, hook.__name__, hookimpl(hook))
    for name, value in more.items():
        setattr(module, name, value)
    return module


def loaded(*modules: object) -> Plugins:
    """Plugins named acme, bolt and cog, in this order."""
    plugins = Plugins()
    for name, module in zip(("acme", "bolt", "cog"), modules, strict=False):
        plugins.register(module, name)
    return plugins


def answering(hook: str, answer: object) -> types.ModuleType:
    """A plugin whose hook gives this answer, or raises it."""

    def answers() -> object:
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return plugin(**{hook: hookimpl(answers)})


class Chat:
    """The smallest channel."""

    kind: ClassVar[str] = "chat"
    caps: ClassVar[Cap] = Cap.LIVE
    max_text: ClassVar[int] = 100
    Config: ClassVar[type] = msgspec.defstruct("Config", [])

    def __init__(self, account: str, config: object, site: Site) -> None:
        self.account = account

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        return []

    def routes(self) -> Sequence[Any]:
        return []

    async def listen(self, intake: Intake) -> None: ...

    async def send(self, out: Outbound) -> Receipt:
        return Receipt()

    async def check(self) -> Health:
        return Health(True, "fine")


class Bell:
    """The smallest desk."""

    kind: ClassVar[str] = "bell"

    def routes(self) -> Sequence[Any]:
        return []

    async def start(self, door: Door) -> None: ...

    async def present(self, card: Card) -> Receipt:
        return Receipt()
