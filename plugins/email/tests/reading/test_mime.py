from __future__ import annotations

from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.mime import MAX_DEPTH, MAX_PARTS, Part, read_parts


def leaves(part: Part) -> list[tuple[str, bytes]]:
    if part.children:
        return [leaf for child in part.children for leaf in leaves(child)]
    return [(part.media_type, part.content()[0])]


def multipart(*parts: bytes, kind: bytes = b"mixed", end: bytes = b"--b--\r\n") -> bytes:
    head = b"Content-Type: multipart/%b; boundary=b\r\n\r\n" % kind
    return head + b"".join(b"--b\r\n%b\r\n" % part for part in parts) + end


def test_parts_are_found_with_their_exact_bytes() -> None:
    message = multipart(
        b"Content-Type: text/plain\r\n\r\none\r\n", b"\r\ntwo", b"Content-Type: a/b\r\n\r\n"
    )
    root, remarks = read_parts(message)
    assert leaves(root) == [("text/plain", b"one\r\n"), ("text/plain", b"two"), ("a/b", b"")]
    assert remarks == []


def test_text_around_the_parts_is_nobody_s() -> None:
    message = multipart(b"\r\none").replace(b"\r\n\r\n--b", b"\r\n\r\npreamble\r\n--b", 1)
    assert leaves(read_parts(message + b"epilogue\r\n--b\r\n\r\nmore")[0]) == [
        ("text/plain", b"one")
    ]


def test_an_unclosed_last_part_counts() -> None:
    root, remarks = read_parts(multipart(b"\r\none", b"\r\ntwo", end=b""))
    assert leaves(root) == [("text/plain", b"one"), ("text/plain", b"two\r\n")]
    assert remarks == []


def test_a_line_that_only_begins_like_a_boundary_is_text() -> None:
    root, _ = read_parts(multipart(b"\r\n--bb\r\n--b x\r\n --b"))
    assert leaves(root) == [("text/plain", b"--bb\r\n--b x\r\n --b")]


def test_space_after_a_boundary_does_not_hide_it() -> None:
    message = multipart(b"\r\none", b"\r\ntwo").replace(b"--b\r\n", b"--b \t\r\n")
    assert len(leaves(read_parts(message)[0])) == 2


def test_a_boundary_nested_in_itself_hides_nothing() -> None:
    inner = b"--b\r\n\r\ntext\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n--b--\r\n"
    alternative = b"Content-Type: multipart/alternative; boundary=b\r\n\r\n" + inner
    root, _ = read_parts(multipart(alternative, b"Content-Type: a/b\r\n\r\nfile"))
    assert [child.media_type for child in root.children] == ["multipart/alternative", "a/b"]
    assert leaves(root) == [("text/plain", b"text"), ("text/html", b"<p>"), ("a/b", b"file")]


def test_a_line_that_closes_one_multipart_and_opens_another_opens_the_inner() -> None:
    inner = b"--b--\r\n\r\ntext\r\n--b----\r\n"
    root, _ = read_parts(
        multipart(b'Content-Type: multipart/mixed; boundary="b--"\r\n\r\n' + inner, b"\r\nmore")
    )
    assert leaves(root) == [("text/plain", b"text"), ("text/plain", b"more")]


def test_of_an_inner_multipart_that_nobody_closes_the_outer_delimiter_is_the_end() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n\r\none"
    root, _ = read_parts(multipart(inner, b"\r\ntwo"))
    assert leaves(root) == [("text/plain", b"one"), ("text/plain", b"two")]


def test_a_digest_holds_messages() -> None:
    root, _ = read_parts(multipart(b"\r\nFrom: joe@x\r\n\r\nhi", kind=b"digest"))
    assert leaves(root) == [("message/rfc822", b"From: joe@x\r\n\r\nhi")]


def test_without_a_usable_boundary_it_is_text_and_said() -> None:
    for boundary in (b"", b'; boundary=""', b"; boundary=" + b"b" * 3000):
        root, remarks = read_parts(b"Content-Type: multipart/mixed%b\r\n\r\nhello" % boundary)
        assert leaves(root) == [("text/plain", b"hello")]
        assert remarks == ["a multipart without a usable boundary"]


@pytest.mark.parametrize("said", [b"; boundary=B", b""])
def test_where_no_line_is_the_boundary_that_is_said_the_one_above_the_parts_is(said: bytes) -> None:
    message = multipart(b"Content-Type: text/html\r\n\r\n<p>", b"\r\ntwo")
    root, remarks = read_parts(message.replace(b"; boundary=b", said))
    assert leaves(root) == [("text/html", b"<p>"), ("text/plain", b"two")]
    assert remarks == ["parts between other boundaries than the header names"]


def test_a_mark_of_utf_8_before_the_header_is_no_part_of_it() -> None:
    root, _ = read_parts(b"\xef\xbb\xbf" + multipart(b"\r\none"))
    assert leaves(root) == [("text/plain", b"one")]


def test_line_ends_of_old_programs() -> None:
    for newline in (b"\n", b"\r"):
        message = multipart(b"\r\none", b"\r\ntwo").replace(b"\r\n", newline)
        assert [content for _, content in leaves(read_parts(message)[0])] == [b"one", b"two"]


def nested(depth: int) -> bytes:
    levels = [
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    ]
    return b"".join(levels) + b"\r\nhello"


def test_parts_nest_up_to_a_bound() -> None:
    root, remarks = read_parts(nested(MAX_DEPTH))
    assert (leaves(root), remarks) == ([("text/plain", b"hello")], [])
    for depth in (MAX_DEPTH + 1, 900, 5000):
        root, remarks = read_parts(nested(depth))
        assert leaves(root)[0][0] == "application/octet-stream"
        assert len(remarks) == 1
        assert "nested" in remarks[0]


def test_there_are_parts_up_to_a_bound() -> None:
    root, remarks = read_parts(multipart(*[b"\r\nx"] * 100_000))
    assert len(leaves(root)) == MAX_PARTS - 1
    assert remarks == [f"more than {MAX_PARTS} parts"]


def test_nesting_around_much_content_is_not_followed() -> None:
    root, remarks = read_parts(nested(90) + b"\n" * 5_000_000)
    assert leaves(root)[0][0] == "application/octet-stream"
    assert remarks == ["parts nested around too much content"]


def test_many_false_boundaries_are_not_followed() -> None:
    _, remarks = read_parts(multipart(b"\r\n" + b"--bx\r\n" * 50_000))
    assert remarks == ["too many lines that look like a boundary"]


trees = st.recursive(
    st.binary(max_size=200),
    lambda inner: st.lists(inner, min_size=1, max_size=4),
    max_leaves=12,
)


def built(tree: object) -> MIMEBase:
    if isinstance(tree, list):
        return MIMEMultipart("mixed", _subparts=[built(child) for child in tree])
    assert isinstance(tree, bytes)
    return MIMEText(tree.hex(), "plain", "utf-8")


def flat(tree: object) -> list[bytes]:
    if isinstance(tree, list):
        return [leaf for child in tree for leaf in flat(child)]
    assert isinstance(tree, bytes)
    return [tree.hex().encode()]


@given(trees)
def test_what_the_standard_library_builds_is_read_as_it_was_built(tree: object) -> None:
    for message in (built(tree).as_bytes(), built(tree).as_bytes().replace(b"\n", b"\r\n")):
        root, remarks = read_parts(message)
        assert [content for _, content in leaves(root)] == flat(tree)
        assert remarks == []
