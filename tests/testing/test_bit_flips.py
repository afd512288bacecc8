"""Whatever bit of a desk's database is flipped, `verify` finds it, or nobody reads it (F18)."""

import random
from pathlib import Path

import pytest

from omniroute.runtime.verify import verify
from omniroute.stores.sqlite import SqliteReader
from omniroute.testing.bit_flips import Flips, database, flip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    path = tmp_path_factory.mktemp("flips") / "desk.db"
    return path, database(path, 10, 5)


def test_no_bit_is_flipped_in_silence(desk: tuple[Path, int]) -> None:
    path, bits = desk
    before, chance = path.read_bytes(), random.Random(18)
    flips = flip(path, [chance.randrange(bits) for _ in range(60)])
    assert flips.missed == []
    assert flips.found > flips.harmless > 0
    assert path.read_bytes() == before


def test_what_the_file_says_of_itself_is_found_whatever_it_says_then(
    desk: tuple[Path, int],
) -> None:
    path, _ = desk
    first = path.read_bytes()[:4096]
    words = [first.index(word) for word in (b"CREATE TABLE kv", b"head(", b"journal(seq")]
    bits = [8 * place + bit for place in words for bit in (0, 7)]  # the last makes it no UTF-8
    assert flip(path, bits) == Flips(found=len(bits))


def test_a_bit_of_what_somebody_said_is_found_though_no_record_has_it(
    desk: tuple[Path, int],
) -> None:
    path, _ = desk
    place = 8 * path.read_bytes().index(b"I hope that somebody")
    assert flip(path, [place]) == Flips(found=1)
    assert verify(SqliteReader(path)).ok
