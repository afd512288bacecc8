from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.charset import ENCODINGS, clean, decoded, encoded, one_line


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Grüße", "utf-8"),
        ("Grüße", "ISO-8859-1"),
        ("5 € “now”", "iso-8859-1"),  # what programs that say so mean is windows-1252
        ("5 €", "iso-8859-15"),
        ("žluťoučký", '"iso-8859-2"'),
        ("привет", "koi8-r"),
        ("привет", "windows-1251"),
        ("今日は", "iso-2022-jp"),
        ("今日は", "Shift_JIS"),
        ("今日は", "x-sjis"),
        ("你好", "gb2312"),
        ("你好", "x-gbk"),
        ("안녕", "ks_c_5601-1987"),
        ("Grüße", "utf-7"),
        ("Grüße", "utf-16"),
        ("Grüße", "macintosh"),
    ],
)
def test_known_labels(text: str, label: str) -> None:
    assert decoded(encoded(text, label), label) == (text, "")


@pytest.mark.parametrize("label", ["", "us-ascii", "utf-8", "big5", "iso-8859-1", "windows-1252"])
def test_utf8_is_found_behind_a_wrong_label(label: str) -> None:
    assert decoded("Grüße, 你好".encode(), label) == ("Grüße, 你好", "")


def test_one_pair_of_bytes_does_not_make_western_text_utf8() -> None:
    assert decoded("Viel Spaß…".encode("cp1252"), "iso-8859-1") == ("Viel Spaß…", "")
    assert decoded("Viel Spaß".encode(), "iso-8859-1")[0] == "Viel SpaÃŸ"  # as it is labelled
    assert decoded("5 €".encode(), "iso-8859-1") == ("5 €", "")  # three bytes are no chance


@pytest.mark.parametrize(
    "label",
    ["klingon-1", "zip", "rot13", "idna", "punycode", "unicode_escape", "os", "utf-8\0", "x" * 200],
)
def test_labels_that_are_none_are_named_and_not_run(label: str) -> None:
    text, remark = decoded("Grüße".encode(), label)
    assert text == "Grüße"
    assert remark.startswith("unknown charset “")
    assert len(remark) < 80


def test_bytes_that_are_not_what_they_say_are_shown_as_far_as_they_are() -> None:
    text, remark = decoded(b"Gr\xfc\xdfe \xff", "utf-16")
    assert "\ufffd" in text
    assert remark == "bytes that are not utf-16"
    assert decoded(b"Gr\xfc\xdfe", "") == ("Grüße", "")


def test_text_is_clean() -> None:
    dirty = "a\0b\x1b[31mc\x9bd\ufeffe\r\nf\rg\ud800h\tj\u2028k"
    assert clean(dirty) == "ab[31mcde\nf\ng\ufffdh\tj\nk"


def test_a_line_is_one_line_and_reads_as_it_stands() -> None:
    assert one_line(" a\r\n b\tc\u202ed\u2066 \0", 100) == "a b cd"
    assert one_line("x" * 1000, 10) == "x" * 10


@given(st.binary(), st.sampled_from(sorted(ENCODINGS)) | st.text())
def test_any_bytes_become_clean_text(data: bytes, label: str) -> None:
    text, remark = decoded(data, label)
    text.encode()
    assert not set(text) & {"\0", "\x1b", "\r", "\x7f", "\ufeff"}
    assert "\n" not in remark
