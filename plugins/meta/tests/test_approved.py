"""Templates as WhatsApp lists them, as agents are offered them, and as they are sent."""

from __future__ import annotations

from typing import Any

from plugins.meta.tests.conftest import NEWS

from omniroute import Template
from omniroute_meta.approved import approved


def test_each_place_becomes_a_variable_with_a_name_of_its_own() -> None:
    (news,) = approved([NEWS])
    assert news.offered == Template(
        "order_news",
        "News for {{header}}\nOrder {{1}}: {{2}}\nAcme",
        ("header", "1", "2"),
        "en",
    )


def test_the_values_go_to_their_places() -> None:
    (news,) = approved([NEWS])
    assert news.message(["Joe", "4711", "on\nits   way"]) == {
        "name": "order_news",
        "language": {"code": "en"},
        "components": [
            {"type": "header", "parameters": [{"type": "text", "text": "Joe"}]},
            {
                "type": "body",
                "parameters": [
                    {"type": "text", "text": "4711"},
                    {"type": "text", "text": "on its way"},
                ],
            },
        ],
    }


def test_places_may_have_names_and_buttons_an_address() -> None:
    named: dict[str, Any] = {
        "name": "track",
        "language": "de",
        "status": "APPROVED",
        "parameter_format": "NAMED",
        "components": [
            {"type": "BODY", "text": "Hallo {{name}}"},
            {"type": "BUTTONS", "buttons": [
                {"type": "QUICK_REPLY", "text": "Stop"},
                {"type": "URL", "text": "Ansehen", "url": "https://acme.example/{{1}}"},
            ]},
        ],
    }  # fmt: skip
    (track,) = approved([named])
    assert track.offered.variables == ("name", "button1")
    assert track.offered.text == "Hallo {{name}}\nAnsehen: https://acme.example/{{button1}}"
    assert track.message(["Joe", "4711"])["components"] == [
        {
            "type": "body",
            "parameters": [{"type": "text", "text": "Joe", "parameter_name": "name"}],
        },
        {
            "type": "button",
            "sub_type": "url",
            "index": "1",
            "parameters": [{"type": "text", "text": "4711"}],
        },
    ]


def test_of_several_languages_each_is_named() -> None:
    both = approved([{**NEWS, "language": "de"}, NEWS])
    assert [one.offered.name for one in both] == ["order_news.de", "order_news.en"]


def test_what_cannot_be_sent_is_not_offered() -> None:
    picture = {"type": "HEADER", "format": "IMAGE"}
    refused = {**NEWS, "status": "REJECTED"}
    assert approved([refused, {**NEWS, "components": [picture]}]) == ()
    assert approved([NEWS], wanted=["another"]) == ()
