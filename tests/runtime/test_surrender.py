"""The archive of a store that had let go of much is lost for good, and open work goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.runtime.archive_contract import kept, rows_of
from tests.runtime.test_trimming import HOUR, Desk, naming, past, trimmed

from omniroute.application.views import Views
from omniroute.core.inputs import MessageReceived
from omniroute.errors import StoreError
from omniroute.runtime.loading import fold, load
from omniroute.runtime.record import decode, encode
from omniroute.runtime.refilling import refill
from omniroute.runtime.rows import MARK, Body
from omniroute.runtime.surrender import give_up, serves
from omniroute.runtime.upgrading import bring_forward, signed
from omniroute.runtime.verify import verify
from omniroute.runtime.writer import Writer
from omniroute.stores.api import GENESIS, Corrupt, Moved, Unavailable
from omniroute.stores.archive_sqlite import SqliteArchive, SqliteAsker
from omniroute.stores.memory import MemoryStore
from omniroute.stores.sqlite import SqliteStore
from omniroute.stores.tiered import COLD, Held, TieredReader, beginning, first_kept

TEXT = encode(Body("and what became of it?"))


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose store has let go of all that is closed; then its archive is emptied."""
    before = Desk(tmp_path)
    before.store.commit(before.store.head(), [naming("u/form")] * 3, dict(signed()))
    trimmed(before)
    before.store.commit(before.store.head(), [naming("b/x", at=before.clock.at)] * 2, {})
    before.archive.close()
    before.asker.close()
    (tmp_path / "archive.db").rename(tmp_path / "old.db")
    yield before
    before.trimming.close()
    before.store.close()


def again(lost: Desk) -> Desk:
    """The desk with an archive that was begun in the middle."""
    with closing(SqliteArchive(lost.folder / "archive.db")) as archive:
        give_up(lost.alone, archive, lost.clock.at)
    desk = Desk(lost.folder, lost.alone)
    desk.clock.at = lost.clock.at
    return desk


def test_what_is_lost_is_counted(lost: Desk) -> None:
    first = first_kept(lost.alone)
    opened, closed = (sum(1 for _ in past().scan(kind, "", 1000)) for kind in ("t/", "tc/"))
    with closing(SqliteArchive(lost.folder / "archive.db")) as archive:
        told = give_up(lost.alone, archive, 77)
        assert archive.head() == lost.alone.head()
        assert [record.seq for record in archive.tail(0, 10)] == [first, first + 1, first + 2]
    assert closed > 10
    assert load(past()).counters.next_thread == opened + closed + 1
    assert (told.record, told.threads, told.accepted) == (first, closed, 77)
    assert told.at == decode(lost.alone.tail(0, 1)[0].body).at
    assert decode(past().tail(0, 1)[0].body).at < told.since < told.at
    assert beginning(lost.alone.reader()) == told
    assert str(told) == (
        f"the journal begins at record {first}: the {first - 1} before it are lost,"
        f" and with them {closed} closed threads"
    )


def test_open_work_goes_on_and_is_archived_and_leaves_as_ever(lost: Desk) -> None:
    desk = again(lost)
    begins = first_kept(desk.alone)
    assert bring_forward(desk.store, desk.clock) == 0, "a node starts"
    before = kept(rows_of(desk.store.reader()))
    writer = Writer(desk.store, load(desk.store), desk.clock)
    assert set(writer.state.threads) == set(load(past()).threads)
    for record in past().tail(0, 100_000):  # every customer writes once more, of what is lost too
        match decode(record.body).input:
            case MessageReceived(key=key, message=message) as said:
                name = f"{message}-again"
                once_more = replace(said, key=f"{key}/again", message=name, rules="", facts={})
                writer.round([(lambda at, m=once_more: replace(m, at=at), {f"b/{name}": TEXT})])  # type: ignore[misc]
    assert desk.alone.head()[0] > begins + 10
    written = set(dict(desk.store.reader().scan("t/")))
    assert written > set(before) & written
    desk.clock.at += 400 * 24 * HOUR  # whatever is open falls due
    while writer.behind():
        writer.round([])
    trimmed(desk)
    assert first_kept(desk.alone) == desk.alone.head()[0]
    after = kept(rows_of(desk.store.reader()))
    assert before.keys() - after.keys() <= {key for key in before if key[:2] in ("t/", "o/")}
    verdict = verify(desk.store.reader())
    assert verdict.ok, verdict.faults
    assert (verdict.begins, verdict.records) == (begins, desk.alone.head()[0] - begins + 1)
    assert verdict.archived == verdict.records - 1
    assert desk.store.tail(0, 5) == desk.store.tail(begins - 1, 5)
    desk.close()


