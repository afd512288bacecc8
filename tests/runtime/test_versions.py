"""Rule sets that are kept, and what was done with them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from omniroute.errors import Refused
from omniroute.rules.load import canonical, parse_rules
from omniroute.runtime import versions
from omniroute.runtime.record import encode
from omniroute.runtime.rows import RulesAct
from omniroute.stores.api import GENESIS, Reader
from omniroute.stores.memory import MemoryStore

FILES = {"rules.yaml": b"version: 1\nqueues: {general: {}}\ndefaults: {queue: general}\n"}


def reader(acts: Sequence[RulesAct], **sources: bytes) -> Reader:
    store = MemoryStore()
    rows: dict[str, bytes | None] = {act.row: encode(act) for act in acts}
    rows |= {f"r/{version}": data for version, data in sources.items()}
    store.commit(GENESIS, [b"{}"], rows)
    return store.reader()


def act(at: int, version: str, how: str) -> RulesAct:
    return RulesAct(at, version, how)


def test_acts_come_back_in_the_order_of_time() -> None:
    done = [act(2, "b", "live"), act(10, "a", "rollback"), act(1, "a", "start")]
    assert [a.at for a in versions.acts(reader(done))] == [1, 2, 10]


@pytest.mark.parametrize(
    ("done", "live", "before"),
    [
        ([("a", "start"), ("b", "live")], "b", "a"),
        ([("a", "start"), ("b", "reload"), ("b", "live")], "b", "a"),
        ([("a", "start"), ("b", "shadow")], "a", ""),
        ([("a", "start"), ("b", "live"), ("a", "rollback")], "a", "b"),
        ([("a", "start"), ("b", "live"), ("c", "live"), ("b", "rollback")], "b", "c"),
        ([], "a", ""),
    ],
)
def test_the_version_before(done: list[tuple[str, str]], live: str, before: str) -> None:
    acts = [act(at, version, how) for at, (version, how) in enumerate(done)]
    assert versions.before(acts, live) == before


def test_the_version_before_is_known_though_nobody_noted_it_then() -> None:
    first = RulesAct(1, "b", "live", replaced="a")
    assert versions.before([first], "b") == "a"


def test_what_a_start_goes_by_is_what_decided_last() -> None:
    done = [act(1, "a", "start"), act(2, "b", "live"), act(3, "c", "canary")]
    last = versions.last_deciding(done)
    assert last is not None
    assert last.version == "b"
    assert versions.last_deciding([]) is None


def test_a_version_is_meant_by_its_first_letters() -> None:
    kept = reader([], abcd1=b"", abcd2=b"", beef3=b"")
    assert versions.meant(kept, "beef") == "beef3"
    assert versions.meant(kept, "abcd1") == "abcd1"
    with pytest.raises(Refused, match="abcd may be abcd1 or abcd2"):
        versions.meant(kept, "abcd")
    with pytest.raises(Refused, match="There are no rules of version b"):
        versions.meant(kept, "b")
    with pytest.raises(Refused, match="There are no rules of version cafe"):
        versions.meant(kept, "cafe")


def test_a_kept_version_is_what_it_was() -> None:
    kept = reader([], v1=canonical(FILES))
    rules, sources = versions.kept_rules(kept, "v1")
    assert rules.version == parse_rules(FILES).version
    assert sources == canonical(FILES)


def test_a_version_that_is_not_kept_or_cannot_be_read() -> None:
    kept = reader([], v1=canonical({"rules.yaml": b"versoin: 1\n"}))
    with pytest.raises(Refused) as gone:
        versions.kept_rules(kept, "v2")
    with pytest.raises(Refused) as broken:
        versions.kept_rules(kept, "v1")
    assert (gone.value.code, broken.value.code) == ("unknown_rules", "unreadable_rules")
    assert "rules.yaml:1" in str(broken.value)
