"""Inputs that were right once: cut, doubled, mixed up and with foreign pieces put in."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

Json = Any

PIECES = [
    b"\0", b"\r", b"\n", b"\r\n\r\n", b"\t", b" ", b'"', b"'", b"\\", b":", b";", b",", b"=", b"?",
    b"<", b">", b"(", b")", b"[", b"]", b"{", b"}", b"#", b"&", b"*", b"%", b"--", b"=?", b"?=",
    b"\x1b$B", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xf0\x9f\x8e\x89", b"\xc3", b"\x80",
    b"0", b"-1", b"9" * 30, b"1e999", b"NaN", b"null", b"a" * 300, b"(" * 200, b"[" * 200,
    b"<b>" * 60, b"> " * 60, b"\n" * 60,
]  # fmt: skip
TEXTS = ["", "\0", "\u202e", "\ufeff", "🎉", "a" * 5000, "-1", "<script>", "=?utf-8?q?=00?=", "@"]
NUMBERS = [0, -1, 1, 2**31, 2**53, 2**63, -(2**63), 10**30, 1.5, 1e308, -0.0]

leaves = st.one_of(
    st.none(), st.booleans(), st.sampled_from(NUMBERS), st.sampled_from(TEXTS), st.text(max_size=20)
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def octets(draw: st.DrawFn, seeds: Sequence[bytes], pieces: Sequence[bytes] = ()) -> bytes:
    """One of *seeds* with up to eight changes; *pieces* are what this language is made of."""
    made = draw(st.sampled_from(seeds))
    foreign = st.one_of(st.sampled_from([*PIECES, *pieces]), st.binary(max_size=8))
    for _ in range(draw(st.integers(0, 8))):
        at, size = draw(st.integers(0, len(made))), draw(st.integers(0, 40))
        match draw(st.integers(0, 3)):
            case 0:
                made = made[:at] + draw(foreign) + made[at:]
            case 1:
                made = made[:at] + made[at + size :]
            case 2:
                made = made[:at] + draw(foreign) + made[at + size :]
            case _:
                to = draw(st.integers(0, len(made)))
                made = made[:to] + made[at : at + size] + made[to:]
    return made


def texts(seeds: Sequence[str], pieces: Sequence[str] = ()) -> st.SearchStrategy[str]:
    """The same of text; what is no UTF-8 any more is replaced."""
    changed = octets([seed.encode() for seed in seeds], [piece.encode() for piece in pieces])
    return changed.map(lambda data: data.decode("utf-8", "replace"))


@st.composite
def payloads(draw: st.DrawFn, seeds: Sequence[Json]) -> Json:
    """One of *seeds*, JSON, with up to four of its values made others, dropped or doubled."""
    made = copy.deepcopy(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        spots = list(_spots(made))
        if not spots:
            break
        holder, key = spots[draw(st.integers(0, len(spots) - 1))]
        match draw(st.integers(0, 3)):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(holder[key]))
            case 2:
                other, name = spots[draw(st.integers(0, len(spots) - 1))]
                holder[key] = copy.deepcopy(other[name])
            case _:
                holder[key] = draw(values)
    return made


def _spots(value: Json) -> Sequence[tuple[Any, Any]]:
    """Everywhere that a value stands: what holds it, and under which key."""
    found: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        holder = pending.pop()
        keys: Sequence[Any] = ()
        if isinstance(holder, dict):
            keys = list(holder)
        elif isinstance(holder, list):
            keys = range(len(holder))
        found += [(holder, key) for key in keys]
        pending += [holder[key] for key in keys]
    return found
