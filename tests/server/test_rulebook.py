"""Which rules a server works by: after promotions, rollbacks and restarts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.server.house import House, Running

from omniroute.application.authorize import Actor, Kind
from omniroute.application.rulebook import Promotion, Reload, Rollback, TryOut
from omniroute.errors import Refused
from omniroute.server.composition import Server
from omniroute.server.settings import load

API = "/api/admin/rules"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, channels=False)


def files(house: House, more: str = "") -> dict[str, str]:
    """The rules of the folder with a comment, so that they are another version."""
    return {"support.yaml": house.rule_file().read_text() + more}


def promote(running: Running, mode: str, text: dict[str, str], **said: object) -> str:
    done = running.local.post(f"{API}/promote", {"mode": mode, "files": text, **said})
    return str(done["version"])


def live(running: Running) -> str:
    return states(running)["live"]


def states(running: Running) -> dict[str, str]:
    views: list[dict[str, Any]] = running.local.get(f"{API}/versions")
    return {view["state"]: view["version"] for view in views if view["state"]}


def test_what_was_promoted_stays_live_over_a_restart(house: House) -> None:
    with house.running() as running:
        folder = live(running)
        new = promote(running, "live", files(house, "# another\n"), message="why not", by="Di")
        assert live(running) == new != folder
    with house.running() as running:
        assert live(running) == new
        assert running.local.post(f"{API}/reload")["version"] == folder
    with house.running() as running:
        assert live(running) == folder


def test_what_was_rolled_back_stays_back_although_the_folder_says_otherwise(house: House) -> None:
    with house.running() as running:
        first = live(running)
        house.rule_file().write_text(files(house, "# a mistake\n")["support.yaml"])
        mistake = running.local.post(f"{API}/reload", {"message": "quick fix"})["version"]
        back = running.local.post(f"{API}/rollback", {"message": "a mistake"})
        assert (back["version"], live(running)) == (first, first)
    with house.running() as running:
        assert live(running) == first
        (view,) = [v for v in running.local.get(f"{API}/versions") if v["version"] == mistake]
        assert [act["message"] for act in view["acts"]] == ["quick fix"]


def test_a_changed_folder_can_be_taken_back_although_a_start_brought_it(house: House) -> None:
    with house.running() as running:
        before = live(running)
    house.rule_file().write_text(files(house, "# hasty\n")["support.yaml"])
    with house.running() as running:
        assert running.local.post(f"{API}/rollback")["version"] == before


def test_a_changed_folder_is_taken_over_by_a_start_as_ever(house: House) -> None:
    with house.running() as running:
        before = live(running)
    house.rule_file().write_text(files(house, "# tidied\n")["support.yaml"])
    with house.running() as running:
        assert live(running) != before


def test_a_trial_goes_on_after_a_restart(house: House) -> None:
    with house.running() as running:
        new = promote(running, "canary", files(house, "# canary\n"), share=0.25)
    with house.running() as running:
        assert states(running)["canary"] == new
        trial = running.local.get(f"{API}/trial")
        assert (trial["share"], trial["over"]) == (0.25, False)
        assert running.local.get("/api/admin/verify")["ok"]
        running.local.post(f"{API}/stop")
        assert running.local.get(f"{API}/trial") is None
        with pytest.raises(Refused, match="Nothing is on trial"):
            running.local.post(f"{API}/stop")


def test_what_cannot_be_is_refused_in_words(house: House) -> None:
    with house.running() as running:
        same = files(house)
        with pytest.raises(Refused, match="is live already"):
            promote(running, "shadow", same)
        with pytest.raises(Refused, match="No version was live before this one"):
            running.local.post(f"{API}/rollback")
        with pytest.raises(Refused, match="Say how: live, shadow or canary"):
            promote(running, "sideways", same)
        with pytest.raises(Refused, match="a share of the customers"):
            promote(running, "canary", files(house, "#\n"), share=1.5)
        with pytest.raises(Refused, match="at most 300 characters"):
            promote(running, "live", files(house, "#\n"), message="x" * 301)
        with pytest.raises(Refused, match=r"rules\.yaml:1"):
            promote(running, "live", {"rules.yaml": "versoin: 1\n"})
        assert len(running.local.get(f"{API}/versions")) == 1


async def test_nobody_but_admins_may_ask_or_change_anything(house: House) -> None:
    server = Server(load(house.config))
    await server.start()
    try:
        book = server.rulebook
        for actor in (Actor(Kind.AGENT, "ana", "agent"), Actor(Kind.AGENT, "bo", "lead")):
            for ask in (
                lambda a: book.versions(a),
                lambda a: book.version(a, "abcd"),
                lambda a: book.trial(a),
                lambda a: book.usage(a, 7),
                lambda a: book.explain(a, TryOut()),
                lambda a: book.reload(a, Reload()),
                lambda a: book.promote(a, Promotion(mode="live")),
                lambda a: book.rollback(a, Rollback()),
                lambda a: book.stop_trial(a),
            ):
                with pytest.raises(Refused) as refused:
                    await ask(actor)
                assert refused.value.code == "forbidden"
        told = await book.explain(Actor(Kind.AGENT, "frieda", "admin"), TryOut(text="A refund?"))
        assert "route  ✔ refunds" in told
    finally:
        await server.stop()
