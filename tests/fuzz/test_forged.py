"""No lock opens for what is forged; `make fuzz FUZZ_ARGS="--forged 1000000"` tries a million."""

from tests.fuzz.forged import LOCKS, try_forged


def test_nobody_is_let_in_by_what_is_forged() -> None:
    shown, opened = try_forged(3_000, 4812)
    assert opened == []
    assert set(shown) == set(LOCKS)
