"""What Telegram forgot while nobody asked for it is said: when, and which updates."""

import logging
from pathlib import Path
from typing import Any

import pytest

from omniroute import Site
from omniroute_telegram.gap import HOUR, Asked
from omniroute_telegram.testing import FakeTelegram

NOON = 1_795_608_000.0  # 2026-11-25 12:00 UTC


def asked_of(folder: Path) -> Asked:
    """What an account notes in its folder."""
    return Asked(Site(folder, "").database("asked.sqlite"))


def test_f48_what_telegram_forgot_meanwhile_is_said_with_its_numbers(tmp_path: Path) -> None:
    assert asked_of(tmp_path).heard(NOON, [810, 811, 812]) is None
    away = asked_of(tmp_path)  # the process was down for two days
    gap = away.heard(NOON + 48 * HOUR, [977, 978])
    assert str(gap) == (
        "was not asked from 2026-11-25 12:00 UTC to 2026-11-27 12:00 UTC: what is older than a day "
        "is forgotten, updates 813 to 976, which are 164"
    )
    assert away.heard(NOON + 48 * HOUR + 30, [979]) is None  # it is said once


def test_where_nobody_has_written_since_the_numbers_come_later(tmp_path: Path) -> None:
    asked = asked_of(tmp_path)
    asked.heard(NOON, [812])
    assert str(asked.heard(NOON + 30 * HOUR, [])).endswith("what is older than a day is forgotten")
    assert asked.heard(NOON + 31 * HOUR, []) is None
    assert str(asked.heard(NOON + 32 * HOUR, [815])).endswith("updates 813 to 814, which are 2")


def test_where_none_is_missing_that_is_said(tmp_path: Path) -> None:
    asked = asked_of(tmp_path)
    asked.heard(NOON, [812])
    gap = asked.heard(NOON + 30 * HOUR, [813])
    assert str(gap).endswith("but nothing is missing after update 812")


def test_after_a_week_a_number_tells_nothing(tmp_path: Path) -> None:
    asked = asked_of(tmp_path)
    asked.heard(NOON, [812])
    asked.heard(NOON + 6 * 24 * HOUR, [])
    gap = asked.heard(NOON + 8 * 24 * HOUR, [4_000_000])
    assert str(gap).endswith("what is older than a day is forgotten")
    assert asked.heard(NOON + 8 * 24 * HOUR + 30, [4_000_001]) is None


def test_less_than_a_day_is_no_gap(tmp_path: Path) -> None:
    asked = asked_of(tmp_path)
    asked.heard(NOON, [812])
    assert asked.heard(NOON + 23 * HOUR, [990]) is None


def test_a_note_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "asked.sqlite").write_bytes(b"yesterday" * 100)
    assert asked_of(tmp_path).heard(NOON, [1]) is None


async def test_it_is_told_by_the_log_and_the_channels_health_for_a_day(
    fake: FakeTelegram, bench_of: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked_of(tmp_path).heard(1_000_000_000, [1])  # in 2001
    bench = bench_of()
    fake.person("Joe").chat().says("hello")
    with caplog.at_level(logging.ERROR):
        async with bench.listening():
            await bench.read(1)
            await fake.until(lambda: fake.updates.confirmed > 0)
            health = await bench.channel.check()
    assert "telegram “help”: was not asked from 2001-09-09 01:46 UTC to " in caplog.text
    assert health.ok is False
    assert health.found.startswith("was not asked from 2001-09-09")
    assert "ask them" in health.fix
