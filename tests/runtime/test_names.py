"""A customer's name stays, whatever later messages leave out."""

import msgspec

from omniroute.channel import Address
from omniroute.runtime.names import Names
from omniroute.runtime.rows import Reached
from omniroute.stores.api import GENESIS
from omniroute.stores.memory import MemoryStore

JOE = Address("email", "joe@mail.example", verified=True, display="Joe Miller")
NAMELESS = Address("email", "joe@mail.example", verified=True)


def name(row: bytes) -> str:
    return msgspec.json.decode(row, type=Reached).display


def test_a_nameless_mail_leaves_the_name_that_was_given_before_it_is_committed() -> None:
    names = Names(MemoryStore().reader())
    assert name(names.row("h", JOE)) == "Joe Miller"
    assert name(names.row("h", NAMELESS)) == "Joe Miller"


def test_a_name_outlives_the_process() -> None:
    store = MemoryStore()
    store.commit(GENESIS, [b"r"], {"p/h": Names(store.reader()).row("h", JOE)})
    assert name(Names(store.reader()).row("h", NAMELESS)) == "Joe Miller"


def test_a_new_name_replaces_the_old() -> None:
    names = Names(MemoryStore().reader())
    names.row("h", JOE)
    married = Address("email", "joe@mail.example", verified=True, display="Joe Weiss")
    assert name(names.row("h", married)) == "Joe Weiss"
    assert name(names.row("h", NAMELESS)) == "Joe Weiss"


def test_whoever_never_gave_a_name_has_none() -> None:
    assert name(Names(MemoryStore().reader()).row("h", NAMELESS)) == ""


def test_an_answer_goes_to_the_form_that_the_platform_gave() -> None:
    """Of two forms of one address hearsay replaces none that somebody wrote from."""
    names = Names(MemoryStore().reader())
    wrote = Address("phone", "+551187654321", verified=True)
    told = Address("phone", "+5511987654321", verified=True, display="Joe Miller")
    names.row("h", wrote)
    row = msgspec.json.decode(names.row("h", told, wrote=False), type=Reached)
    assert (row.value, row.display) == ("+551187654321", "Joe Miller")
    again = msgspec.json.decode(names.row("h", told), type=Reached)
    assert again.value == "+5511987654321"
