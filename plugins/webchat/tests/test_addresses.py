from __future__ import annotations

import pytest

from omniroute_webchat.addresses import normalised


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Joe.Miller+shop@Mail.Example", "joe.miller+shop@mail.example"),
        (" joe@mail.example ", "joe@mail.example"),
        ("joe@mail.example.", "joe@mail.example"),
        ("joe@localhost", "joe@localhost"),
        ("joe@Bücher.example", "joe@xn--bcher-kva.example"),
        ("jo\u0308e@mail.example", "jöe@mail.example"),
    ],
)
def test_one_address_has_one_spelling(text: str, address: str) -> None:
    assert normalised(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "joe", "@mail.example", "joe@", "a@b@c", "joe@mail..example", "<joe@mail.example>"),
        *("joe@ma il.example", "joe miller@mail.example", "joe@mail.example\nBcc: x@y", "a,b@c.d"),
        *("joe@\uff4dail.example", "joe@" + "a" * 64 + ".example", "x" * 250 + "@y.example"),
    ],
)
def test_what_only_resembles_one_is_none(text: str) -> None:
    assert normalised(text) == ""
