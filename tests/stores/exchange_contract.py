"""What every exchange must do; a driver's tests subclass `ExchangeContract`."""

from __future__ import annotations

from omniroute.stores.api import GENESIS
from omniroute.stores.exchange import Exchange, Parcel


def parcel(id: int, node: str = "one", raw: bytes = b"\x00hello") -> Parcel:
    return Parcel(node, id, "email", "help", f"key {id}", 1_772_442_900_000, raw)


class ExchangeContract:
    """The suite; `exchange` is an empty one."""

    def test_the_lease_is_one_node_s_until_it_gives_it_up(self, exchange: Exchange) -> None:
        assert exchange.lease("one", 60) == "one"
        assert exchange.lease("two", 60) == "one"
        assert exchange.lease("one", 60) == "one"
        exchange.release("two")
        assert exchange.lease("two", 60) == "one"
        exchange.release("one")
        assert exchange.lease("two", 60) == "two"

    def test_a_lease_runs_out(self, exchange: Exchange) -> None:
        assert exchange.lease("one", 0.001) == "one"
        while exchange.lease("two", 60) != "two":
            pass

    def test_what_is_handed_over_comes_as_it_was_and_in_order(self, exchange: Exchange) -> None:
        exchange.hand([parcel(1), parcel(2)])
        exchange.hand([parcel(1, "two", b"")])
        found = exchange.handed(())
        assert found == [parcel(1), parcel(2), parcel(1, "two", b"")]
        assert exchange.waiting() == 3
        assert exchange.handed((), limit=1) == [parcel(1)]
        assert exchange.handed([("one", 1), ("two", 1)]) == [parcel(2)]

    def test_what_is_there_is_not_handed_over_twice(self, exchange: Exchange) -> None:
        exchange.hand([parcel(1)])
        exchange.hand([parcel(1, raw=b"other"), parcel(2)])
        assert exchange.handed(()) == [parcel(1), parcel(2)]

    def test_its_node_hears_how_it_ended(self, exchange: Exchange) -> None:
        exchange.hand([parcel(1), parcel(2), parcel(3), parcel(1, "two")])
        exchange.settle({("one", 1): "", ("one", 2): "no such channel", ("two", 1): ""})
        assert exchange.hear("one").outcomes == {1: "", 2: "no such channel"}
        assert exchange.handed(()) == [parcel(3)]
        exchange.hand([parcel(1)])  # again, before it has heard
        assert exchange.handed(()) == [parcel(3)]
        exchange.clear("one", [1, 2])
        assert exchange.hear("one").outcomes == {}
        assert exchange.hear("two").outcomes == {1: ""}
        assert exchange.waiting() == 1

    def test_a_record_that_the_journal_does_not_have_is_missed(self, exchange: Exchange) -> None:
        """Whoever knows of it hears so; nothing that was decided there is said to be over."""
        known = (3, b"x" * 16)
        exchange.hand([parcel(1)])
        assert exchange.hear("one") == exchange.hear("one", GENESIS)
        assert exchange.hear("one")[:3] == (GENESIS, True, {})
        assert exchange.hear("one", known)[:3] == (GENESIS, False, {})
        if exchange.horizon:
            assert not exchange.settle({("one", 1): ""}, known)
            assert exchange.hear("one").outcomes == {}

    def test_nodes_testify_of_what_may_be_missing(self, exchange: Exchange) -> None:
        """Where nothing is ever missing, nobody is asked."""
        began = exchange.begin(5, GENESIS, 3)
        if not exchange.horizon:
            assert began == (0, 0)
            assert not exchange.testify("one", 0, GENESIS, b"what")
            assert exchange.testimonies(0) == {}
            return
        assert began == exchange.begin(9, GENESIS, 7) == (5, 3)
        assert exchange.begin(9, (3, b"x" * 16), 7) is None
        assert exchange.testify("one", 5, GENESIS, b"\x00first")
        assert exchange.testify("one", 5, GENESIS, b"\x00what")
        assert not exchange.testify("two", 4, GENESIS, b"of an earlier loss")
        assert not exchange.testify("two", 5, (3, b"x" * 16), b"of a journal that is lost")
        assert exchange.testimonies(5) == {"one": b"\x00what"}
        assert exchange.testimonies(4) == {}
        heard = exchange.hear("one")
        assert heard.began == (5, 3)
        assert heard.nodes == {"one"}
        assert exchange.hear("two").nodes == {"one", "two"}

    def test_what_is_gone_has_no_outcome(self, exchange: Exchange) -> None:
        exchange.hand([parcel(1), parcel(1, "two")])
        exchange.clear("one")
        exchange.settle({("one", 1): ""})
        assert exchange.hear("one").outcomes == {}
        assert exchange.handed(()) == [parcel(1, "two")]

    def test_who_is_there_says_so_for_a_while(self, exchange: Exchange) -> None:
        exchange.report("one", b"{}", 60)
        exchange.report("two", b"{}", 0.001)
        exchange.report("one", b'{"a": 1}', 60)
        while "two" in exchange.reports():
            pass
        assert exchange.reports() == {"one": b'{"a": 1}'}
        exchange.close()

    def test_the_first_one_s_word_holds(self, exchange: Exchange) -> None:
        assert exchange.agree("key", b"one") == b"one"
        assert exchange.agree("key", b"two") == b"one"
        assert exchange.agree("other", b"two") == b"two"

    def test_a_moment_before_the_first_word_nothing_is_there(self, exchange: Exchange) -> None:
        assert (exchange.handed(()), exchange.hear("one").outcomes, exchange.reports()) == (
            [],
            {},
            {},
        )
        exchange.hand([])
        exchange.settle({})
        exchange.clear("one", [])
        assert exchange.waiting() == 0
