"""Checks of a channel's shape: what can be said before anything is sent."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

from omniroute.channel import Cap
from omniroute.contracts import channel_faults
from omniroute.desk import OffersDesk, Workplace
from omniroute.settings import Secret
from omniroute.testing.conformance.scenes import Bound, scene
from omniroute.testing.conformance.watching import impurities
from omniroute.testing.pages import description_of, settings_of
from omniroute.testing.platform import Platform, shows
from omniroute.testing.stage import Stage

SOUNDS_SECRET: Final = re.compile(r"(^|_)(token|secret|password|passwd|api_?key|private_key)$")
METHODS_OF: Final = {
    Cap.EDIT_OUT: "edit",
    Cap.DELETE_OUT: "delete",
    Cap.TYPING: "show_typing",
    Cap.TEMPLATES: "templates",
}
"""The method without which a capability is a promise that nobody keeps."""


class Shape(Bound):
    """What the class itself shows."""

    def test_the_class_keeps_to_the_contract(self) -> None:
        faults = list(channel_faults(self.channel))
        assert faults == [], "\n".join(faults)

    def test_every_setting_is_described(self) -> None:
        known = settings_of(self.channel.Config)
        bare = [name for name, field in known if not description_of(field.type)]
        assert bare == [], (
            f"{bare}: write Annotated[…, msgspec.Meta(description=…)]; README, console and errors"
            " are made of it"
        )

    def test_what_sounds_secret_is_a_secret(self) -> None:
        plain = [
            name
            for name, field in settings_of(self.channel.Config)
            if SOUNDS_SECRET.search(field.name) and "Secret" not in str(field.type)
        ]
        assert plain == [], f"{plain}: make it an omniroute.Secret, which no log can show"

    def test_what_is_absent_is_absent(self) -> None:
        ways = {name: name.partition(":")[0] for name in self.absent}
        wrong = [name for name, method in ways.items() if not hasattr(Platform, method)]
        assert wrong == [], f"absent: {wrong} are no methods of Platform"
        whole = [name for name, method in ways.items() if name == method]
        written = [name for name in whole if shows(self.platform, name)]
        assert written == [], f"absent: {written} are written in {self.platform.__name__}"
        mute = [name for name, reason in self.absent.items() if len(reason) < 10]
        assert mute == [], f"absent: {mute} need a reason that helps a reader"

    @scene(listens=False)
    async def test_an_account_keeps_its_name(self, stage: Stage) -> None:
        assert stage.another("support", "a").account == "support"

    @scene(listens=False)
    async def test_two_accounts_share_nothing(self, stage: Stage) -> None:
        one, two = stage.another("one", "a"), stage.another("two", "b")
        assert (one.account, two.account) == ("one", "two"), "account is kept on the class"
        shared = [
            name
            for kind in type(one).__mro__
            for name, held in vars(kind).items()
            if not name.startswith("__") and type(held) in (list, dict, set)
            and name not in ("forms",)
        ]  # fmt: skip
        assert shared == [], f"{shared}: on the class all accounts share it; make it in __init__"

    @scene(listens=False)
    async def test_making_an_account_calls_nobody(self, stage: Stage) -> None:
        before = asyncio.all_tasks()
        with impurities() as found:
            stage.another("other", "other")
        calls = [name for name in found if name.startswith(("socket", "getaddrinfo", "gethost"))]
        assert calls == [], f"{calls}: connect in listen; the command line makes accounts, too"
        assert asyncio.all_tasks() == before, "__init__ has started a task; start it in listen"

    @scene(listens=False)
    async def test_capabilities_are_kept_by_methods(self, stage: Stage) -> None:
        caps, brings = self.channel.caps, isinstance(stage.channel, OffersDesk)
        assert (Cap.AGENT_DESK in caps) == brings, (
            "AGENT_DESK and the method desk() go together: declare both or neither"
        )
        empty = [
            f"{cap.name} without a method {name}"
            for cap, name in METHODS_OF.items()
            if cap in caps and not callable(getattr(stage.channel, name, None))
        ]
        assert empty == [], f"{empty}: nothing could keep this promise"

    @scene(listens=False)
    async def test_a_desk_that_comes_along_is_of_the_same_kind(self, stage: Stage) -> None:
        brings: object = stage.channel
        if isinstance(brings, OffersDesk):
            desk = brings.desk()
            if desk is None:  # none, by these settings
                return
            assert isinstance(desk, Workplace), "desk() gives no Workplace"
            assert desk.kind == self.channel.kind, "agents know it by the channel's kind"
            assert brings.desk() is desk, "desk() gives another one each time"

    @scene(listens=False)
    async def test_nothing_that_is_printed_shows_a_secret(self, stage: Stage) -> None:
        for shown in (stage.channel, stage.config(), vars(stage.channel)):
            for secret in stage.secrets():
                assert secret not in f"{shown!r} {shown}", f"{type(shown).__name__} shows a secret"

    def test_its_settings_hold_secrets_as_secrets(self) -> None:
        """A secret with a default in the source is none."""
        for name, field in settings_of(self.channel.Config):
            told = isinstance(field.default, Secret) and bool(field.default)
            assert not told, f"{name} has a secret in the source as its default"

    def test_its_package_is_typed(self) -> None:
        """Whoever uses it is type-checked against it."""
        import sys

        file = sys.modules[self.channel.__module__].__file__
        assert file is not None
        folder = Path(file).parent
        assert (folder / "py.typed").exists(), f"put an empty file py.typed into {folder.name}/"
