"""The typed façade over pluggy: loads plugins, checks them, asks them.  Nobody else sees pluggy.

At load it checks what pluggy does not (`omniroute.contracts`) and says everything it found at once.
At run time it isolates: an enriching hook that raises, or answers what the contract does not know,
is left out of that call and named in the log.  With ``OMNIROUTE_TRACE_PLUGINS=1`` in the
environment every call is logged with its time, though never with what was said.

Plugins are asked in the order of their registration, ours before the installed ones, those by
name; ``@hookimpl(tryfirst=True)`` and ``trylast=True`` change that.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import math
import os
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple, TypeVar

import click
import msgspec
import pluggy

from omniroute import hookspecs
from omniroute.channel import Address, Channel, Inbound
from omniroute.contracts import channel_faults, desk_faults, plugin_faults
from omniroute.core.model import AgentId, Candidate, Evidence, Fact, Thread
from omniroute.desk import Desk
from omniroute.errors import PluginError, PluginErrors, did_you_mean
from omniroute.hookspecs import Claim, Notice, StoreFactory

log = logging.getLogger(__name__)

GROUP: Final = "omniroute"
TRACE: Final = "OMNIROUTE_TRACE_PLUGINS"
T = TypeVar("T")
_plain: Callable[[bytes], Fact] = msgspec.json.Decoder(Fact).decode


class Observer(NamedTuple):
    """A plugin that wants to be told what happened."""

    plugin: str
    tell: Callable[[Notice], object]  # an awaitable answer is to be awaited
    is_async: bool  # called on the event loop; else on a thread, where it may block


class NotInTheContract(Exception):
    """What a hook answered; the text completes “answered …”."""


class Plugins:
    """Every loaded plugin, asked by name of the hook."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._names: list[str] = []
        self.paths: list[Path] = []  # of those that are not installed
        self._asked: dict[str, list[pluggy.HookImpl]] = {}
        self._left_out: list[str] = []  # of the last pick
        self._trace = os.environ.get(TRACE, "") not in ("", "0")

    def load_installed(self, blocked: Sequence[str] = ()) -> None:
        """Load what is installed under the entry point group, less what is *blocked* by name.

        Raises `PluginErrors` with every finding.
        """
        points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
        _check_blocked(blocked, [point.name for point in points])
        findings: list[PluginError] = []
        for point in points:
            if point.name not in blocked:
                try:
                    self.register(_loaded(point), point.name)
                except PluginErrors as error:
                    findings += error.findings
        if findings:
            raise PluginErrors(findings)

    def load_path(self, path: Path) -> None:
        """Load a plugin that is not installed: one file, or the folder of its project.

        A file goes by its name, a project by that of its entry point.  Raises `PluginErrors`.
        """
        name = path.stem
        try:
            name, module = project_of(path) if path.is_dir() else (name, module_of(path))
        except PluginErrors:
            raise
        except (Exception, SystemExit) as error:
            fault = f"cannot be imported: {type(error).__name__}: {error}"
            raise PluginErrors([PluginError(name, str(path), fault)]) from error
        self.register(module, name)
        self.paths.append(path)

    def register(self, plugin: object, name: str) -> None:
        """Check a plugin and take it in.  Raises `PluginErrors` with everything that is wrong."""
        if name in self._names:
            fault = "another plugin has this name; block one of them, or rename it"
            raise PluginErrors([PluginError(name, "registration", fault)])
        findings = list(plugin_faults(plugin, name, self._manager.parse_hookimpl_opts))
        if findings:
            raise PluginErrors(findings)
        try:
            self._manager.register(plugin, name)
            self._manager.check_pending()
        except (ValueError, pluggy.PluginValidationError) as error:
            raise PluginErrors([PluginError(name, "registration", str(error))]) from error
        self._names.append(name)
        self._asked.clear()

    def names(self) -> list[str]:
        """The names of all plugins."""
        return sorted(self._names)

    # --- register ---

    def channels(self) -> dict[str, type[Channel]]:
        """Kinds of channel, by kind.  Raises `PluginErrors`, as do the three below."""
        return self._by_kind("omniroute_channels", channel_faults)

    def desks(self) -> dict[str, type[Desk]]:
        """Kinds of desk, by kind."""
        return self._by_kind("omniroute_desks", desk_faults)

    def stores(self) -> dict[str, StoreFactory]:
        """Stores by the scheme of their URL."""
        hook = "omniroute_stores"
        found: dict[str, tuple[str, StoreFactory]] = {}
        for name, answer in self._handed_over(hook):
            if not isinstance(answer, Mapping):
                raise _refused(name, hook, f"answered {answer!r}, not a mapping by scheme")
            for scheme, factory in answer.items():
                if not isinstance(scheme, str) or not callable(factory):
                    raise _refused(name, hook, f"{scheme!r} → {factory!r} opens no store")
                if scheme in found:
                    raise _refused(name, hook, f"“{scheme}” is taken by {found[scheme][0]}")
                found[scheme] = name, factory
        return {scheme: factory for scheme, (_, factory) in found.items()}

    def commands(self) -> list[click.Command]:
        """Commands for the command line."""
        hook = "omniroute_commands"
        found: list[click.Command] = []
        for name, answer in self._handed_over(hook):
            for command in _listed(name, hook, answer):
                if not isinstance(command, click.Command):
                    raise _refused(name, hook, f"{command!r} is no click.Command")
                found.append(command)
        return found

    def _by_kind(self, hook: str, faults: Callable[[type], Iterable[str]]) -> dict[str, Any]:
        found: dict[str, tuple[str, type]] = {}
        findings: list[PluginError] = []
        for name, answer in self._handed_over(hook):
            for offered in _listed(name, hook, answer):
                if not isinstance(offered, type):
                    raise _refused(name, hook, f"{offered!r} is no class")
                wrong = [f"{offered.__name__}: {fault}" for fault in faults(offered)]
                kind = str(getattr(offered, "kind", ""))
                if kind in found:
                    wrong.append(f"the kind “{kind}” is taken by {found[kind][0]}")
                found.setdefault(kind, (name, offered))
                findings += [PluginError(name, hook, fault) for fault in wrong]
        if findings:
            raise PluginErrors(findings)
        return {kind: offered for kind, (_, offered) in found.items()}

    def _handed_over(self, hook: str) -> Iterator[tuple[str, Any]]:
        """Every plugin's answer to a registering hook; the first that raises stops the start."""
        for implementation in self._implementations(hook):
            began = time.perf_counter()
            try:
                answer = implementation.function()
            except PluginErrors:
                raise
            except (Exception, SystemExit) as error:
                fault = f"raised {type(error).__name__}: {error}"
                raise _refused(implementation.plugin_name, hook, fault) from error
            self._told(implementation.plugin_name, hook, began, "answered")
            yield implementation.plugin_name, answer

    # --- enrich ---

    def claims(self, inbound: Inbound, channel: str) -> Sequence[Claim]:
        """What plugins say of who the sender is besides."""
        values = {"inbound": inbound, "channel": channel}
        answers = self._ask("omniroute_claims", _claims, values)
        return [claim for _, answer in answers for claim in answer]

    def facts(self, inbound: Inbound, channel: str) -> Mapping[str, Fact]:
        """What plugins say the message is about; whoever is asked later has the last word."""
        values = {"inbound": inbound, "channel": channel}
        hook = "omniroute_facts"
        found: dict[str, Fact] = {}
        for plugin, answer in self._ask(hook, _mapping, values):
            for name, value in answer.items():
                try:
                    found[_name(name)] = _fact(name, value)
                except NotInTheContract as fault:
                    log.error("plugin %s: %s: left out: %s", plugin, hook, fault)
        return found

    # --- decide ---

    @property
    def deciders(self) -> Plugins | None:
        """Itself if any plugin picks, else None, so that nothing is asked in vain."""
        return self if self._implementations("omniroute_pick") else None

    def pick(self, thread: Thread, candidates: Sequence[Candidate]) -> tuple[AgentId, str] | None:
        """The first plugin's pick that is one of the candidates, and the plugin's name."""
        known = {candidate.agent for candidate in candidates}
        self._left_out = []

        def read(answer: object) -> AgentId:
            if not isinstance(answer, str) or answer not in known:
                raise NotInTheContract(f"{_shown(answer)}, who is none of the candidates")
            return answer

        values = {"thread": thread, "candidates": tuple(candidates)}
        for name, picked in self._ask("omniroute_pick", read, values):
            return picked, name
        return None

    def left_out(self) -> tuple[str, ...]:
        """The plugins whose answer to the last pick could not be used."""
        return tuple(self._left_out)

    # --- observe ---

    def observers(self) -> list[Observer]:
        """Who wants to be told what happened."""
        return [self._observer(found) for found in self._implementations("omniroute_event")]

    def _observer(self, implementation: pluggy.HookImpl) -> Observer:
        name = implementation.plugin_name

        def tell(notice: Notice) -> object:
            began = time.perf_counter()
            answer = implementation.function(*([notice] if implementation.argnames else []))
            self._told(name, "omniroute_event", began, f"heard of {notice.name}")
            return answer

        return Observer(name, tell, inspect.iscoroutinefunction(implementation.function))

    # --- asking ---

    def _ask(
        self, hook: str, read: Callable[[Any], T], values: Mapping[str, object]
    ) -> Iterator[tuple[str, T]]:
        """The answers of all plugins that have one; whatever goes wrong stays with its plugin."""
        for implementation in self._implementations(hook):
            name, began = implementation.plugin_name, time.perf_counter()
            told = []
            try:
                answer = _called(implementation, values)
                if answer is not None:
                    told.append(read(answer))
            except NotInTheContract as fault:
                self._bad(hook, name)
                log.error("plugin %s: %s: left out, for it answered %s", name, hook, fault)
            except (Exception, SystemExit):
                self._bad(hook, name)
                log.exception("plugin %s: %s raised and is left out", name, hook)
            self._told(name, hook, began, "answered" if told else "said nothing")
            for answer in told:
                yield name, answer

    def _told(self, name: str, hook: str, began: float, said: str) -> None:
        """A line of the trace, where one is asked for; never what was said."""
        if self._trace:
            ms = (time.perf_counter() - began) * 1000
            log.info("plugin %s: %s %s in %.2f ms", name, hook, said, ms)

    def _bad(self, hook: str, name: str) -> None:
        if hook == "omniroute_pick":
            self._left_out.append(name)

    def _implementations(self, hook: str) -> list[pluggy.HookImpl]:
        found = self._asked.get(hook)
        if found is None:
            found = list(getattr(self._manager.hook, hook).get_hookimpls())
            found.sort(key=self._turn)
            self._asked[hook] = found
        return found

    def _turn(self, implementation: pluggy.HookImpl) -> tuple[int, int]:
        rank = 0 if implementation.tryfirst else 2 if implementation.trylast else 1
        return rank, self._names.index(implementation.plugin_name)


