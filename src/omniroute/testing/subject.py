"""A channel that an integrator points at: an installed kind, a project's folder, or one file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from omniroute.channel import Channel
from omniroute.errors import ConfigError, PluginError, PluginErrors
from omniroute.kinds import to_have
from omniroute.plugins import GROUP, Plugins, module_of, project_of
from omniroute.testing.platform import Platform


@dataclass(frozen=True, slots=True)
class Subject:
    """A channel, where it lies, and the fake that it brings."""

    kind: type[Channel]
    plugin: str  # the name under which it is loaded
    package: str  # the module that has the hooks
    home: Path | None  # the project's folder, if there is one

    def platform(self) -> type[Platform]:
        """The fake of its platform.  Raises `PluginError` that says how to make one."""
        tried = [f"{self.package}.testing.platform", f"{self.package}.testing", self.package]
        for name in tried:
            module = _imported(name)
            several = getattr(module, "PLATFORMS", {})  # by kind, of a plugin with several
            found = several.get(self.kind.kind, getattr(module, "PLATFORM", None))
            if isinstance(found, type) and issubclass(found, Platform):
                return found
        fix = (
            f"write a subclass of omniroute.testing.platform.Platform in {tried[1]}, and PLATFORM ="
        )
        raise PluginError(self.plugin, "testing", f"it brings no fake; {fix}")


def find(target: str) -> Subject:
    """What *target* names.  Raises `ConfigError` or `PluginError`."""
    path = Path(target)
    if path.suffix == ".py":
        return _of_file(path)
    if path.is_dir():
        return _of_folder(path.resolve())
    return _installed(target)


def _installed(kind: str) -> Subject:
    plugins = Plugins()
    plugins.load_installed()
    known = plugins.channels()
    if kind not in known:
        fault = "is no installed channel, no folder and no file"
        raise ConfigError(f"“{kind}”", fault, to_have(kind, known))
    for point in entry_points(group=GROUP):
        one = Plugins()
        one.register(point.load(), point.name)
        if kind in one.channels():
            package = point.value.partition(":")[0]
            return Subject(known[kind], point.name, package, _home_of(package))
    raise ConfigError(f"“{kind}”", "is brought by no plugin of its own")


def _of_folder(home: Path) -> Subject:
    plugins = Plugins()
    plugins.load_path(home)
    (name,) = plugins.names()
    _, module = project_of(home)
    return Subject(_only(name, module), name, module.__name__, home)


def _of_file(path: Path) -> Subject:
    if not path.is_file():
        raise ConfigError(str(path), "no such file")
    try:
        module = module_of(path)
    except Exception as error:
        fault = f"cannot be imported: {type(error).__name__}: {error}"
        raise PluginErrors([PluginError(path.stem, str(path), fault)]) from error
    return Subject(_only(path.stem, module), path.stem, module.__name__, None)


def _only(name: str, module: object) -> type[Channel]:
    plugins = Plugins()
    plugins.register(module, name)
    channels = list(plugins.channels().values())
    if not channels:
        fix = "hand one over by the hook omniroute_channels"
        raise PluginError(name, "omniroute_channels", f"brings no channel; {fix}")
    return channels[0]


def _home_of(package: str) -> Path | None:
    """The project of an editable install; None for a wheel."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parents[2]
    return home if (home / "pyproject.toml").is_file() else None


def _imported(name: str) -> object:
    if importlib.util.find_spec(name.partition(".")[0]) is None and name not in sys.modules:
        return None
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and name.startswith(error.name):
            return None  # it has none
        raise PluginError(name, "testing", f"needs {error.name}; install it") from error
