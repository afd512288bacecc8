"""Where everything is kept: SQLite, the stores that come with us, and those of plugins."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Final

from omniroute import hookimpl
from omniroute.errors import ConfigError, did_you_mean
from omniroute.hookspecs import StoreFactory
from omniroute.plugins import Plugins
from omniroute.runtime.crashpoints import reach
from omniroute.server.settings import Settings, check_readable
from omniroute.stores.api import Store
from omniroute.stores.sqlite import SqliteStore

DRIVERS: Final = {
    "postgresql": ("postgres", "PostgresStore"),
    "postgres": ("postgres", "PostgresStore"),
    "redis": ("redis", "RedisStore"),
    "rediss": ("redis", "RedisStore"),
    "redis+sentinel": ("redis", "RedisStore"),
    "redis+cluster": ("redis", "RedisStore"),
}
"""Scheme of a URL: the module in `omniroute.stores`, which is also the extra, and the class."""


class BuiltIn:
    """The stores that come with OmniRoute, by the same hook as everybody else's."""

    @hookimpl
    def omniroute_stores(self) -> Mapping[str, StoreFactory]:
        return {scheme: _factory(*driver) for scheme, driver in DRIVERS.items()}


def open_store(settings: Settings, plugins: Plugins) -> Store:
    """The store that the settings name.  Raises `ConfigError` where nobody brings it."""
    url = settings.store.url.reveal()
    if not url:
        return SqliteStore(settings.store.path.resolve(), reach=reach)
    check_readable("store.url", url)
    if ":" not in url:
        raise ConfigError("store.url", "is no URL", "such as postgresql://user:password@host/name")
    scheme, brought = url.partition(":")[0], plugins.stores()
    if scheme not in brought:
        fix = did_you_mean(scheme, brought) or f"installed: {', '.join(brought) or 'none'}"
        raise ConfigError("store.url", f"no store for “{scheme}:” is installed", fix)
    return brought[scheme](url)


def _factory(module: str, name: str) -> StoreFactory:
    def make(url: str) -> Store:
        try:
            driver = importlib.import_module(f"omniroute.stores.{module}")
        except ModuleNotFoundError as error:
            fault, fix = f"{error.name} is not installed", f"pip install omniroute[{module}]"
            raise ConfigError("store.url", fault, fix) from None
        store: Callable[[str], Store] = getattr(driver, name)
        return store(url)

    return make