def module_of(path: Path) -> ModuleType:
    """A file as a module, under a name that no other has.  Raises whatever its code raises."""
    name = f"omniroute_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before its code runs, which may look itself up there
    spec.loader.exec_module(module)
    return module


def project_of(home: Path) -> tuple[str, ModuleType]:
    """The plugin of a project that is not installed, and its name.

    Raises `PluginErrors`, and whatever its code raises.
    """
    project = home / "pyproject.toml"
    if not project.is_file():
        fix = "name the folder of a plugin; `omniroute channel new NAME` makes one"
        raise PluginErrors([PluginError(home.name, str(project), f"no such file — {fix}")])
    about = tomllib.loads(project.read_text(encoding="utf-8"))
    points = about.get("project", {}).get("entry-points", {}).get(GROUP, {})
    if not points:
        fix = f'write [project.entry-points.{GROUP}] and below it NAME = "your_module"'
        fault = f"names no plugin of OmniRoute — {fix}"
        raise PluginErrors([PluginError(home.name, str(project), fault)])
    if (source := str((home / "src").resolve())) not in sys.path:
        sys.path.insert(0, source)
    name, package = next(iter(points.items()))
    return str(name), importlib.import_module(package)


def _check_blocked(blocked: Sequence[str], installed: Sequence[str]) -> None:
    """Say so if a name that is blocked is a typing error, for then the plugin is loaded."""
    for name in blocked:
        if name not in installed and (guess := did_you_mean(name, installed)):
            log.warning("plugins.blocked: no plugin “%s” is installed; %s", name, guess)


