"""The archive beside a running server: opened as the settings name it, filled by a thread."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from omniroute.errors import ConfigError, StoreError
from omniroute.runtime.archiver import Archiver
from omniroute.runtime.clock import Clock
from omniroute.runtime.refilling import refill
from omniroute.runtime.trimming import Trimming, homes_in
from omniroute.server.settings import Settings, check_readable
from omniroute.stores.api import Head, Reader, Store, Unavailable
from omniroute.stores.archive import Archive, Asker, Behind, Forked, Gap
from omniroute.stores.archive_sqlite import SqliteArchive, SqliteAsker
from omniroute.stores.tiered import TRIMMED, TieredStore, Trimmable, beginning

log = logging.getLogger(__name__)

PAUSE: Final = 5.0  # seconds until the next attempt where the archive or the store fails
PLACE: Final = "store.archive"


class ArchiveStatus(NamedTuple):
    """How far the archive is."""

    at: int  # the number of the last record it has
    fault: str = ""  # why it does not go on


def open_archive(settings: Settings) -> Archive | None:
    """The archive to fill.  Raises `ConfigError` or `StoreError`."""
    url = settings.store.archive.reveal()
    if not url:
        return None
    if "://" in url:
        return _postgres(url)
    if Path(url).resolve() == settings.store.path.resolve():
        fix = "name another file"
        raise ConfigError(PLACE, "is the desk's own database", fix)
    return SqliteArchive(Path(url))


def open_asker(settings: Settings) -> Asker | None:
    """The archive to be asked, beside a server that fills it or without one."""
    url = settings.store.archive.reveal()
    if not url:
        return None
    if "://" not in url:
        return SqliteAsker(Path(url))
    archive = _postgres(url)
    try:
        return archive.asker()
    finally:
        archive.close()


def _postgres(url: str) -> Archive:
    check_readable(PLACE, url)
    if url.partition("://")[0] not in ("postgresql", "postgres"):
        raise ConfigError(PLACE, "is neither a file nor postgresql://…", "name one of the two")
    try:
        driver = importlib.import_module("omniroute.stores.archive_postgres")
    except ModuleNotFoundError as error:
        fix = "pip install omniroute[postgres]"
        raise ConfigError(PLACE, f"{error.name} is not installed", fix) from None
    archive: Archive = driver.PostgresArchive(url)
    return archive


def make_whole(store: Store, archive: Archive) -> bool:
    """Give *store* what it has lost and *archive* has, before anything is decided.

    Where both have gone on apart, or the archive lacks what came before, it is false, and the desk
    works without it: the archiving says so until somebody sees to it.  Raises `StoreError` where
    one is away.
    """
    asker = archive.asker()
    try:
        refill(store, asker, behind=isinstance(store, Trimmable))
        return True
    except (Forked, Gap) as error:
        log.error("archive: %s", error)
        return False
    finally:
        asker.close()


def relies_on_archive(store: Store) -> bool:
    """Whether the store has let go of something: then it is read with the archive, come what may.

    One that has not is read without an archive that went on in another journal, for what that
    alone has was never decided here.
    """
    with closing(store.reader()) as reader:
        return TRIMMED in reader.get([TRIMMED])


def keep_behind(
    store: Store, archive: Archive, clock: Clock, hours: float
) -> tuple[Store, Trimming | None]:
    """*store* with *archive* behind it, if it is one that lets go of what the archive has.

    And who sees to that, after so many *hours*.  Raises `Unavailable` where it is another archive
    than the one that the store relies on.
    """
    if not isinstance(store, Trimmable):
        return store, None
    asker = archive.asker()
    try:
        tiered = TieredStore(store, asker)
        with closing(store.reader()) as reader:
            if (begins := beginning(reader)).record > 1:
                log.warning("%s", begins)
    except BaseException:
        asker.close()
        raise
    keep = int(hours * 3_600_000)
    return tiered, Trimming(store.reader(), asker, homes_in(asker), clock, keep)


def has_been(settings: Settings) -> Callable[[Head], bool]:
    """Asks the archive whether it has a record; it is opened for each question."""

    def asked(at: Head) -> bool:
        try:
            asker = open_asker(settings)
        except ConfigError as error:
            raise Unavailable(PLACE, str(error)) from error
        if asker is None:
            return False
        with closing(asker):
            return [record[:2] for record in asker.tail(at[0] - 1, 1)] == [at]

    return asked


class Archiving:
    """Fills *archive* from *source* in a thread, from `start` to `stop`; both are its own then."""

    def __init__(
        self,
        archive: Archive,
        source: Reader,
        on_loss: Callable[[StoreError], None] = lambda error: None,
        pause: float = PAUSE,
    ) -> None:
        """*on_loss* hears, in the thread, that the store has lost records that the archive has."""
        self._archive, self._source, self._on_loss, self._pause = archive, source, on_loss, pause
        self._archiver: Archiver | None = None
        self._bell, self._end = threading.Event(), threading.Event()
        self._head = archive.head()
        self._status = ArchiveStatus(self._head[0])
        self._thread = threading.Thread(target=self._run, name="archive", daemon=True)

    @property
    def head(self) -> Head:
        """The last record that it has; from any thread."""
        return self._head

    @property
    def status(self) -> ArchiveStatus:
        """How far it is; from any thread."""
        return self._status

    def start(self) -> None:
        """Begin to follow the journal."""
        self._thread.start()
        self.wake()

    def wake(self) -> None:
        """There may be something new; from any thread."""
        self._bell.set()

    def stop(self) -> None:
        """End with the batch in hand, and close; what is left is copied after the next start."""
        self._end.set()
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._archiver is not None:
            self._archiver.close()
        self._source.close()
        self._archive.close()

    def _run(self) -> None:
        while not self._end.is_set():
            self._bell.wait()
            self._bell.clear()
            try:
                self._drain()
            except StoreError as error:
                self._failed(error)

    def _drain(self) -> None:
        archiver = self._archiver = self._archiver or Archiver(self._archive, self._source)
        while not self._end.is_set() and archiver.step():
            self._at(archiver.at)
        if self._status.fault:
            log.info("archive: follows the journal again")
        self._at(archiver.at)

    def _at(self, head: Head) -> None:
        self._head, self._status = head, ArchiveStatus(head[0])

    def _failed(self, error: StoreError) -> None:
        fault = str(error)
        if fault != self._status.fault:
            log.error("archive: %s", fault)
        self._status = self._status._replace(fault=fault)
        if isinstance(error, Behind):
            self._on_loss(error)
        self._end.wait(self._pause)
        self._bell.set()
