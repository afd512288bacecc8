"""Errors: whose fault it is by the class, where and what to do by the text."""

from __future__ import annotations

import doctest
import errno
import inspect
import pickle

import pytest

from omniroute import errors
from omniroute.errors import (
    Busy,
    ConfigError,
    ConfigErrors,
    NotAuthorised,
    OmniRouteError,
    PluginError,
    PluginErrors,
    Refused,
    Rejected,
    RemoteError,
    Retry,
    StoreError,
    did_you_mean,
    of_the_system,
)
from omniroute.stores.api import Corrupt, InDoubt, Moved, Unavailable

EVERY = [
    found
    for found in vars(errors).values()
    if inspect.isclass(found) and found.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_each_is_ours_and_says_what_it_means(kind: type[OmniRouteError]) -> None:
    assert issubclass(kind, OmniRouteError)
    assert kind.__doc__


@pytest.mark.parametrize("kind", [Retry, Rejected, NotAuthorised, Busy])
def test_what_the_other_side_did_is_one_family(kind: type[OmniRouteError]) -> None:
    assert issubclass(kind, RemoteError)


@pytest.mark.parametrize("kind", [Unavailable, Corrupt, InDoubt, Moved])
def test_what_a_store_does_is_another(kind: type[OmniRouteError]) -> None:
    assert issubclass(kind, StoreError)
    assert not issubclass(kind, RemoteError)


def test_a_fault_of_the_admin_s_names_place_and_fix() -> None:
    error = ConfigError("rules.yaml:14", "no skill “biling”", "did you mean “billing”?")
    assert str(error) == "rules.yaml:14: no skill “biling” — did you mean “billing”?"
    assert (error.place, error.fault) == ("rules.yaml:14", "no skill “biling”")
    assert str(ConfigError("rules.yaml:14", "no skill “zzz”")) == "rules.yaml:14: no skill “zzz”"
    assert str(ConfigError("", "nobody works here", "hire")) == "nobody works here — hire"


def test_a_fault_of_the_integrator_s_names_plugin_and_hook() -> None:
    error = PluginError("acme", "omniroute_facts", "is async")
    assert str(error) == "plugin acme: omniroute_facts: is async"
    assert (error.plugin, error.where, error.fault) == ("acme", "omniroute_facts", "is async")


def test_all_findings_are_one_error_that_begins_like_its_first() -> None:
    config = ConfigErrors([ConfigError("a:1", "no x", "use y"), ConfigError("a:2", "no z")])
    assert isinstance(config, ConfigError)
    assert str(config) == "a:1: no x — use y\na:2: no z"
    assert (config.place, config.fault, config.fix) == ("a:1", "no x", "use y")
    assert [finding.place for finding in config.findings] == ["a:1", "a:2"]

    plugin = PluginErrors([PluginError("acme", "f", "is x"), PluginError("bolt", "g", "is y")])
    assert isinstance(plugin, PluginError)
    assert str(plugin) == "plugin acme: f: is x\nplugin bolt: g: is y"
    assert (plugin.plugin, plugin.where, plugin.fault) == ("acme", "f", "is x")
    assert [finding.plugin for finding in plugin.findings] == ["acme", "bolt"]


def test_a_platform_says_when_to_come_again_or_nothing() -> None:
    later = Retry("too many requests", 30.0)
    assert (str(later), later.reason, later.after) == ("too many requests", *later.args, 30.0)
    assert not later.in_doubt
    lost = Retry("the answer did not come", in_doubt=True)
    assert lost.after is None
    assert lost.in_doubt


def test_a_platform_says_no_with_its_reason_or_with_a_fix_for_the_admin() -> None:
    assert (str(Rejected("no such user")), Rejected("x").reason) == ("no such user", "x")
    assert (str(NotAuthorised("add the scope")), NotAuthorised("x").fix) == ("add the scope", "x")


def test_a_refusal_is_told_by_code_and_read_by_text() -> None:
    refused = Refused("taken", "Ana has it.")
    assert (refused.code, refused.text, str(refused)) == ("taken", "Ana has it.", "Ana has it.")


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("a", "b", "c"),
        ConfigErrors([ConfigError("a", "b"), ConfigError("c", "d")]),
        PluginError("a", "b", "c"),
        PluginErrors([PluginError("a", "b", "c")]),
        Retry("a", 3.0, in_doubt=True),
        Rejected("a"),
        NotAuthorised("a"),
        Refused("a", "b"),
        Corrupt("a", "b", "c", 7),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_the_way_to_another_process(error: OmniRouteError) -> None:
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert repr(vars(back)) == repr(vars(error))


def test_the_nearest_name_is_offered_and_no_far_one() -> None:
    assert did_you_mean("bilings", ["billing", "tech"]) == "did you mean “billing”?"
    assert did_you_mean("zzz", ["billing", "tech"]) == ""
    assert did_you_mean("billing", []) == ""
    assert did_you_mean("", ["a"]) == ""


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(errors).failed == 0


def test_what_the_system_refuses_over_a_file_names_it_and_what_mends_it() -> None:
    full = of_the_system(OSError(errno.ENOSPC, "No space left on device", "/srv/desk/a.tar"))
    assert str(full) == "/srv/desk/a.tar: No space left on device — free some space"
    shut = of_the_system(PermissionError(errno.EACCES, "Permission denied", "/srv/desk"))
    assert str(shut) == "/srv/desk: Permission denied — give it to the user who runs this"


def test_what_is_not_about_a_file_of_theirs_surfaces_as_what_it_is() -> None:
    assert of_the_system(ConnectionResetError(errno.ECONNRESET, "reset")) is None
    assert of_the_system(FileNotFoundError(errno.ENOENT, "No such file", "/srv/x")) is None
    assert of_the_system(OSError("anything")) is None