def _loaded(point: EntryPoint) -> object:
    try:
        return point.load()
    except (Exception, SystemExit) as error:
        fault = f"cannot be imported: {type(error).__name__}: {error}"
        raise PluginErrors([PluginError(point.name, point.value, fault)]) from error


def _refused(name: str, hook: str, fault: str) -> PluginErrors:
    return PluginErrors([PluginError(name, hook, fault)])


def _called(implementation: pluggy.HookImpl, values: Mapping[str, object]) -> Any:
    """Call one implementation with the parameters it names."""
    answer = implementation.function(*(values[name] for name in implementation.argnames))
    if inspect.iscoroutine(answer):
        answer.close()
        raise NotInTheContract("a coroutine, which only omniroute_event may")
    return answer


# --- answers ---


def _listed(name: str, hook: str, answer: object) -> Sequence[object]:
    if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
        raise _refused(name, hook, f"answered {answer!r}, not a list")
    return list(answer)


def _claims(answer: object) -> Sequence[Claim]:
    if not isinstance(answer, Iterable):
        raise NotInTheContract(f"{_shown(answer)}, not claims")
    return [_claim(said) for said in answer]


def _claim(said: object) -> Claim:
    if not isinstance(said, Claim):
        raise NotInTheContract(f"{_shown(said)} among claims")
    address: object = said.address
    evidence: object = said.evidence
    if not isinstance(address, Address) or not isinstance(evidence, Evidence):
        raise NotInTheContract("a claim that is not of an Address and an Evidence")
    if not (address.kind and address.value.strip()):
        # All who have no address would be one person.
        raise NotInTheContract("a claim of an address without kind or value")
    return said


def _mapping(answer: object) -> dict[object, object]:
    if not isinstance(answer, Mapping):
        raise NotInTheContract(f"{_shown(answer)}, not a mapping of facts")
    return dict(answer)


def _name(name: object) -> str:
    if type(name) is not str or not (name and name.isprintable()):
        raise NotInTheContract(f"{_shown(name)} as the name of a fact")
    return name


def _fact(name: object, value: object) -> Fact:
    """A fact as it comes back from the record, so that a replay decides by the same."""
    if isinstance(value, Fact) and not (isinstance(value, float) and not math.isfinite(value)):
        try:
            return _plain(msgspec.json.encode(value))
        except (TypeError, UnicodeEncodeError):
            pass  # a subclass of a number's type, or text that no record can hold
    raise NotInTheContract(f"{_shown(value)} for the fact {name}")


def _shown(value: object) -> str:
    """A value in the log: its type, since what was said there is nobody's business."""
    return f"a value of type {type(value).__name__}"
