"""What the journal of a desk at work gives away: no word, no name, no address."""

from pathlib import Path

from omniroute.demo.desk import Demo
from omniroute.demo.script import MATTERS
from omniroute.stores.sqlite import SqliteReader


def test_no_text_name_or_address_is_in_the_journal(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    Demo(folder, 0, 0).prepare(lambda done, total: None)
    reader = SqliteReader(folder / "omniroute.db")
    private = {row.decode() for _, row in reader.scan("p/", limit=10_000)}
    names = {name for row in private for name in ("Miller", "Okafor", "Hartmann") if name in row}
    assert names, "the desk has customers"
    journal = b"\n".join(record.body for record in reader.tail(0, 100_000)).decode()
    reader.close()

    assert len(journal) > 100_000
    assert "@" not in journal
    for name in ("Miller", "Okafor", "Hartmann", "miller", "Ana Ruiz"):
        assert name not in journal
    for matters in MATTERS.values():
        for matter in matters:
            for text in (matter.subject, matter.asks, matter.answer, matter.thanks):
                assert text[:25] not in journal
