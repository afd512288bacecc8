from __future__ import annotations

from omniroute_email.reading.enriched import enriched_text, richtext


def test_enriched_text() -> None:
    text = "<bold>I was</bold> charged\n<color><param>red</param>twice</color>.\n\n1 << 2"
    assert enriched_text(text) == "I was charged twice.\n1 < 2"


def test_richtext() -> None:
    text = "<bold>I was</bold> charged<nl>\ntwice<comment>not shown</comment>.<lt>x>"
    assert richtext(text) == "I was charged\n twice.<x>"


def test_what_is_never_closed_hides_the_rest() -> None:
    assert enriched_text("a<param>b") == "a"
