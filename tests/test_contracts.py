"""What a plugin must keep to, said in full before it is used."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from tests.plugin_objects import JOE, MESSAGE, Chat, answering, loaded, plugin

from omniroute import (
    Candidate,
    Claim,
    Evidence,
    Inbound,
    Notice,
    hookimpl,
)
from omniroute.errors import PluginErrors
from omniroute.plugins import Plugins

if TYPE_CHECKING:
    from decimal import Decimal  # a name that only type checkers know


def refusal(module: object) -> list[str]:
    """What is said at the start of a plugin named acme, less its name."""
    with pytest.raises(PluginErrors) as refused:
        loaded(module)
    lines = str(refused.value).splitlines()
    assert all(line.startswith("plugin acme: ") for line in lines)
    return [line.removeprefix("plugin acme: ") for line in lines]


# --- how a hook must look ---


def test_a_wrong_parameter_is_named_with_the_right_one() -> None:
    def omniroute_facts(inbond: Inbound) -> Mapping[str, str]:
        return {}

    assert refusal(plugin(omniroute_facts)) == [
        "omniroute_facts: has no parameter inbond; did you mean “inbound”?"
    ]


def test_a_parameter_like_no_other_is_answered_with_those_there_are() -> None:
    def omniroute_facts(zzz: Inbound) -> Mapping[str, str]:
        return {}

    assert refusal(plugin(omniroute_facts)) == [
        "omniroute_facts: has no parameter zzz; known: channel, inbound"
    ]


def test_a_wrong_type_is_named_with_the_right_one() -> None:
    def omniroute_facts(inbound: str) -> Mapping[str, str]:
        return {}

    assert refusal(plugin(omniroute_facts)) == [
        "omniroute_facts: parameter inbound is annotated str; the contract says Inbound"
    ]


def test_a_wrong_type_is_found_beside_one_that_only_type_checkers_know() -> None:
    def omniroute_pick(thread: Decimal, candidates: Mapping[str, Candidate]) -> str | None:
        return None

    (said,) = refusal(plugin(omniroute_pick))
    assert said == (
        "omniroute_pick: parameter candidates is annotated Mapping[str, Candidate];"
        " the contract says Sequence[Candidate]"
    )


def test_fewer_parameters_wider_types_and_no_annotations_are_fine() -> None:
    def omniroute_facts(channel: object) -> Mapping[str, str]:
        return {"channel": str(channel)}

    def omniroute_claims(inbound, channel: Any):  # type: ignore[no-untyped-def]
        return []

    plugins = loaded(plugin(omniroute_facts, omniroute_claims))
    assert plugins.facts(MESSAGE, "email") == {"channel": "email"}


def test_only_the_observer_may_be_async() -> None:
    async def omniroute_facts(inbound: Inbound) -> Mapping[str, str]:
        return {}

    async def omniroute_event(notice: Notice) -> None:
        return None

    assert refusal(plugin(omniroute_facts, omniroute_event)) == [
        "omniroute_facts: is async; only omniroute_event may be"
    ]


def test_a_generator_is_no_answer() -> None:
    def omniroute_claims(inbound: Inbound) -> Iterator[Claim]:
        yield Claim(JOE, Evidence.VERIFIED)

    assert refusal(plugin(omniroute_claims)) == [
        "omniroute_claims: is a generator; return a whole answer"
    ]


class Behind:
    """A hook where pluggy does not look."""

    @property
    def omniroute_facts(self) -> object:
        raise AssertionError("is not to be called in search of hooks")


class Cached:
    @functools.cached_property
    def omniroute_fact(self) -> object:
        raise AssertionError("is not to be called in search of hooks")


def test_a_property_is_no_hook_and_is_not_called_either() -> None:
    fault = "is a property; a hook must be a plain function"
    assert refusal(Behind()) == [f"omniroute_facts: {fault}"]
    assert refusal(Cached()) == [f"omniroute_fact: {fault}"]


def test_an_object_that_can_be_called_is_no_hook() -> None:
    def facts(answer: object, inbound: Inbound) -> object:
        return answer

    module = plugin(omniroute_facts=hookimpl(functools.partial(facts, {})))
    assert refusal(module) == ["omniroute_facts: is a partial; a hook must be a plain function"]


def test_a_misspelt_hook_is_named_with_the_right_one_marked_or_not() -> None:
    def omniroute_fact(inbound: Inbound) -> Mapping[str, str]:
        return {}

    said = ["omniroute_fact: there is no such hook; did you mean “omniroute_facts”?"]
    assert refusal(plugin(omniroute_fact)) == said
    assert refusal(plugin(omniroute_fact=lambda inbound: {})) == said


def test_a_hook_without_its_mark_would_never_be_called() -> None:
    assert refusal(plugin(omniroute_facts=lambda inbound: {})) == [
        "omniroute_facts: is not marked with @hookimpl"
    ]


def test_a_hook_under_another_name_is_held_to_the_contract_too() -> None:
    @hookimpl(specname="omniroute_facts")
    def language(inbound: str) -> Mapping[str, str]:
        return {}

    @hookimpl(specname="omniroute_fax")
    def fax(inbound: Inbound) -> Mapping[str, str]:
        return {}

    assert refusal(plugin(language=language, fax=fax)) == [
        "fax: there is no such hook; did you mean “omniroute_facts”?",
        "language: parameter inbound is annotated str; the contract says Inbound",
    ]


def test_a_parameter_must_be_one_that_gets_a_value() -> None:
    def omniroute_facts(*, inbound: Inbound) -> Mapping[str, str]:
        return {}

    def omniroute_claims(inbound: Inbound, channel: str = "email") -> Sequence[Claim]:
        return []

    def omniroute_pick(**values: object) -> str | None:
        return None

    assert refusal(plugin(omniroute_facts, omniroute_claims, omniroute_pick)) == [
        "omniroute_claims: parameter channel has a default and would never get another value",
        "omniroute_facts: parameter inbound is keyword-only",
        "omniroute_pick: takes **values; name the parameters that are wanted: candidates, thread",
    ]


def test_hooks_are_not_wrapped() -> None:
    @hookimpl(wrapper=True)
    def omniroute_facts(inbound: Inbound) -> Iterator[None]:
        yield

    assert refusal(plugin(omniroute_facts=omniroute_facts)) == [
        "omniroute_facts: is a wrapper; hooks of OmniRoute cannot be wrapped"
    ]


class Pager:
    @hookimpl
    def omniroute_facts(self, inbound: Inbound) -> Mapping[str, str]:
        return {"by": type(self).__name__}


def test_an_instance_is_a_plugin_and_its_class_is_none() -> None:
    assert loaded(Pager()).facts(MESSAGE, "email") == {"by": "Pager"}
    assert refusal(Pager) == [
        "omniroute_facts: is a method of a class; hand over an instance of it, or a module"
    ]


def test_a_plugin_without_hooks_is_a_mistake() -> None:
    (said,) = refusal(plugin(facts=lambda inbound: {}))
    fix = "mark functions that are named as hooks with @hookimpl"
    assert said == f"registration: offers no hook; {fix}"


def test_its_own_modules_and_constants_are_the_plugin_s_business() -> None:
    def omniroute_facts() -> Mapping[str, str]:
        return {"by": "acme"}

    # `import omniroute_acme.parse` within omniroute_acme leaves such a name
    module = plugin(omniroute_facts, omniroute_acme=types.ModuleType("x"), omniroute_version="1")
    assert loaded(module).facts(MESSAGE, "email") == {"by": "acme"}


def test_everything_wrong_is_said_at_once() -> None:
    def omniroute_fact() -> None: ...
    def omniroute_desk() -> None: ...

    assert len(refusal(plugin(omniroute_fact, omniroute_desk))) == 2


# --- what is handed over ---


class Wrong(Chat):
    """Nothing about it is right."""

    kind = "Big Chat"
    caps = 3  # type: ignore[assignment]
    max_text = 0
    answered_by = "E-mail"
    Config = dict

    async def parse(self, raw: bytes) -> Sequence[Inbound]:  # type: ignore[override]
        return []

    @classmethod
    async def read_file(cls, raw: bytes, form: str) -> Mapping[str, object]:
        return {}


def test_everything_wrong_with_a_channel_is_said_before_a_customer_finds_out() -> None:
    with pytest.raises(PluginErrors) as refused:
        loaded(answering("omniroute_channels", [Wrong])).channels()
    assert [finding.fault for finding in refused.value.findings] == [
        "Wrong: kind 'Big Chat' is no slug, as “email” is",
        "Wrong: caps is no omniroute.Cap",
        "Wrong: max_text must be a number of characters, at least 1",
        "Wrong: answered_by 'E-mail' is no kind of channel, as “email” is",
        "Wrong: Config is no msgspec.Struct",
        "Wrong: parse is async; it must be a pure, plain function",
        "Wrong: read_file is async; it must be a pure, plain function",
        "Wrong: has read_file without forms; one that knows no forms says forms = {}",
    ]


@pytest.mark.parametrize(
    ("hook", "asked", "members"),
    [
        (
            "omniroute_channels",
            Plugins.channels,
            ["Config", "caps", "check", "kind", "listen", "max_text", "parse", "routes", "send"],
        ),
        ("omniroute_desks", Plugins.desks, ["kind", "present", "routes", "start"]),
    ],
)
def test_what_a_channel_or_a_desk_lacks_is_listed(
    hook: str, asked: Callable[[Plugins], object], members: list[str]
) -> None:
    with pytest.raises(PluginErrors) as refused:
        asked(loaded(answering(hook, [Pager])))
    assert [str(f) for f in refused.value.findings] == [
        f"plugin acme: {hook}: Pager: has no {member}" for member in members
    ]
