"""What is stored, read beside a running server or without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from omniroute.errors import ConfigError
from omniroute.server.composition import open_store
from omniroute.server.settings import Settings
from omniroute.stores.api import Reader
from omniroute.stores.sqlite import SqliteReader


@contextmanager
def stored(settings: Settings) -> Iterator[Reader]:
    """A view of the store as it is at this moment.  Raises `ConfigError` where there is none."""
    if settings.store.url:
        reader = open_store(settings).reader()
    elif settings.store.path.exists():
        reader = SqliteReader(settings.store.path)
    else:
        fix = "name its server's settings with --config"
        raise ConfigError(str(settings.store.path), "there is no such database", fix)
    try:
        with reader.snapshot() as still:
            yield still
    finally:
        reader.close()
