"""A store that has lost records is made whole from the archive, or it is said why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest
from tests.runtime.archive_contract import asking, kept, parted, past, rows_of

from omniroute.core.effects import Deliver
from omniroute.runtime.archiver import Archiver
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.loading import load
from omniroute.runtime.record import decode, encode
from omniroute.runtime.refilling import refill
from omniroute.runtime.rows import MARK, Owed
from omniroute.runtime.upgrading import bring_forward
from omniroute.runtime.verify import verify
from omniroute.stores.api import GENESIS, Corrupt, Head, Record, Unavailable
from omniroute.stores.archive import Behind, Forked, Gap, compare
from omniroute.stores.archive_sqlite import SqliteArchive
from omniroute.stores.memory import MemoryStore


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteArchive]:
    """An archive of a few days."""
    archive = SqliteArchive(tmp_path_factory.mktemp("archive") / "archive.db")
    archiver = Archiver(archive, past().store.reader())
    while archiver.step():
        pass
    archiver.close()
    yield archive
    archive.close()


def earlier(count: int) -> MemoryStore:
    """The desk's store as it was after so many records: what a failover left of it."""
    store, records = MemoryStore(), past().records()[:count]
    if records:
        known = {f"d/{decode(body).input.key}": b"{}" for body in records}
        sent = encode(Owed(1, 0, Deliver("sent-since", 1, "m", "h", "m")))
        since = {"b/erased-since": b"{}", "o/sent-since": sent}
        store.commit(GENESIS, records, {**since, **known})
    return store


@pytest.mark.parametrize("left", [0, 1, 200])
def test_what_was_lost_comes_back_as_it_was(archive: SqliteArchive, left: int) -> None:
    store, told = earlier(left), list[tuple[int, int]]()
    with asking(archive) as asker:
        lost = archive.head()[0] - left
        assert refill(store, asker, lambda done, of: told.append((done, of))) == lost
        assert refill(store, asker) == 0, "nothing is lost any more"
    assert store.head() == past().store.head()
    assert kept(rows_of(store.reader())) == kept(rows_of(past().store.reader()))
    assert verify(store.reader()).ok
    assert told[-1][0] == told[-1][1]
    every = {f"d/{decode(body).input.key}" for body in past().records()}
    assert set(dict(store.scan("d/", "", 100_000))) == every, "a repeat of an input is known"
    assert load(store).threads.keys() == past().state.threads.keys()


def test_a_store_that_is_half_made_is_nobodys_to_start_on(archive: SqliteArchive) -> None:
    store = FailsLater(2)
    with asking(archive) as asker:
        with pytest.raises(Unavailable):
            refill(store, asker, page=100)
        assert GENESIS[0] < store.head()[0] < archive.head()[0]
        with pytest.raises(Corrupt, match=r"is being made from an archive — start a node with"):
            bring_forward(store, SystemClock())
        assert refill(store, asker) > 0, "the next start goes on with it"
    assert MARK not in rows_of(store.reader())
    assert kept(rows_of(store.reader())) == kept(rows_of(past().store.reader()))


class FailsLater(MemoryStore):
    """A store that goes away after so many commits, once."""

    def __init__(self, commits: int) -> None:
        super().__init__()
        self._left = commits

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        self._left -= 1
        if self._left == -1:
            raise Unavailable("the store", "is away")
        return super().commit(at, records, puts)


def test_a_store_that_went_on_without_what_it_lost_is_left_alone(archive: SqliteArchive) -> None:
    store = earlier(200)
    store.commit(store.head(), [b"another"], {})
    with asking(archive) as asker:
        with pytest.raises(Forked) as forked:
            refill(store, asker)
        assert forked.value.common == 200
        assert "another than the archive's after record 200" in str(forked.value)
        longer = [b"another"] * archive.head()[0]
        store.commit(store.head(), longer, {})
        with pytest.raises(Forked) as later:
            compare(store.reader(), archive.head(), asker)
        assert later.value.common == 200


def test_an_archive_that_begins_too_late_says_so() -> None:
    whole = parted()
    with pytest.raises(Gap, match="begins at record 5, the archive ends at 0"):
        compare(CutOff(whole, 4).reader(), GENESIS)
    early = whole.tail(0, 2)[-1]
    with pytest.raises(Gap, match="begins at record 5, the archive ends at 2"):
        compare(CutOff(whole, 4).reader(), (2, early.hash))
    with pytest.raises(Behind, match="the store has lost records 1 to 2, which the archive has"):
        compare(MemoryStore().reader(), (2, early.hash))
    for count in (4, 5, whole.head()[0]):
        compare(CutOff(whole, 4).reader(), (count, whole.tail(count - 1, 1)[0].hash))


class CutOff(MemoryStore):
    """A store whose first records were taken away."""

    def __init__(self, whole: MemoryStore, cut: int) -> None:
        super().__init__()
        vars(self).update(vars(whole.copy()))
        self._cut = cut

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        return super().tail(max(after, self._cut), limit)
