from __future__ import annotations

import pytest

from omniroute_email.reading.bodies import sort
from omniroute_email.reading.mime import read_parts

PLAIN, HTML, IMAGE, PDF, NAMED = (
    b"Content-Type: text/plain\r\n\r\n%b",
    b"Content-Type: text/html\r\n\r\n%b",
    b"Content-Type: image/png\r\n\r\n%b",
    b"Content-Type: application/pdf\r\n\r\n%b",
    b"Content-Type: text/plain; name=notes.txt\r\n\r\n%b",
)
ATTACHED = b"Content-Disposition: attachment\r\n" + PLAIN
ENRICHED = b"Content-Type: text/enriched\r\n\r\n%b"
Tree = tuple[str, list["Tree | bytes"]]


def build(tree: Tree | bytes, boundary: str = "b") -> bytes:
    if isinstance(tree, bytes):
        return tree
    kind, children = tree
    parts = [
        f"--{boundary}\r\n".encode() + build(child, f"{boundary}{number}") + b"\r\n"
        for number, child in enumerate(children)
    ]
    head = f"Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n".encode()
    return head + b"".join(parts) + f"--{boundary}--\r\n".encode()


@pytest.mark.parametrize(
    ("tree", "text", "html", "files"),
    [
        (PLAIN % b"a", "a", "a", ""),
        (HTML % b"a", "a", "a", ""),
        (PDF % b"a", "", "", "a"),
        (ENRICHED % b"a", "a", "a", ""),
        (("alternative", [PLAIN % b"a", HTML % b"b"]), "a", "b", ""),
        (("alternative", [HTML % b"b"]), "b", "b", ""),
        (("alternative", [PLAIN % b"a", ENRICHED % b"e", PDF % b"c"]), "a", "a", "e c"),
        (("alternative", [PLAIN % b"a", ("related", [HTML % b"b", IMAGE % b"i"])]), "a", "b", "i"),
        (("related", [("alternative", [PLAIN % b"a", HTML % b"b"]), IMAGE % b"i"]), "a", "b", "i"),
        (("mixed", [PLAIN % b"a", IMAGE % b"i", PLAIN % b"z"]), "a z", "a z", "i"),
        (("mixed", [PLAIN % b"a", ENRICHED % b"e"]), "a", "a", "e"),
        (("mixed", [ENRICHED % b"e", PLAIN % b"a"]), "e a", "e a", ""),
        (("mixed", [PLAIN % b"a", PDF % b"p", HTML % b"b"]), "a b", "a b", "p"),
        (("mixed", [PLAIN % b"a", ATTACHED % b"t"]), "a", "a", "t"),
        (("mixed", [PLAIN % b"a", NAMED % b"t"]), "a", "a", "t"),
        (("mixed", [NAMED % b"t", PDF % b"p"]), "t", "t", "p"),
        (("mixed", [("alternative", [PLAIN % b"a", HTML % b"b"]), PLAIN % b"z"]), "a z", "b z", ""),
        (("signed", [PLAIN % b"a", PDF % b"signature"]), "a", "a", "signature"),
    ],
)
def test_what_is_the_message_and_what_is_a_file(
    tree: Tree | bytes, text: str, html: str, files: str
) -> None:
    bodies = sort(read_parts(build(tree))[0])
    found = [
        " ".join(part.content()[0].decode() for part in parts)
        for parts in (bodies.text, bodies.html, bodies.files)
    ]
    assert found == [text, html, files]
