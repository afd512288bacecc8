"""A commit without an answer is settled by the head."""

import math

import pytest

from omniroute.stores.api import GENESIS, Head, InDoubt, Moved, Unavailable, chained
from omniroute.stores.doubt import PATIENCE, settle

AT = GENESIS
TO: Head = chained(AT, [b"ours"])[0][:2]
OTHER: Head = chained(AT, [b"another's"])[0][:2]
DOUBT = InDoubt("db.example", "the line broke", "ask for the head")


class Away:
    """A server that answers at the nth question only."""

    def __init__(self, nth: int, head: Head) -> None:
        self.left, self.head, self.slept = nth, head, 0.0
        self.needed = math.inf  # seconds until nobody needs to know

    def ask(self) -> Head:
        self.left -= 1
        if self.left > 0:
            raise Unavailable("db.example", "it is away")
        return self.head

    def wait(self, seconds: float) -> bool:
        self.slept += seconds
        return self.slept > self.needed


def settled(server: Away) -> Head:
    return settle(DOUBT, server.ask, AT, TO, server.wait)


def test_it_had_happened() -> None:
    assert settled(Away(1, TO)) == TO


def test_it_had_happened_and_the_server_says_so_when_it_is_back() -> None:
    server = Away(5, TO)
    assert settled(server) == TO
    assert 0 < server.slept < PATIENCE


@pytest.mark.parametrize(
    ("server", "error", "said"),
    [
        (Away(1, AT), Unavailable, "db.example: the line broke; nothing was written"),
        (Away(1, OTHER), Moved, "the head has moved"),
        (Away(1_000_000, TO), InDoubt, "db.example: the line broke — ask for the head"),
    ],
)
def test_or_not(server: Away, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        settled(server)


def test_an_outage_is_waited_for() -> None:
    server = Away(700, TO)
    assert settled(server) == TO
    assert server.slept > 600


def test_whoever_stops_waits_no_more() -> None:
    server = Away(700, TO)
    server.needed = 5.0
    with pytest.raises(InDoubt):
        settled(server)
    assert server.slept < 10


def test_a_server_that_does_not_come_back_is_waited_for_only_so_long() -> None:
    server = Away(1_000_000, TO)
    with pytest.raises(InDoubt):
        settled(server)
    assert PATIENCE <= server.slept < PATIENCE + 1
