"""The channel accounts that the settings name, constructed by their plugins' classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from omniroute.application import words
from omniroute.channel import Channel, Site
from omniroute.errors import ConfigError, PluginError, StoreError
from omniroute.kinds import to_have
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.proofs import Proofs
from omniroute.server.settings import Settings
from omniroute.settings import section
from omniroute.stores.books import Opener, open_file


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
        given = {name: value for name, value in table.items() if name != "kind"}
        config: object = section(given, kinds[kind].Config, place)
        own = folder / account
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)  # a mode is not for the folders above
        secret = keyed.derive(f"site/{account}")
        site = Site(own, url, settings.server.organisation, secret, proofs, opener)
        found[kind, account] = _construct(kinds[kind], account, config, site)
    return found


def _construct(kind: type[Channel], account: str, config: object, site: Site) -> Channel:
    make: Callable[[str, object, Site], Channel] = kind
    try:
        return make(account, config, site)
    except (ConfigError, PluginError, StoreError):
        raise
    except Exception as error:
        raise PluginError(kind.kind, kind.__name__, f"{type(error).__name__}: {error}") from error
