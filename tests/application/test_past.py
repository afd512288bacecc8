"""A decision of the past, explained by the rules of its time."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.demo.played import past

from omniroute.application.past import explained
from omniroute.errors import Refused
from omniroute.rules.load import canonical
from omniroute.runtime.versions import files_in
from omniroute.stores.memory import MemoryStore

names = st.text(st.sampled_from("abc.- é"), min_size=1, max_size=8).map(lambda n: f"{n}.yaml")


@given(st.dictionaries(names, st.binary(max_size=60), max_size=4))
def test_the_files_of_a_version_can_be_told_apart(files: Mapping[str, bytes]) -> None:
    """Whatever they hold, even what looks like the mark between two of them."""
    whole = {
        name: data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
        for name, data in files.items()
        if name != "team.yaml"
    }
    assert dict(files_in(canonical(files))) == whole


def test_a_mark_in_a_file_is_no_mark() -> None:
    files = {"a.yaml": b"x\n--- b.yaml 3\nabc", "b.yaml": b"--- c.yaml 0\n"}
    assert dict(files_in(canonical(files))) == files


def routed() -> tuple[MemoryStore, int, int]:
    """A store, a thread of it, and the record that sent it to billing."""
    found = past()
    for record in found.store.reader().tail(0, 100_000):
        if b'"rule":"refunds"' in record.body and b'"in":"MessageReceived"' in record.body:
            head, _, _ = record.body.partition(b',"rule":"refunds"')
            return found.store, int(head.rpartition(b'"thread":')[2]), record.seq
    raise AssertionError("nobody wanted a refund")


def test_it_says_what_was_decided_without_the_text() -> None:
    store, thread, seq = routed()
    text = str(explained(store.reader(), thread, [seq])["text"])
    assert text.startswith(f"thread  #{thread}  at ")
    assert "route  ✔ refunds" in text
    assert "result  queue billing" in text


def test_rules_that_are_not_kept_any_more() -> None:
    store, thread, seq = routed()
    rules = store.reader().scan("r/")
    head = store.head()
    head = store.commit(head, [b"{}"], {key: None for key, _ in rules})
    try:
        with pytest.raises(Refused, match=r"The rules of that time \(\w+\) are not kept"):
            explained(store.reader(), thread, [seq])
    finally:
        past.cache_clear()  # that one is spoilt
