"""Plugins: what stops the start, and what harms nobody afterwards."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path

import click
import msgspec
import pytest
from tests.plugin_objects import JOE, MESSAGE, Bell, Chat, answering, loaded, plugin

from omniroute import (
    Address,
    Candidate,
    Claim,
    Evidence,
    Notice,
    PluginError,
    Thread,
    hookimpl,
)
from omniroute.errors import PluginErrors
from omniroute.plugins import Plugins
from omniroute.stores.api import Store
from omniroute.stores.memory import MemoryStore

# --- at the start: what is installed ---


class Installed:
    """A folder of made-up distributions that Python finds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, code: str, points: Mapping[str, str]) -> None:
        (self.folder / f"{name}.py").write_text(code)
        info = self.folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = "".join(f"{point} = {value}\n" for point, value in points.items())
        (info / "entry_points.txt").write_text(f"[omniroute]\n{lines}")

    def load(self, *blocked: str) -> Plugins:
        """What is in the folder, and nothing of what else is installed."""
        others = {point.name for point in OTHERS}
        plugins = Plugins()
        plugins.load_installed([*others, *blocked])
        return plugins


OTHERS = entry_points(group="omniroute")

GOOD = """
from omniroute import Inbound, hookimpl

@hookimpl
def omniroute_facts(inbound: Inbound) -> dict[str, int]:
    return {"length": len(inbound.text)}
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    monkeypatch.syspath_prepend(tmp_path)
    yield Installed(tmp_path)
    for name in [name for name in sys.modules if name.startswith("made_up_")]:
        del sys.modules[name]


def test_an_installed_plugin_is_found_by_its_entry_point(installed: Installed) -> None:
    installed.add("made_up_good", GOOD, {"acme": "made_up_good"})
    plugins = installed.load()
    assert plugins.names() == ["acme"]
    assert plugins.facts(MESSAGE, "email") == {"length": len(MESSAGE.text)}


def test_a_blocked_plugin_is_not_even_imported(installed: Installed) -> None:
    installed.add("made_up_bad", "raise RuntimeError('imported')", {"acme": "made_up_bad"})
    assert installed.load("acme").names() == []


def test_a_misspelt_block_is_said(installed: Installed, caplog: pytest.LogCaptureFixture) -> None:
    installed.add("made_up_good", GOOD, {"acme": "made_up_good"})
    assert installed.load("acne", "zzz").names() == ["acme"]
    said = "plugins.blocked: no plugin “acne” is installed; did you mean “acme”?"
    assert caplog.messages == [said]


def test_every_plugin_that_cannot_be_had_is_named_in_one_run(installed: Installed) -> None:
    installed.add("made_up_dead", "import nowhere_to_be_found", {"dead": "made_up_dead"})
    installed.add("made_up_exit", "raise SystemExit(3)", {"exit": "made_up_exit"})
    installed.add("made_up_good", GOOD, {"good": "made_up_good", "typo": "made_up_good:hooks"})
    installed.add("made_up_more", GOOD.replace("facts", "fax"), {"more": "made_up_more"})
    with pytest.raises(PluginErrors) as refused:
        installed.load()
    no_module = "ModuleNotFoundError: No module named 'nowhere_to_be_found'"
    no_name = "AttributeError: module 'made_up_good' has no attribute 'hooks'"
    assert str(refused.value).splitlines() == [
        f"plugin dead: made_up_dead: cannot be imported: {no_module}",
        "plugin exit: made_up_exit: cannot be imported: SystemExit: 3",
        "plugin more: omniroute_fax: there is no such hook; did you mean “omniroute_facts”?",
        f"plugin typo: made_up_good:hooks: cannot be imported: {no_name}",
    ]


def test_two_distributions_that_name_a_plugin_alike_are_told_apart(installed: Installed) -> None:
    installed.add("made_up_good", GOOD, {"acme": "made_up_good"})
    installed.add("made_up_twin", GOOD, {"acme": "made_up_twin"})
    with pytest.raises(PluginErrors, match="plugin acme: registration: another plugin has this"):
        installed.load()


def test_everything_that_is_installed_here_keeps_to_the_contract() -> None:
    plugins = Plugins()
    plugins.load_installed()
    assert {"email", "webchat"} <= plugins.channels().keys()


def no_facts() -> Mapping[str, str]:
    return {}


def test_a_name_is_given_once() -> None:
    module = plugin(omniroute_facts=hookimpl(no_facts))
    plugins = loaded(module)
    with pytest.raises(PluginError, match="registration: another plugin has this name"):
        plugins.register(plugin(omniroute_facts=hookimpl(no_facts)), "acme")
    with pytest.raises(PluginError, match="plugin bolt: registration: "):
        plugins.register(module, "bolt")
    assert plugins.names() == ["acme"]


# --- at the start: what is handed over ---


def test_what_is_handed_over_is_known_by_its_kind() -> None:
    def command() -> None: ...

    def open_store(url: str) -> Store:
        return MemoryStore()

    plugins = loaded(
        answering("omniroute_channels", [Chat]),
        answering("omniroute_desks", (Bell,)),
        answering("omniroute_stores", {"memory": open_store}),
    )
    plugins.register(answering("omniroute_commands", [click.command()(command)]), "dot")
    assert plugins.channels() == {"chat": Chat}
    assert plugins.desks() == {"bell": Bell}
    assert plugins.stores() == {"memory": open_store}
    assert [found.name for found in plugins.commands()] == ["command"]


@pytest.mark.parametrize(
    ("hook", "asked"),
    [
        ("omniroute_channels", Plugins.channels),
        ("omniroute_desks", Plugins.desks),
        ("omniroute_stores", Plugins.stores),
        ("omniroute_commands", Plugins.commands),
    ],
)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ValueError("no licence"), "raised ValueError: no licence"),
        (SystemExit(1), "raised SystemExit: 1"),
        (None, "answered None, not a "),
        (7, "answered 7, not a "),
    ],
)
def test_a_register_hook_that_fails_stops_the_start_by_name(
    hook: str, asked: Callable[[Plugins], object], answer: object, said: str
) -> None:
    plugins = loaded(answering(hook, answer))
    with pytest.raises(PluginErrors) as refused:
        asked(plugins)
    assert str(refused.value).startswith(f"plugin acme: {hook}: {said}")


def test_two_channels_of_one_kind_are_told_apart_by_plugin() -> None:
    plugins = loaded(
        answering("omniroute_channels", [Chat]), answering("omniroute_channels", [Chat])
    )
    with pytest.raises(PluginErrors) as refused:
        plugins.channels()
    assert str(refused.value) == (
        "plugin bolt: omniroute_channels: the kind “chat” is taken by acme"
    )


def test_two_stores_of_one_scheme_are_told_apart_by_plugin() -> None:
    answer = {"memory": lambda url: MemoryStore()}
    plugins = loaded(answering("omniroute_stores", answer), answering("omniroute_stores", answer))
    with pytest.raises(PluginErrors) as refused:
        plugins.stores()
    assert str(refused.value) == "plugin bolt: omniroute_stores: “memory” is taken by acme"


@pytest.mark.parametrize(
    ("hook", "asked", "answer", "said"),
    [
        ("omniroute_channels", Plugins.channels, ["chat"], "'chat' is no class"),
        ("omniroute_desks", Plugins.desks, "bell", "answered 'bell', not a list"),
        ("omniroute_commands", Plugins.commands, [len], "is no click.Command"),
        ("omniroute_stores", Plugins.stores, {"redis": "redis://"}, "opens no store"),
    ],
)
def test_only_what_the_contract_names_is_handed_over(
    hook: str, asked: Callable[[Plugins], object], answer: object, said: str
) -> None:
    with pytest.raises(PluginErrors, match=f"plugin acme: {hook}: .*{said}"):
        asked(loaded(answering(hook, answer)))


# --- per message ---


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "omniroute")
    return caplog


def test_later_plugins_have_the_last_word_on_a_fact() -> None:
    plugins = loaded(
        answering("omniroute_facts", {"topic": "refund", "tier": "vip"}),
        answering("omniroute_facts", None),
        answering("omniroute_facts", {"topic": "return"}),
    )
    assert plugins.facts(MESSAGE, "email") == {"topic": "return", "tier": "vip"}


def test_a_plugin_may_ask_to_be_first_or_last() -> None:
    asked: list[str] = []

    def noting(name: str) -> Callable[[], None]:
        return lambda: asked.append(name)

    first, last = hookimpl(tryfirst=True), hookimpl(trylast=True)
    plain, plugins = hookimpl(), Plugins()
    for name, mark in zip(
        ("acme", "bolt", "cog", "dot", "eel", "fan"),
        (plain, last, last, first, first, plain),
        strict=True,
    ):
        plugins.register(plugin(omniroute_facts=mark(noting(name))), name)
    plugins.facts(MESSAGE, "email")
    assert asked == ["dot", "eel", "acme", "fan", "bolt", "cog"]


@pytest.mark.parametrize("error", [ValueError("no model"), SystemExit(1)])
def test_an_enriching_hook_that_raises_is_left_out_and_named(
    error: BaseException, log: pytest.LogCaptureFixture
) -> None:
    plugins = loaded(
        answering("omniroute_facts", error), answering("omniroute_facts", {"tier": "vip"})
    )
    assert plugins.facts(MESSAGE, "email") == {"tier": "vip"}
    assert log.messages == ["plugin acme: omniroute_facts raised and is left out"]
    assert log.records[0].exc_info


async def late() -> None: ...


def failing() -> Iterator[Claim]:
    yield Claim(JOE, Evidence.VERIFIED)
    raise ValueError("the second page is missing")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (7, "for it answered a value of type int, not claims"),
        ([JOE], "for it answered a value of type Address among claims"),
        ([Claim("joe", Evidence.VERIFIED)], "for it answered a claim that is not of an Address"),  # type: ignore[arg-type]
        ([Claim(JOE, "verified")], "for it answered a claim that is not of an Address and an"),  # type: ignore[arg-type]
        (
            [Claim(Address("email", " "), Evidence.VERIFIED)],
            "for it answered a claim of an address without kind or value",
        ),
        (failing(), "omniroute_claims raised and is left out"),
    ],
)
def test_claims_that_are_none_are_left_out_whole_and_named(
    answer: object, said: str, log: pytest.LogCaptureFixture
) -> None:
    true = Claim(Address("crm", "7"), Evidence.VERIFIED)
    plugins = loaded(answering("omniroute_claims", answer), answering("omniroute_claims", [true]))
    assert plugins.claims(MESSAGE, "email") == [true]
    (message,) = log.messages
    assert message.startswith("plugin acme: omniroute_claims")
    assert said in message


def test_claims_may_come_one_by_one() -> None:
    claim = Claim(JOE, Evidence.INFERRED)
    assert loaded(answering("omniroute_claims", iter([claim]))).claims(MESSAGE, "x") == [claim]


class Grade(int):
    """Not what the record would give back."""


@pytest.mark.parametrize(
    ("answer", "left", "said"),
    [
        (["vip"], {}, "left out, for it answered a value of type list, not a mapping of facts"),
        ({"ok": 1, "score": float("nan")}, {"ok": 1}, "a value of type float for the fact score"),
        ({"ok": 1, "score": float("inf")}, {"ok": 1}, "a value of type float for the fact score"),
        ({"ok": 1, "words": ["a"]}, {"ok": 1}, "a value of type list for the fact words"),
        ({"ok": 1, "word": "\ud800"}, {"ok": 1}, "a value of type str for the fact word"),
        ({"ok": 1, "grade": Grade(3)}, {"ok": 1}, "a value of type Grade for the fact grade"),
        ({"ok": 1, 2: "two"}, {"ok": 1}, "a value of type int as the name of a fact"),
        ({"ok": 1, "": "two"}, {"ok": 1}, "a value of type str as the name of a fact"),
        ({"ok": 1, "a\nb": "two"}, {"ok": 1}, "a value of type str as the name of a fact"),
    ],
)
def test_a_fact_that_no_record_gives_back_is_left_out_and_named(
    answer: object, left: object, said: str, log: pytest.LogCaptureFixture
) -> None:
    assert loaded(answering("omniroute_facts", answer)).facts(MESSAGE, "email") == left
    (message,) = log.messages
    assert message.startswith("plugin acme: omniroute_facts: left out")
    assert message.endswith(said)


def test_what_rules_see_of_a_fact_is_what_a_replay_will_see() -> None:
    said = {"tier": Evidence.VERIFIED, "orders": 2**70, "share": 0.25, "new": True, "gone": None}
    facts = loaded(answering("omniroute_facts", said)).facts(MESSAGE, "email")
    assert facts == msgspec.json.decode(msgspec.json.encode(said))
    assert type(facts["tier"]) is str


def test_a_hook_that_hands_back_a_coroutine_is_left_out_and_nothing_is_left_hanging(
    log: pytest.LogCaptureFixture,
) -> None:
    def omniroute_facts() -> object:
        return late()

    assert loaded(plugin(omniroute_facts)).facts(MESSAGE, "email") == {}
    (said,) = log.messages
    assert said.endswith("left out, for it answered a coroutine, which only omniroute_event may")


# --- the pick ---

THREAD = Thread(1, "c", 0)
ANA, BO = Candidate("ana", (0.0,)), Candidate("bo", (1.0,))


def test_nobody_is_asked_where_nobody_picks() -> None:
    assert loaded(answering("omniroute_facts", {})).deciders is None
    plugins = loaded(answering("omniroute_pick", None))
    assert plugins.deciders is plugins


def test_the_first_pick_settles_it() -> None:
    plugins = loaded(
        answering("omniroute_pick", None),
        answering("omniroute_pick", "bo"),
        answering("omniroute_pick", "ana"),
    )
    assert plugins.pick(THREAD, [ANA, BO]) == ("bo", "bolt")


@pytest.mark.parametrize(
    ("picked", "said"),
    [
        ("cy", "left out, for it answered a value of type str, who is none of the candidates"),
        (["ana"], "left out, for it answered a value of type list, who is none of the candidates"),
        (KeyError("scores"), "raised and is left out"),
        (SystemExit(), "raised and is left out"),
    ],
)
def test_a_pick_outside_of_the_candidates_is_refused_and_named(
    picked: object, said: str, log: pytest.LogCaptureFixture
) -> None:
    plugins = loaded(answering("omniroute_pick", picked), answering("omniroute_pick", "ana"))
    assert plugins.pick(THREAD, [ANA, BO]) == ("ana", "bolt")
    assert plugins.left_out() == ("acme",)
    (message,) = log.messages
    assert message.startswith("plugin acme: omniroute_pick")
    assert said in message


def test_a_picking_plugin_cannot_change_who_the_candidates_are() -> None:
    def omniroute_pick(candidates: Sequence[Candidate]) -> str | None:
        candidates.clear()  # type: ignore[attr-defined]
        return None

    plugins = loaded(plugin(omniroute_pick), answering("omniroute_pick", "ana"))
    assert plugins.pick(THREAD, [ANA]) == ("ana", "bolt")


# --- observers ---

NOTICE = Notice(1, 0, "ThreadOpened", 1, {})


async def test_observers_are_handed_over_with_how_they_want_to_be_called() -> None:
    heard: list[object] = []

    def omniroute_event(notice: Notice) -> Awaitable[None] | None:
        heard.append(notice)
        return None

    async def counted() -> None:
        heard.append("something")

    plugins = loaded(plugin(omniroute_event), plugin(omniroute_event=hookimpl(counted)))
    plain, coroutine = plugins.observers()
    assert [(o.plugin, o.is_async) for o in (plain, coroutine)] == [("acme", False), ("bolt", True)]
    plain.tell(NOTICE)
    await coroutine.tell(NOTICE)  # type: ignore[misc]
    assert heard == [NOTICE, "something"]


# --- looking on ---


def test_every_call_is_traced_on_demand_and_nothing_that_was_said(
    monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OMNIROUTE_TRACE_PLUGINS", "1")
    plugins = loaded(
        answering("omniroute_facts", {"secret": "hunter2"}), answering("omniroute_facts", None)
    )
    plugins.facts(MESSAGE, "email")
    first, second = log.messages
    assert first.startswith("plugin acme: omniroute_facts answered in ")
    assert second.startswith("plugin bolt: omniroute_facts said nothing in ")
    assert "hunter2" not in log.text
    assert MESSAGE.text not in log.text


def test_hooks_that_register_and_observe_are_traced_too(
    monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OMNIROUTE_TRACE_PLUGINS", "1")

    def omniroute_event(notice: Notice) -> None: ...

    plugins = loaded(answering("omniroute_channels", []), plugin(omniroute_event))
    plugins.channels()
    (observer,) = plugins.observers()
    observer.tell(NOTICE)
    registered, heard = log.messages
    assert registered.startswith("plugin acme: omniroute_channels answered in ")
    assert heard.startswith(f"plugin bolt: omniroute_event heard of {NOTICE.name} in ")


def test_a_plugin_that_is_not_installed_is_loaded_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from omniroute import hookimpl\n\n\n@hookimpl\ndef omniroute_facts():\n"
        "    return {'mine': True}\n"
    )
    plugins = Plugins()
    plugins.load_path(path)
    assert plugins.names() == ["mine"]
    assert plugins.facts(MESSAGE, "email") == {"mine": True}
    for wrong, said in (("broken.py", "ZeroDivisionError"), ("missing.py", "is no Python file")):
        if wrong.startswith("broken"):
            (tmp_path / wrong).write_text("1 / 0\n")
        with pytest.raises(PluginErrors, match=said):
            plugins.load_path(tmp_path / wrong)
    with pytest.raises(PluginErrors, match="`omniroute channel new NAME` makes one"):
        plugins.load_path(tmp_path)


def test_without_demand_nothing_is_traced(log: pytest.LogCaptureFixture) -> None:
    loaded(answering("omniroute_facts", {"a": 1})).facts(MESSAGE, "email")
    assert log.messages == []
