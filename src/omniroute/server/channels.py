"""The channel accounts that the settings name, constructed by their plugins' classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from omniroute.application import words
from omniroute.channel import Channel, Site
from omniroute.errors import ConfigError, PluginError, StoreError
from omniroute.kinds import to_have
from omniroute.plugins import Plugins
from omniroute.runtime.isolation import Child, Opening, Parser
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.proofs import Proofs
from omniroute.server.settings import Settings
from omniroute.settings import section
from omniroute.stores.books import Opener, open_file

COMMON: Final = ("kind", "isolated")
"""What any account may have in its table, besides what its plugin reads."""


def open_channels(
    settings: Settings,
    kinds: Mapping[str, type[Channel]],
    keyed: Keyed,
    folder: Path,
    url: str,
    proofs: Proofs,
    opener: Opener = open_file,
) -> dict[tuple[str, str], Channel]:
    """Every account by kind and name; each gets a folder below *folder*.

    Raises `ConfigError`, or `PluginError` where a plugin's class does not take its own settings.
    """
    labels = {kind: getattr(each, "label", kind) for kind, each in kinds.items()}
    icons = {kind: each.icon for kind, each in kinds.items() if hasattr(each, "icon")}
    words.name_channels(labels, icons)
    found: dict[tuple[str, str], Channel] = {}
    for account, table in settings.channels.items():
        place = f"channels.{account}"
        kind = table.get("kind", account)
        if kind not in kinds:
            raise ConfigError(
                f"{place}.kind", f"no channel “{kind}” is installed", to_have(str(kind), kinds)
            )
        config: object = section(own_table(table), kinds[kind].Config, place)
        own = folder / account
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)  # a mode is not for the folders above
        secret = keyed.derive(f"site/{account}")
        site = Site(own, url, settings.server.organisation, secret, proofs, opener)
        found[kind, account] = _construct(kinds[kind], account, config, site)
    return found


def own_table(table: Mapping[str, object]) -> dict[str, object]:
    """What of an account's table is for its plugin to read."""
    return {name: value for name, value in table.items() if name not in COMMON}


def isolated(
    settings: Settings, plugins: Plugins, keyed: Keyed, url: str
) -> dict[tuple[str, str], Parser]:
    """Processes of their own for those accounts that shall be read in one; none is started yet."""
    found: dict[tuple[str, str], Parser] = {}
    for account, table in settings.channels.items():
        wanted, kind = table.get("isolated", False), str(table.get("kind", account))
        if not isinstance(wanted, bool):
            raise ConfigError(f"channels.{account}.isolated", "is true or false", "write true")
        if wanted:
            written = msgspec.json.encode(own_table(table))
            secret = keyed.derive(f"site/{account}")
            made, paths = plugins.channels()[kind], tuple(map(str, plugins.paths))
            module, name = made.__module__, made.__qualname__
            opening = Opening(kind, account, written, secret, url, module, name, paths)
            found[kind, account] = Child(opening)
    return found


def _construct(kind: type[Channel], account: str, config: object, site: Site) -> Channel:
    make: Callable[[str, object, Site], Channel] = kind
    try:
        return make(account, config, site)
    except (ConfigError, PluginError, StoreError):
        raise
    except Exception as error:
        raise PluginError(kind.kind, kind.__name__, f"{type(error).__name__}: {error}") from error
