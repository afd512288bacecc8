"""The typed façade over pluggy: loads plugins, checks them, asks them.  Nobody else sees pluggy.

At load it checks what pluggy does not: that the types of a hook's parameters are the contract's,
that an enriching hook is no coroutine function, that nothing hides behind a property or a
misspelt name.  At run time it isolates: an enriching or observing hook that raises is left out of
that call and named in the log.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, Final, TypeVar, get_type_hints

import click
import pluggy

from omniroute import hookspecs
from omniroute.channel import Channel, Inbound
from omniroute.core.model import AgentId, Candidate, Fact, Thread
from omniroute.desk import Desk
from omniroute.errors import PluginError, did_you_mean
from omniroute.hookspecs import Claim, Notice, StoreFactory

log = logging.getLogger(__name__)

GROUP: Final = "omniroute"
PREFIX: Final = "omniroute_"
OBSERVER_SECONDS: Final = 5.0
T = TypeVar("T")


class Plugins:
    """Every loaded plugin, asked by name of the hook."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)

    def load_installed(self, blocked: Sequence[str] = ()) -> None:
        """Load what is installed under the entry point group.  Raises `PluginError`."""
        for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
            if point.name in blocked:
                continue
            try:
                plugin = point.load()
            except Exception as error:
                fault = f"cannot be imported: {type(error).__name__}: {error}"
                raise PluginError(point.name, point.value, fault) from error
            self.register(plugin, point.name)

    def register(self, plugin: object, name: str) -> None:
        """Check a plugin and take it in.  Raises `PluginError` naming what is wrong."""
        for hook, function in _offered(plugin, name):
            _check(name, hook, function)
        try:
            self._manager.register(plugin, name)
            self._manager.check_pending()
        except (ValueError, pluggy.PluginValidationError) as error:
            raise PluginError(name, "registration", str(error)) from error

    def names(self) -> list[str]:
        """The names of all plugins."""
        return sorted(name for name, _ in self._manager.list_name_plugin())

    # --- register ---

    def channels(self) -> dict[str, type[Channel]]:
        """Kinds of channel, by kind."""
        return self._by_kind("omniroute_channels")

    def desks(self) -> dict[str, type[Desk]]:
        """Kinds of desk, by kind."""
        return self._by_kind("omniroute_desks")

    def stores(self) -> dict[str, StoreFactory]:
        """Stores by the scheme of their URL."""
        found: dict[str, StoreFactory] = {}
        for name, answer in self._answers("omniroute_stores"):
            for scheme, factory in answer.items():
                if scheme in found:
                    raise PluginError(name, "omniroute_stores", f"“{scheme}” is taken")
                found[scheme] = factory
        return found

    def commands(self) -> list[click.Command]:
        """Commands for the command line."""
        return [c for _, answer in self._answers("omniroute_commands") for c in answer]

    def _by_kind(self, hook: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, answer in self._answers(hook):
            for offered in answer:
                kind = getattr(offered, "kind", None)
                if not isinstance(kind, str) or not kind:
                    raise PluginError(name, hook, f"{offered!r} has no kind")
                if kind in found:
                    raise PluginError(name, hook, f"the kind “{kind}” is taken by another plugin")
                found[kind] = offered
        return found

    def _answers(self, hook: str) -> Iterator[tuple[str, Any]]:
        """Every plugin's answer to a registering hook; the first that raises stops the start."""
        for implementation in self._implementations(hook):
            try:
                yield implementation.plugin_name, implementation.function()
            except PluginError:
                raise
            except Exception as error:
                fault = f"raised {type(error).__name__}: {error}"
                raise PluginError(implementation.plugin_name, hook, fault) from error

    # --- enrich ---

    def claims(self, inbound: Inbound, channel: str) -> Sequence[Claim]:
        """What plugins say of who the sender is besides."""
        found: list[Claim] = []
        for name, answer in self._isolated("omniroute_claims", inbound=inbound, channel=channel):
            if all(isinstance(claim, Claim) for claim in answer):
                found.extend(answer)
            else:
                log.error("plugin %s: omniroute_claims: answered %r, not claims", name, answer)
        return found

    def facts(self, inbound: Inbound, channel: str) -> Mapping[str, Fact]:
        """What plugins say the message is about; the later plugin has the last word."""
        found: dict[str, Fact] = {}
        for name, answer in self._isolated("omniroute_facts", inbound=inbound, channel=channel):
            for fact, value in answer.items():
                if isinstance(fact, str) and isinstance(value, Fact):
                    found[fact] = value
                else:
                    log.error("plugin %s: omniroute_facts: %r is no fact", name, fact)
        return found

    def _isolated(self, hook: str, **values: object) -> Iterator[tuple[str, Any]]:
        for implementation in self._implementations(hook):
            answer = _call(implementation, hook, values)
            if answer is not None:
                yield implementation.plugin_name, answer

    # --- decide ---

    @property
    def deciders(self) -> Plugins | None:
        """Itself if any plugin picks, else None, so that nothing is asked in vain."""
        return self if self._implementations("omniroute_pick") else None

    def pick(self, thread: Thread, candidates: Sequence[Candidate]) -> tuple[AgentId, str] | None:
        """The first plugin's pick that is one of the candidates, and the plugin's name."""
        known = {candidate.agent for candidate in candidates}
        for implementation in self._implementations("omniroute_pick"):
            values = {"thread": thread, "candidates": candidates}
            picked = _call(implementation, "omniroute_pick", values)
            if picked is None:
                continue
            if picked in known:
                return picked, implementation.plugin_name
            log.error("plugin %s: picked %r, no candidate", implementation.plugin_name, picked)
        return None

    # --- observe ---

    async def notify(self, notice: Notice) -> None:
        """Tell every observer; one that raises or hangs harms nobody."""
        for implementation in self._implementations("omniroute_event"):
            answer = _call(implementation, "omniroute_event", {"notice": notice})
            if inspect.isawaitable(answer):
                await _patiently(implementation.plugin_name, answer)

    @property
    def observed(self) -> bool:
        """Whether anybody observes."""
        return bool(self._implementations("omniroute_event"))

    def _implementations(self, hook: str) -> list[Any]:
        # pluggy calls the last registered first; plugins expect the order of their names
        return list(getattr(self._manager.hook, hook).get_hookimpls())


async def _patiently(name: str, answer: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(OBSERVER_SECONDS):
            await answer
    except TimeoutError:
        log.error("plugin %s: omniroute_event: took longer than %.0f s", name, OBSERVER_SECONDS)
    except Exception:
        log.exception("plugin %s: omniroute_event raised", name)


def _call(implementation: Any, hook: str, values: Mapping[str, object]) -> Any:
    """Call one implementation with the parameters it names; None if it raises."""
    try:
        return implementation.function(*(values[name] for name in implementation.argnames))
    except Exception:
        log.exception("plugin %s: %s raised and is left out", implementation.plugin_name, hook)
        return None


def _offered(plugin: object, name: str) -> Iterator[tuple[str, Callable[..., object]]]:
    """The hook functions a plugin offers, refusing what pluggy would skip in silence."""
    known = {n for n in vars(hookspecs) if n.startswith(PREFIX)}
    for attribute in dir(plugin):
        if not attribute.startswith(PREFIX):
            continue
        if isinstance(inspect.getattr_static(plugin, attribute), property):
            raise PluginError(name, attribute, "is a property; a hook must be a plain function")
        if attribute not in known:
            guess = did_you_mean(attribute, known)
            raise PluginError(name, attribute, f"there is no such hook; {guess}".rstrip("; "))
        function = getattr(plugin, attribute)
        if not hasattr(function, "omniroute_impl"):
            raise PluginError(name, attribute, "is not marked with @hookimpl")
        yield attribute, function


def _check(name: str, hook: str, function: Callable[..., object]) -> None:
    spec = getattr(hookspecs, hook)
    if inspect.iscoroutinefunction(function) and hook != "omniroute_event":
        raise PluginError(name, hook, "is async; only omniroute_event may be")
    wanted, given = _hints(spec, vars(hookspecs)), _hints(function, None)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            raise PluginError(name, hook, f"parameter {parameter.name} is keyword-only")
        if parameter.name not in wanted:
            guess = did_you_mean(parameter.name, wanted) or f"known: {', '.join(sorted(wanted))}"
            raise PluginError(name, hook, f"has no parameter {parameter.name}; {guess}")
        said = given.get(parameter.name, wanted[parameter.name])
        if said != wanted[parameter.name]:
            contract = _shown(wanted[parameter.name])
            fault = f"parameter {parameter.name} is annotated {_shown(said)}"
            raise PluginError(name, hook, f"{fault}; the contract says {contract}")


def _hints(function: Callable[..., object], names: dict[str, Any] | None) -> dict[str, Any]:
    try:
        hints = get_type_hints(function, names)
    except NameError:
        return {}  # names imported for type checkers only; mypy has seen to them
    hints.pop("return", None)
    return hints


def _shown(kind: object) -> str:
    return getattr(kind, "__name__", None) or str(kind)
