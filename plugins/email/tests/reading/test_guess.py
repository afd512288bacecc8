"""Text that does not say how it is encoded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.charset import decoded
from omniroute_email.reading.guess import declared, guessed


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("こんにちは。注文番号は1182です。よろしくお願いします。", "shift_jis"),
        ("こんにちは。注文番号は1182です。よろしくお願いします。", "euc_jp"),
        ("こんにちは。", "iso2022_jp"),
        ("안녕하세요. 주문 번호는 1182입니다.", "euc_kr"),
        ("您好，我的订单还没有收到，请帮我看一下。谢谢。", "gb18030"),  # noqa: RUF001
        ("您好，我的訂單還沒有收到，請幫我看一下。謝謝。", "big5"),  # noqa: RUF001
        ("Здравствуйте, мой заказ не пришёл.", "cp1251"),
        ("Здравствуйте, мой заказ не пришёл.", "koi8_r"),
        ("Grüße aus Köln, die Bestellung ist da", "cp1252"),
        ("Où est ma commande ? Déjà payée.", "cp1252"),
    ],
)
def test_the_script_shows_it(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding), "")[0] == text


@pytest.mark.parametrize(
    ("html", "label"),
    [
        (b'<html><meta charset="windows-1251">', "windows-1251"),
        (b"<META HTTP-EQUIV=x CONTENT='text/html; charset=koi8-r'>", "koi8-r"),
        (b'<?xml version="1.0" encoding="big5"?>', "big5"),
        (b"<p>charset=x</p>", ""),
    ],
)
def test_html_names_it(html: bytes, label: str) -> None:
    assert declared(html) == label


@given(st.binary(max_size=200))
def test_any_bytes_are_guessed(data: bytes) -> None:
    assert decoded(data * 20, guessed(data * 20))[0] is not None
