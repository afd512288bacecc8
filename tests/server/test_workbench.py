"""Rules are tried on a running server: compared, back-tested, made tests of."""

from __future__ import annotations

import asyncio
import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.server.house import ADDRESS, House

from omniroute.application.authorize import SYSTEM, Actor, Kind
from omniroute.application.pages import Filter
from omniroute.errors import ConfigErrors, Refused
from omniroute.rules.testing import read_suites, run_all
from omniroute.server.composition import Server
from omniroute.server.settings import load

PATIENCE = 30


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def asks_for_a_refund(port: int) -> None:
    """Joe writes a mail."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "joe@mail.example", ADDRESS, "Order 1182"
    mail.set_content("May I have a refund?")
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as smtp:
        smtp.send_message(mail)


async def test_what_differs_what_the_past_would_have_been_and_a_decision_as_a_test(
    house: House,
) -> None:
    server = Server(load(house.config))
    await server.start()
    bench = server.workbench
    try:
        await asyncio.to_thread(asks_for_a_refund, house.smtp)
        async with asyncio.timeout(PATIENCE):
            query = server.application.query
            while not (rows := await query.threads(SYSTEM, Filter())):  # noqa: ASYNC110 - views
                await asyncio.sleep(0.01)
        thread = rows[0].id
        assert (await bench.compare(SYSTEM, "live", "folder")).changes == ()
        rules = house.rule_file()
        sources = rules.read_text()
        rules.write_text(sources.replace("need: {refunds: 3}", "need: {refunds: 4}"))
        found = await bench.compare(SYSTEM, "live", "folder")
        assert [change.name for change in found.changes] == ["refunds"]

        assert await bench.trying(SYSTEM) is None
        begun = await bench.start(SYSTEM, "folder", 1)
        with pytest.raises(Refused, match="A back-test is running"):
            await bench.start(SYSTEM, "folder", 1)
        await bench.over()
        trying = await bench.trying(SYSTEM)
        assert trying is not None
        assert trying.found is not None, trying.trouble
        assert (trying.since, trying.found.threads) == (begun.since, 1)
        assert [change.what for change in trying.found.changes if change.rule] != []

        made = await bench.record(SYSTEM, thread)
        assert made.faults  # the rules in the folder decide otherwise by now
        rules.write_text(sources)
        assert not (await bench.save(SYSTEM, thread, "A refund")).faults
        report = run_all(read_suites(rules.parent))
        assert "A refund" in [outcome.name for outcome in report.outcomes]
        assert report.failed == 0
    finally:
        await server.stop()


async def test_what_cannot_be_tried_is_said(house: House) -> None:
    server = Server(load(house.config))
    await server.start()
    bench = server.workbench
    try:
        with pytest.raises(Refused, match="There are no rules of version beef"):
            await bench.compare(SYSTEM, "live", "beef")
        with pytest.raises(Refused, match="goes back 1 to 366 days"):
            await bench.start(SYSTEM, "folder", 0)
        house.rule_file().write_text("version: 1\nqeues: {}\n")
        with pytest.raises(ConfigErrors):
            await bench.start(SYSTEM, "folder", 1)
        trying = await bench.trying(SYSTEM)
        assert trying is not None
        assert "qeues" in trying.trouble
        await bench.start(SYSTEM, "live", 1)
        await bench.over()
        trying = await bench.trying(SYSTEM)
        assert trying is not None
        assert trying.trouble == "Nothing was routed in the last day."
        with pytest.raises(Refused):
            await bench.record(SYSTEM, 99)
    finally:
        await server.stop()


async def test_it_is_the_admin_s(house: House) -> None:
    server = Server(load(house.config))
    await server.start()
    bench, ana = server.workbench, Actor(Kind.AGENT, "ana", "agent")
    try:
        for ask in (
            bench.compare(ana, "live", "folder"),
            bench.start(ana, "live", 1),
            bench.trying(ana),
            bench.record(ana, 1),
            bench.save(ana, 1),
        ):
            with pytest.raises(Refused) as refused:
                await ask
            assert refused.value.code == "forbidden"
    finally:
        await server.stop()
