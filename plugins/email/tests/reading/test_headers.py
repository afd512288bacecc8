from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.headers import MAX_BLOCK, parameters, split, words


def fields(block: bytes) -> tuple[tuple[str, str], ...]:
    return split(block, 0, len(block))[0].fields


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_fields_are_unfolded_and_the_body_begins_after_the_blank_line(newline: bytes) -> None:
    block = newline.join([b"From: joe@x", b"SUBJECT : a", b"\tb", b"  c", b"", b"body"])
    headers, body = split(block, 0, len(block))
    assert headers.fields == (("from", " joe@x"), ("subject", " a\tb  c"))
    assert block[body:] == b"body"


@pytest.mark.parametrize(
    "block", [b"\r\nbody", b"\nbody", b"body", b"From: x\r\nbody", b"From x\nbody"]
)
def test_a_body_may_begin_early(block: bytes) -> None:
    assert block[split(block, 0, len(block))[1] :] == b"body"


def test_what_follows_a_line_that_is_no_field_is_none() -> None:
    block = b"From: joe@x\r\nthis is no field\r\nFrom: eve@x\r\n\r\nhi"
    headers, body = split(block, 0, len(block))
    assert headers.all("from") == [" joe@x"]
    assert block[body:].startswith(b"this is no field")


def test_the_line_of_a_mailbox_file_is_skipped() -> None:
    assert fields(b"From joe Mon Jan 1\nFrom: joe@x\n\n") == (("from", " joe@x"),)


def test_raw_bytes_are_taken_for_what_they_are() -> None:
    block = "Subject: Grüße\r\n".encode() + "X-Old: Grüße\r\n\r\n".encode("latin-1")
    assert fields(block) == (("subject", " Grüße"), ("x-old", " Grüße"))


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Type: text/plain; charset=iso-8859-2\r\n\r\nhi",
        (
            b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain;"
            b'\r\n charset="ISO-8859-2"\r\n\r\nhi\r\n--a--'
        ),
    ],
)
def test_raw_bytes_are_in_the_charset_of_the_text_below(rest: bytes) -> None:
    block = "Subject: Zażółć\r\n".encode("iso-8859-2") + rest
    assert fields(block)[0] == ("subject", " Zażółć")
    assert fields("Subject: Zażółć\r\n".encode() + rest)[0] == ("subject", " Zażółć")


def test_a_charset_below_that_cannot_be_right_is_not_believed() -> None:
    block = (
        "Subject: Grüße\r\n".encode("latin-1")
        + b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
    )
    assert fields(block)[0] == ("subject", " Grüße")


def test_a_header_without_end_is_read_up_to_the_limit() -> None:
    block = b"X-A: b\r\n" * 100_000
    headers, body = split(block, 0, len(block))
    assert len(headers.fields) <= MAX_BLOCK // 8 + 1
    assert body == len(block)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        ("Re: =?iso-8859-1?q?Gr=FC=DFe?= Joe", "Re: Grüße Joe"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=\t =?iso-8859-1?q?=FC?=", "abü"),
        ("=?utf-8?b?R3LD?= =?utf-8?b?vMOfZQ==?=", "Grüße"),  # a character cut in two
        ("=?utf-8*de?q?a_b?=", "a b"),
        ("=?utf-7?Q?Gr+APwA3w-e?=", "Grüße"),
        ("=?iso-8859-1?q?Grüße?=", "Grüße"),
        ("=?utf-8?q?why?_not?=", "why? not"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("=?klingon?q?abc?=", "abc"),
        ("=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        ("=?utf-8?q?", "=?utf-8?q?"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert words(value, 100) == text


@pytest.mark.parametrize(
    ("value", "main", "found"),
    [
        (
            'Text/PLAIN; Charset="UTF-8"; format=flowed',
            "text/plain",
            {"charset": "UTF-8", "format": "flowed"},
        ),
        ('multipart/mixed\tboundary="b"', "multipart/mixed", {"boundary": "b"}),
        ('a/b; name="a \\"b\\"; c.txt"', "a/b", {"name": 'a "b"; c.txt'}),
        ("a/b; name=my file.pdf ; x=y", "a/b", {"name": "my file.pdf", "x": "y"}),
        ("a/b; filename*=utf-8'de'Gr%C3%BC%C3%9Fe", "a/b", {"filename": "Grüße"}),
        ("a/b; filename*1*=%9Fe; filename*0*=utf-8''Gr%C3%BC%C3", "a/b", {"filename": "Grüße"}),
        ("a/b; filename*0=one; filename*1=two", "a/b", {"filename": "onetwo"}),
        ("a/b; name=plain; name*=utf-8''better", "a/b", {"name": "better"}),
        ('a/b; name="=?utf-8?q?Gr=C3=BC=C3=9Fe?="', "a/b", {"name": "Grüße"}),
        ("a/b; x=1; x=2", "a/b", {"x": "1"}),
        ("a/b; name*99999999999999999999*=x", "a/b", {}),
        ('; filename="x"', "", {"filename": "x"}),
        ("", "", {}),
    ],
)
def test_parameters(value: str, main: str, found: dict[str, str]) -> None:
    assert parameters(value) == (main, found)


@given(st.binary(), st.text() | st.text(st.sampled_from("=?qbQB utf-8*;\"\\'%0 ")))
def test_nothing_raises(block: bytes, value: str) -> None:
    headers, body = split(block, 0, len(block))
    assert 0 <= body <= len(block)
    assert all(name == name.lower() and "\n" not in text for name, text in headers.fields)
    assert "\n" not in words(value, 100)
    parameters(value)
