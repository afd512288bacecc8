"""The agents' grammar: the same words on every desk, and nothing taken for what it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.core.commands import USAGE, Misheard, Spoken, understand

AT = 1_772_442_000_000  # 2026-03-02 10:00 +01:00


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("accept", Spoken("accept")),
        ("/resolve", Spoken("resolve")),
        ("#Resolve ", Spoken("resolve")),
        ("pass", Spoken("pass")),
        ("pass my shift ends", Spoken("pass", text="my shift ends")),
        ("reply We are on it.", Spoken("reply", text="We are on it.")),
        ("note asked the bank", Spoken("note", text="asked the bank")),
        ("transfer Bo knows refunds", Spoken("transfer", text="knows refunds", to="bo")),
        ("warm Bo knows refunds", Spoken("transfer", text="knows refunds", to="bo", warm=True)),
        ("snooze 2h", Spoken("snooze", until=AT + 7_200_000)),
        ("snooze 2026-03-02T10:30+01:00", Spoken("snooze", until=AT + 1_800_000)),
        ("tag vip -spam", Spoken("tag", add=("vip",), remove=("spam",))),
        ("priority high", Spoken("priority", priority=30)),
        ("boost 5m", Spoken("boost", span=300_000)),
        ("new matter", Spoken("new")),
        ("boost -90s", Spoken("boost", span=-90_000)),
        ("status away", Spoken("status", status="away")),
        ("template", Spoken("template")),
        ("template hi", Spoken("template", to="hi")),
        (
            'template Order 4711 "two days" “not on Sunday”',
            Spoken("template", to="Order", values=("4711", "two days", "not on Sunday")),
        ),
    ],
)
def test_what_agents_say(line: str, meant: Spoken) -> None:
    assert understand(line, AT) == meant


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("#xyzzy", "“xyzzy” is no command — known are"),
        ("#resolv", "“resolv” is no command — did you mean “resolve”?"),
        ("", "“” is no command"),
        ("reply", "say it as: reply <text>"),
        ("transfer bo", "why bo should have it"),
        ("transfer", "say it as: transfer"),
        ("warm bo", "why bo should have it: warm <who> <why>"),
        ("snooze soon", "say it as: snooze"),
        ("snooze 2026-03-02T10:30", "in which zone"),
        ("snooze 2020-03-02T10:30+01:00", "has passed"),
        ("boost soon", "boost <10m|-10m>"),
        ("new customer", "new matter"),
        ("priority enormous", "low|normal|high|urgent"),
        ("status gone", "online|away|transfers|draining|offline"),
        ("resolve now please", "takes nothing more — “now please”"),
    ],
)
def test_what_is_not_understood_is_said_with_the_way_to_say_it(line: str, told: str) -> None:
    heard = understand(line, AT)
    assert isinstance(heard, Misheard)
    assert told in heard.fault


@given(st.text(max_size=60))
def test_whatever_is_typed_only_reply_ever_means_a_reply(line: str) -> None:
    heard = understand(line, AT)
    if isinstance(heard, Spoken):
        assert heard.verb in USAGE
        assert line.strip().lstrip("/#").strip().lower().startswith(heard.verb)


def test_files_need_no_words_with_an_answer_or_a_note() -> None:
    for line in ("reply", "note", "all", "/note"):
        assert isinstance(understand(line, AT, files=True), Spoken)
        assert isinstance(understand(line, AT), Misheard)
    assert understand("note see this", AT, files=True) == Spoken("note", text="see this")
    assert isinstance(understand("edit", AT, files=True), Misheard)
