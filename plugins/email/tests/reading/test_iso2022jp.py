from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from omniroute_email.reading.iso2022jp import from_iso2022_jp


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x1b$B-!\x1b(B order", "① order"),
        (b"\x1b$B%F%9%H\x1b(B", "テスト"),
        (b"\x1b$@4A;z\x1b(J yes", "漢字 yes"),
        (b"\x1b(I1\x1b(B", "ｱ"),
        (b"\x1b$B%F\n%9", "テ\nス"),
        (b"plain", "plain"),
        (b"", ""),
    ],
)
def test_what_it_means(data: bytes, text: str) -> None:
    assert from_iso2022_jp(data) == text


@given(st.text(st.sampled_from("テスト漢字かなABC \n")))
def test_as_python_knows_it(text: str) -> None:
    assert from_iso2022_jp(text.encode("iso2022_jp")) == text


@given(st.lists(st.sampled_from([b"\x1b$B", b"\x1b(I", b"\x1b(B", b"\x1b$(D"]) | st.binary()))
@example([b"\x1b(I", b"`"])
def test_any_bytes_are_read(pieces: list[bytes]) -> None:
    from_iso2022_jp(b"".join(pieces)).encode()
