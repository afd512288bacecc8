"""In which language somebody writes, said only where it is sure."""

# ruff: noqa: RUF001 - other people's letters look like ours

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from omniroute import Address, Inbound, language
from omniroute.language import language_of
from omniroute.plugins import Plugins

SAID = {
    "en": "Hello, I was charged twice for my last order, can you help me please?",
    "de": "Guten Tag, ich wurde zweimal belastet und hätte gerne mein Geld zurück.",
    "fr": "Bonjour, j'ai été débité deux fois pour ma commande, merci de m'aider.",
    "es": "Hola, me han cobrado dos veces el mismo pedido y quiero mi dinero.",
    "nl": "Goedemiddag, mijn bestelling is twee keer afgeschreven van mijn rekening.",
    "pl": "Dzień dobry, pobrano mi dwa razy pieniądze za to samo zamówienie.",
    "ru": "Здравствуйте, с меня дважды списали деньги за один и тот же заказ.",
    "el": "Καλησπέρα, με χρεώσατε δύο φορές για την ίδια παραγγελία.",
    "he": "שלום, חויבתי פעמיים על אותה הזמנה ואני רוצה את הכסף בחזרה",
    "ar": "مرحبا، لقد تم خصم المبلغ مرتين وأريد استرداد أموالي من فضلكم",
    "zh": "你好，我的订单被扣了两次款，请帮我退款",
    "ja": "こんにちは。二重に請求されたので返金してください。",
    "ko": "안녕하세요, 주문이 두 번 결제되어 환불을 받고 싶습니다.",
}


@pytest.mark.parametrize(("code", "text"), SAID.items(), ids=SAID)
def test_a_sentence_is_enough(code: str, text: str) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize(
    "text", ["", "   \n", "ok", "hola", "refund please", "1234567890" * 9, "👍" * 40]
)
def test_of_a_few_words_nothing_is_said(text: str) -> None:
    assert language_of(text) == ""


def test_a_few_signs_of_chinese_say_as_much_as_a_line_of_english() -> None:
    assert language_of("我想取消订单谢谢") == "zh"


@pytest.mark.parametrize("dirt", ["\0", "\x01\x02", "\x85", "\ud800"])
def test_signs_that_are_no_text_confuse_nobody(dirt: str) -> None:
    assert language_of(dirt.join(SAID["en"].split(" "))) == "en"
    assert language_of(dirt * 20 + SAID["de"]) == "de"


def test_only_the_beginning_is_read() -> None:
    assert language_of(SAID["de"] * 20 + SAID["fr"] * 10_000) == "de"


def inbound(subject: str, text: str) -> Inbound:
    return Inbound("1", "c", Address("email", "x"), text, datetime.now(UTC), subject=subject)


def test_it_comes_in_by_the_hook_that_is_anyone_s() -> None:
    plugins = Plugins()
    plugins.register(language, "lang")
    said = inbound("Doppelt belastet", "Bitte überweisen Sie das zurück, danke!")
    assert plugins.facts(said, "email") == {"message.language": "de"}
    assert plugins.facts(inbound("", "ok"), "email") == {}
