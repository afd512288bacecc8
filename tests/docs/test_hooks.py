"""Every example on the page of hooks is a plugin that loads, and does what stands there."""

from __future__ import annotations

import asyncio
import types
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from tests.docs.pages import page

from omniroute import Address, Candidate, Inbound, Notice, Thread
from omniroute.desk import Card, CardKind
from omniroute.errors import PluginError
from omniroute.plugins import Plugins

PAGE = page("reference/hooks.md")


def example(hook: str) -> types.ModuleType:
    """The example below a hook's heading, as a module."""
    section = PAGE.section(hook)
    (code,) = [b.text for b in PAGE.blocks if b.text in section and "@hookimpl" in b.text]
    return module(hook, code)


def module(name: str, code: str) -> types.ModuleType:
    made = types.ModuleType(name)
    exec(compile(code, f"{name} in {PAGE.name}", "exec"), vars(made))  # noqa: S102 - our own page
    return made


def loaded(plugin: object) -> Plugins:
    plugins = Plugins()
    plugins.register(plugin, "example")
    return plugins


def message(text: str, **about: Any) -> Inbound:
    sender = about.pop("sender", Address("email", "joe@mail.example", verified=True))
    return Inbound("1@mail.example", "joe@mail.example", sender, text, datetime.now(UTC), **about)


def test_channels() -> None:
    assert list(loaded(example("omniroute_channels")).channels()) == ["email"]


async def test_desks(capsys: pytest.CaptureFixture[str]) -> None:
    desks = loaded(example("omniroute_desks")).desks()
    desk = desks["pager"]()
    await desk.present(Card("k", "ana", CardKind.OFFER, 1, 1, "1.1", 0, ("Joe Miller",)))
    assert "Joe Miller" in capsys.readouterr().out


def test_stores() -> None:
    store = loaded(example("omniroute_stores")).stores()["memory"]("memory:")
    assert store.head()[0] == 0


def test_commands() -> None:
    (command,) = loaded(example("omniroute_commands")).commands()
    done = CliRunner().invoke(command, ["1182"])
    assert (command.name, done.output) == ("order", "order 1182 is on its way\n")


def test_claims() -> None:
    plugins = loaded(example("omniroute_claims"))
    joe = Address("email", "joe@acme.example", verified=True)
    (claim,) = plugins.claims(message("Hello", sender=joe), "email")
    assert claim.address == Address("crm", "acme/joe@acme.example", verified=True, unique=True)
    forged = Address("email", "joe@acme.example")
    assert not plugins.claims(message("Hello", sender=forged), "email")


def test_facts() -> None:
    facts = loaded(example("omniroute_facts")).facts(message("Hello"), "email")
    assert facts == {"message.length": 5, "message.has_files": False}


def test_pick() -> None:
    plugins = loaded(example("omniroute_pick"))
    candidates = [Candidate("ana", (0,)), Candidate("bo", (1,))]
    thread = Thread(1, "c", 0, last_agent="bo")
    assert plugins.pick(thread, candidates) == ("bo", "example")
    assert plugins.pick(Thread(1, "c", 0, last_agent="cem"), candidates) is None


async def test_event() -> None:
    plugin = example("omniroute_event")
    loaded(plugin)
    answer = plugin.omniroute_event(Notice(1, 0, "ThreadOpened", 1, {}))
    assert asyncio.iscoroutine(answer)
    await answer
    assert plugin.seen == {"ThreadOpened": 1}


MARKED = "from omniroute import hookimpl\n@hookimpl\n"
WRONG = {
    "misspelt": f"{MARKED}def omniroute_fact(): ...",
    "unmarked": "def omniroute_facts(): ...",
    "async": f"{MARKED}async def omniroute_facts(): ...",
    "unknown parameter": f"{MARKED}def omniroute_facts(mesage): ...",
    "wrong type": f"{MARKED}def omniroute_facts(inbound: str): ...",
}


@pytest.mark.parametrize("code", WRONG.values(), ids=WRONG)
def test_what_the_page_calls_wrong_is_refused_by_name(code: str) -> None:
    with pytest.raises(PluginError, match="plugin example: omniroute_fact"):
        loaded(module("wrong", code))
