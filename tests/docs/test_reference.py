"""The reference says what the source says, and leaves nothing out."""

from __future__ import annotations

import dataclasses
import inspect
from collections import Counter
from importlib.metadata import entry_points

import pytest
from tests.docs.generate import HOOKS, OPENAPI, PARTS
from tests.docs.pages import PAGES, Page, page
from tests.docs.source import literal_refusals

import omniroute
from omniroute import channel, desk, errors, hookspecs, language
from omniroute.application import sentences
from omniroute.server.composition import load_plugins
from omniroute.server.stores import BuiltIn
from omniroute.stores import api
from omniroute.web import plugin as web
from omniroute.web.rest.routes import document

GENERATED = [(each, name) for each in PAGES for name in each.generated]
each_hook = pytest.mark.parametrize("hook", HOOKS)


@pytest.mark.parametrize(("page", "name"), GENERATED, ids=[name for _, name in GENERATED])
def test_a_part_made_from_the_source_is_what_the_source_says(page: Page, name: str) -> None:
    said = "run `python -m tests.docs.generate`"
    assert page.generated[name] == PARTS[name](), f"{page.name}, {name}: {said}"


def test_the_stored_description_of_the_api_is_the_one_that_is_served() -> None:
    assert OPENAPI.read_bytes() == document(), "run `python -m tests.docs.generate`"


def test_everything_that_is_made_stands_somewhere_and_once() -> None:
    assert Counter(name for _, name in GENERATED) == Counter(list(PARTS))


def test_every_hook_has_its_heading_in_the_order_of_the_contract() -> None:
    headings = [h for h in page("reference/hooks.md").headings if h.startswith("omniroute_")]
    assert headings == HOOKS


@each_hook
def test_every_hook_says_who_uses_it(hook: str) -> None:
    plugins = load_plugins()
    users = [name for name in plugins.names() if hook in dir(plugin_named(name))]
    said = ", ".join(f"`{name}`" for name in users) or "nobody"
    assert f"\nUsed by: {said}.\n" in page("reference/hooks.md").section(hook)


def plugin_named(name: str) -> object:
    """The plugin itself, as it is loaded under this name."""
    ours = {"web": web, "lang": language, "stores": BuiltIn()}
    return ours[name] if name in ours else entry_points(group="omniroute")[name].load()


def test_every_value_and_contract_that_plugins_see_is_told() -> None:
    shown = {name for _, name in GENERATED}
    for module in (channel, desk, hookspecs):
        for name, kind in vars(module).items():
            if not inspect.isclass(kind) or kind.__module__ != module.__name__:
                continue
            if dataclasses.is_dataclass(kind):
                assert f"value.{name}" in shown
            elif getattr(kind, "_is_protocol", False):
                assert f"protocol.{name}" in shown
            else:
                assert name in {"Cap", "CardKind", "Told"}


def test_every_error_is_told_and_every_exported_name_is_one_of_ours() -> None:
    told = page("reference/errors.md").text
    for module in (errors, api):
        for name, kind in vars(module).items():
            if inspect.isclass(kind) and issubclass(kind, Exception):
                assert f"| `{name}` |" in told
    for name in omniroute.__all__:
        assert hasattr(omniroute, name)


def test_every_code_that_an_action_can_be_answered_with_is_told() -> None:
    told = page("reference/errors.md").text
    known = {*sentences.DONE, *sentences.REFUSED, *sentences.INVALID, *literal_refusals()}
    assert {code for code in known if f"| `{code}` |" not in told} == set()
