"""What admins do to a server that runs: read the rules again, look at channels, verify."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from tests.server.house import Running

from omniroute.channel import Health
from omniroute.errors import Refused
from omniroute.server.operations import ServerOperations
from omniroute.testing.server_process import until

RELOAD = "/api/admin/rules/reload"


@pytest.fixture(autouse=True)
def as_before(running: Running) -> Iterator[None]:
    """Each test changes the rules and the team; the next finds them as they were."""
    before = {path: path.read_text() for path in running.house.rules.glob("*.yaml")}
    yield
    for path, text in before.items():
        path.write_text(text)
    running.local.post(RELOAD)
    running.clear_the_desk()


def test_rules_with_faults_leave_the_last_good_ones(running: Running) -> None:
    house = running.house
    before = running.local.post(RELOAD)
    skill = house.change("need: {refunds: 3}", "need: {refnds: 3}")
    agent = house.change("role: lead", "role: boss", "team.yaml")
    with pytest.raises(Refused) as refused:
        running.local.post(RELOAD)
    assert refused.value.text.splitlines() == [
        f"team.yaml:{agent}: emeka: “boss” stands where one of agent, lead, admin is due",
        f"support.yaml:{skill}: refunds: unknown skill “refnds” — did you mean “refunds”?",
    ]
    running.mail("una@mail.example", "Money", "I would like a refund")
    thread = running.thread_of("una@mail.example")["id"]
    why = running.local.get(f"/api/admin/explain/{thread}")
    assert "route  ✔ refunds" in why["text"]
    house.change("need: {refnds: 3}", "need: {refunds: 3}")
    house.change("role: boss", "role: lead", "team.yaml")
    assert running.local.post(RELOAD)["version"] == before["version"]


def test_a_file_that_is_no_yaml_leaves_the_last_good_rules(running: Running) -> None:
    with running.house.rule_file().open("a") as file:
        file.write("\n  x: [\n")
    with pytest.raises(Refused, match=r"support\.yaml:\d+: "):
        running.local.post(RELOAD)
    (running.house.rules / "team.yaml").unlink()
    with pytest.raises(Refused, match=r"team\.yaml: no such file"):
        running.local.post(RELOAD)
    running.mail("ugo@mail.example", "Money", "I would like a refund")
    assert running.thread_of("ugo@mail.example")["queue"] == "billing"


def test_new_rules_hold_at_once_and_the_past_keeps_its_own(running: Running) -> None:
    running.mail("old@mail.example", "Money", "I would like a refund")
    old = running.thread_of("old@mail.example")
    running.house.change("- id: refunds", "- id: money-back")
    reloaded = running.local.post(RELOAD)
    running.mail("new@mail.example", "Money", "I would like a refund")
    new = running.thread_of("new@mail.example")
    texts = [running.local.get(f"/api/admin/explain/{row['id']}")["text"] for row in (old, new)]
    assert "✔ refunds" in texts[0]
    assert "✔ money-back" in texts[1]
    assert reloaded["rules"] == 11


def test_who_is_no_longer_on_the_team_loses_threads_session_and_door(running: Running) -> None:
    ana = running.agent("ana")
    running.mail("joe@mail.example", "Money", "I would like a refund")
    joe = running.thread_of("joe@mail.example")["id"]
    assert ana.do({"do": "Take", "thread": joe})["ok"]
    running.mail("kim@mail.example", "Money", "I would like a refund, too")
    kim = running.thread_of("kim@mail.example")["id"]
    until("it is offered to Ana", 5, lambda: running.row(kim)["phase"] == "offered")

    (start, _, rest) = running.house.team().partition("  ana:\n")
    running.house.write_team(start + rest[rest.index("  bo:\n") :])
    assert running.local.post(RELOAD)["agents"] == 5
    until("both wait again", 5, lambda: {running.row(n)["phase"] for n in (joe, kim)} <= WAITING)
    assert {running.row(number)["agent"] for number in (joe, kim)} == {""}
    assert ana.call("GET", "/api/board").status == 401
    with pytest.raises(Refused, match="ana"):
        running.local.post("/api/admin/links", {"agent": "ana"})
    assert running.local.get("/api/admin/verify")["ok"]


WAITING = {"queued", "offered", "stranded"}


def test_a_transfer_to_somebody_who_does_not_exist(running: Running) -> None:
    ana = running.agent("ana")
    running.mail("lea@mail.example", "Money", "I would like a refund")
    joe = running.thread_of("lea@mail.example")["id"]
    assert ana.do({"do": "Take", "thread": joe})["ok"]
    for to in ({"to_agent": "anna"}, {"to_queue": "bilings"}):
        outcome = ana.do({"do": "Transfer", "thread": joe, "why": "She knows this", **to})
        assert not outcome.get("ok")
        assert next(iter(to.values())) in outcome["text"]
        assert "did you mean" in outcome["text"]
    assert running.row(joe)["agent"] == "ana"


def test_channels_say_how_they_are(running: Running) -> None:
    mail, chat = running.local.get("/api/admin/channels")
    assert (mail["kind"], mail["account"], mail["ok"]) == ("email", "help", False)
    assert mail["fix"] == "set channels.help.smtp_host to the server that sends your mail"
    assert (chat["kind"], chat["account"], chat["ok"]) == ("webchat", "site", True)
    assert f"{running.house.url}/channels/webchat/site/" in chat["found"]


async def test_a_channel_that_cannot_say_how_it_is_hides_none_of_the_others() -> None:
    class Hurt:
        kind, account = "fax", "hurt"

        async def check(self) -> Health:
            raise RuntimeError("with a secret in it")

    class Well:
        kind, account = "fax", "well"

        async def check(self) -> Health:
            return Health(True, "humming")

    node: Any = SimpleNamespace(parts=SimpleNamespace(channels={1: Hurt(), 2: Well()}))
    nothing: Any = None
    operations = ServerOperations(node, *[nothing] * 7)
    hurt, well = await operations.channels()
    assert (hurt["ok"], hurt["found"]) == (False, "its check failed: RuntimeError")
    assert (well["ok"], well["found"]) == (True, "humming")


def test_a_running_server_verifies_itself(running: Running) -> None:
    running.mail("max@mail.example", "Money", "I would like a refund")
    running.thread_of("max@mail.example")
    verdict = running.local.get("/api/admin/verify")
    assert verdict["ok"]
    assert verdict["faults"] == []
    assert verdict["threads"] == len(running.threads())
