"""What is stored, read beside a running server or without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from omniroute.errors import ConfigError
from omniroute.server.settings import Settings
from omniroute.server.stores import open_store
from omniroute.stores.api import Reader
from omniroute.stores.sqlite import SqliteReader
from omniroute.stores.tiered import TieredReader, Trimmable, check_archive


@contextmanager
def alone(settings: Settings) -> Iterator[Trimmable]:
    """A store that lets go of what the archive has, without the archive.

    Raises `ConfigError` for any other.
    """
    if settings.store.url:
        from omniroute.server.composition import load_plugins

        with closing(open_store(settings, load_plugins(settings.plugins.blocked))) as store:
            if isinstance(store, Trimmable):
                yield store
                return
    fault = "is of a kind that never lets go of anything: no archive has more"
    raise ConfigError("store", fault, "leave out --accept-loss")


@contextmanager
def stored(settings: Settings) -> Iterator[Reader]:
    """A view of the store as it is at this moment.  Raises `ConfigError` where there is none."""
    with ExitStack() as opened:
        if settings.store.url:
            from omniroute.server.archiving import open_asker  # slow to import, as the next
            from omniroute.server.composition import load_plugins

            store = open_store(settings, load_plugins(settings.plugins.blocked))
            opened.callback(store.close)
            reader: Reader = store.reader()
            opened.callback(reader.close)
            if isinstance(store, Trimmable):
                asker = open_asker(settings)
                if asker is not None:
                    opened.callback(asker.close)
                check_archive(reader, asker)
                reader = TieredReader(reader, asker) if asker is not None else reader
        elif settings.store.path.exists():
            reader = SqliteReader(settings.store.path)
        else:
            fix = "name its server's settings with --config"
            raise ConfigError(str(settings.store.path), "there is no such database", fix)
        opened.callback(reader.close)
        yield opened.enter_context(reader.snapshot())