def test_a_store_that_is_lost_later_is_made_whole_from_there(lost: Desk) -> None:
    desk = again(lost)
    desk.store.commit(desk.store.head(), [naming("b/x")] * 3, {})
    trimmed(desk)
    empty = MemoryStore()
    refill(empty, desk.asker, behind=True)
    assert empty.head() == desk.alone.head()
    assert beginning(empty.reader()) == beginning(desk.alone.reader())
    assert not any(key.startswith(COLD) for key in rows_of(empty.reader()))
    both = TieredReader(empty.reader(), desk.asker)
    assert kept(rows_of(both)) == kept(rows_of(desk.store.reader()))
    assert verify(both).ok
    with (
        closing(SqliteStore(desk.folder / "other.db")) as other,
        pytest.raises(Unavailable, match="and this kind of store at the first"),
    ):
        refill(other, desk.asker)
    desk.close()


def test_damage_after_the_beginning_is_still_found(lost: Desk) -> None:
    desk = again(lost)
    desk.alone._journal[1] = desk.alone._journal[1]._replace(body=b"{}")
    fault = verify(desk.store.reader()).faults[0]
    assert str(fault).startswith(f"journal record {first_kept(desk.alone) + 1}: does not match")
    with pytest.raises(Corrupt, match="cannot be folded: the journal begins at record"):
        fold(desk.store.reader())
    desk.close()


def test_views_made_anew_begin_where_the_journal_does(lost: Desk, tmp_path: Path) -> None:
    desk = again(lost)
    views = Views(tmp_path / "views", desk.store.reader())
    views.catch_up()
    assert views.applied == desk.alone.head()[0]
    views.close()
    desk.close()


def test_an_archive_that_serves_is_told_from_one_that_does_not(lost: Desk, tmp_path: Path) -> None:
    SqliteArchive(tmp_path / "archive.db").close()
    reader = lost.alone.reader()
    with closing(SqliteAsker(tmp_path / "old.db")) as old:
        assert serves(reader, old)
    with closing(SqliteAsker(tmp_path / "archive.db")) as fresh:
        assert not serves(reader, fresh)
        with pytest.raises(Unavailable, match=r"`omniroute archive remake --accept-loss`"):
            lost.__class__(tmp_path, lost.alone)


def test_only_a_fresh_archive_is_begun(lost: Desk) -> None:
    with closing(SqliteArchive(lost.folder / "old.db")) as old, pytest.raises(Moved):
        give_up(lost.alone, old, 1)


def test_where_all_records_are_left_only_words_are_lost(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.store.commit(desk.store.head(), [naming("u/form")], dict(signed()))
    desk.copies()
    at = desk.archive.head()[0]
    gone = {key: row for kind in COLD for key, row in desk.alone.scan(kind, "", 1000)}
    assert desk.store.trim(desk.store.head(), Held(at, gone)) == len(gone)
    with closing(SqliteArchive(tmp_path / "another.db")) as archive:
        told = give_up(desk.alone, archive, 1)
        closed = sum(key.startswith("tc/") for key in gone)
        assert (told.record, told.threads) == (1, closed)
    with (
        closing(SqliteAsker(tmp_path / "another.db")) as asker,
        closing(TieredReader(desk.alone.reader(), asker)) as reader,
    ):
        assert sum(1 for _ in reader.scan("tc/", "", 1000)) == closed
        assert reader.scan("b/") == []
        assert verify(reader).ok
    desk.close()


@pytest.mark.parametrize(
    ("row", "value", "said"),
    [
        ("u/form", b"999", "another version has written it — do this with that version"),
        (MARK, b"1", "the store was being made from the archive — only a copy of the archive"),
    ],
)
def test_of_a_store_that_is_not_whole_or_not_ours_none_is_made(
    lost: Desk, row: str, value: bytes, said: str
) -> None:
    lost.alone.trim(lost.alone.head(), {}, 0, {row: value})
    with closing(SqliteArchive(lost.folder / "archive.db")) as archive:
        with pytest.raises(StoreError, match=said):
            give_up(lost.alone, archive, 1)
        assert archive.head() == GENESIS
    assert beginning(lost.alone.reader()).record == 1
