"""The views say of every thread, agent and offer what the core says, whatever has happened."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omniroute.application.views import Views
from omniroute.core import inputs as i
from omniroute.core.model import Agent, Phase, Status, Thread
from omniroute.core.states import OPEN

if TYPE_CHECKING:
    from tests.application.conftest import Scene

AGENTS = ("ana", "bo", "cy", "di")
CUSTOMERS = ("joe@x.org", "eve@x.org", "v-17")

agents = st.sampled_from(AGENTS)
actors = st.sampled_from([*AGENTS, "whoever it concerns", "whoever it concerns"])
threads = st.integers(1, 4)
acts = st.one_of(
    st.tuples(st.just("status"), agents, st.sampled_from(list(Status))),
    st.tuples(
        st.just("writes"), st.sampled_from(CUSTOMERS), st.sampled_from(["refund", "other"]),
        st.booleans(), st.booleans(),
    ),
    st.tuples(st.just("joins"), st.sampled_from(CUSTOMERS[:2])),
    st.tuples(st.just("accept"), actors, threads),
    st.tuples(st.just("pass"), actors, threads),
    st.tuples(st.just("take"), actors, threads),
    st.tuples(st.just("reply"), actors, threads, st.sampled_from([0, 5_000])),
    st.tuples(st.just("undo"), actors, threads),
    st.tuples(st.just("note"), actors, threads),
    st.tuples(st.just("transfer"), actors, threads, st.sampled_from([*AGENTS, "tech"])),
    st.tuples(st.just("snooze"), actors, threads),
    st.tuples(st.just("resolve"), actors, threads),
    st.tuples(st.just("reopen"), actors, threads),
    st.tuples(st.just("tag"), actors, threads),
    st.tuples(st.just("priority"), actors, threads, st.sampled_from([10, 40])),
    st.tuples(st.just("settle"), st.sampled_from(["sent", "rejected"])),
    st.tuples(st.just("leaves"), agents),
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 90, 3_600, 9 * 86_400])),
)  # fmt: skip


@pytest.fixture(scope="module")
def kit(request: pytest.FixtureRequest) -> Any:
    """The conftest beside this file, as a module."""
    return request.config.pluginmanager.get_plugin(str(Path(__file__).with_name("conftest.py")))


@given(story=st.lists(acts, min_size=20, max_size=50), batch=st.integers(1, 50))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens(kit: Any, story: list[tuple[Any, ...]], batch: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scene: Scene = kit.Scene(Path(folder))
        views = Views(scene.path, scene.reader)
        try:
            begin(scene)
            for number, (verb, *arguments) in enumerate(story):
                _DO[verb](scene, *whom(scene, arguments))
                if number % batch == 0:
                    views.catch_up()
            views.catch_up()
            check_agreement(scene, views)
        finally:
            views.close()


def begin(scene: Scene) -> None:
    """Three agents are there and two customers have written: most acts can succeed."""
    scene.online("ana", "bo", "di")
    _writes(scene, "joe@x.org", "refund", verified=True, automatic=False)
    _writes(scene, "v-17", "other", verified=True, automatic=False)


def whom(scene: Scene, arguments: list[Any]) -> list[Any]:
    """The arguments of an act; by whoever has the thread, or is asked, where nobody is named."""
    if arguments[0] != "whoever it concerns":
        return arguments
    thread = scene.state.threads.get(arguments[1])
    asked = thread.offers[0].agent if thread is not None and thread.offers else "ana"
    return [(thread.agent if thread is not None else "") or asked, *arguments[1:]]


def check_agreement(scene: Scene, views: Views) -> None:
    known = {thread.id: thread for thread in all_threads(scene)}
    with views.reading() as db:
        shown = {row["id"]: row for row in db.execute("SELECT * FROM threads")}
        assert shown.keys() == known.keys()
        for id, thread in known.items():
            expected = said(thread) | {"root": root(known, thread)}
            assert {name: shown[id][name] for name in expected} == expected
        offers = {
            (row["id"], row["agent"])
            for row in db.execute("SELECT * FROM offers WHERE state = 'pending'")
        }
        team = {row["id"]: row for row in db.execute("SELECT * FROM agent_rows")}
        held = {row["id"] for row in db.execute("SELECT id FROM messages WHERE state = 'held'")}
    pending = [(o.id, o.agent) for thread in known.values() for o in thread.offers]
    assert offers == set(pending)
    assert held == {h.message for thread in known.values() for h in thread.held}
    for agent in scene.state.agents.values():
        assert {name: team[agent.id][name] for name in said_of(agent)} == said_of(agent)


def all_threads(scene: Scene) -> Iterable[Thread]:
    for prefix in ("t/", "tc/"):
        for _, row in scene.reader.scan(prefix):
            yield msgspec.json.decode(row, type=Thread)


def said(thread: Thread) -> dict[str, object]:
    values: dict[str, object] = {
        name: getattr(thread, name)
        for name in (
            "since", "version", "queue", "rule", "rules", "priority", "deadline",
            "routing_since", "step", "agent", "weight", "channel", "handle", "message", "turns",
            "replies", "snoozed_until",
        )
    }  # fmt: skip
    return values | {
        "phase": thread.phase.value,
        "waiting": int(thread.waiting),
        "tags": msgspec.json.encode(thread.tags).decode(),
        "steps": msgspec.json.encode(thread.steps).decode(),
        # The core leaves what is over with the customer it had; pages show it with the person.
        **({"customer": thread.customer} if thread.phase in OPEN else {}),
    }


def root(known: dict[int, Thread], thread: Thread) -> int:
    """The thread in which it goes on, over as many as were joined."""
    while thread.folded_into is not None:
        thread = known[thread.folded_into]
    return thread.id


def said_of(agent: Agent) -> dict[str, object]:
    return {
        "status": agent.status.value,
        "unresponsive": int(agent.unresponsive),
        "employed": int(agent.employed),
        "load": agent.load,
        "capacity": agent.capacity,
        "role": agent.role,
    }


# --- the verbs of a story; what is not possible just then is refused, and that is all right ---


def _open(scene: Scene, thread: int) -> Thread | None:
    return scene.state.threads.get(thread)


def _status(scene: Scene, agent: str, status: Status) -> None:
    scene.status(agent, status)


def _writes(scene: Scene, who: str, topic: str, verified: bool, automatic: bool) -> None:
    channel = "webchat" if who == "v-17" else "email"
    scene.writes(who, "hello", channel=channel, topic=topic, verified=verified, automatic=automatic)


def _joins(scene: Scene, who: str) -> None:
    scene.writes("v-17", "it is me", channel="webchat", also=who)


def _accept(scene: Scene, agent: str, thread: int) -> None:
    if _open(scene, thread):
        scene.accepts(agent, thread)


def _pass(scene: Scene, agent: str, thread: int) -> None:
    known = _open(scene, thread)
    if known and known.offers:
        scene.passes(known.offers[0].agent, thread)


def _take(scene: Scene, agent: str, thread: int) -> None:
    scene.decide(lambda at: i.ThreadClaimed(f"k/{scene.next()}", at, agent, thread))


def _reply(scene: Scene, agent: str, thread: int, hold: int) -> None:
    if _open(scene, thread):
        scene.replies(agent, thread, "an answer", hold)


def _undo(scene: Scene, agent: str, thread: int) -> None:
    known = _open(scene, thread)
    if known and known.held:
        held = known.held[0]
        scene.decide(
            lambda at: i.ReplyUndone(f"u/{scene.next()}", at, held.agent, thread, held.message)
        )


def _note(scene: Scene, agent: str, thread: int) -> None:
    scene.notes(agent, thread, "careful")


def _transfer(scene: Scene, agent: str, thread: int, to: str) -> None:
    if to in AGENTS:
        scene.transfers(agent, thread, "you know more", to_agent=to)
    else:
        scene.transfers(agent, thread, "you know more", to_queue=to)


def _snooze(scene: Scene, agent: str, thread: int) -> None:
    until = scene.clock.at + 3_600_000
    scene.decide(lambda at: i.SnoozeAsked(f"z/{scene.next()}", at, agent, thread, until))


def _resolve(scene: Scene, agent: str, thread: int) -> None:
    scene.resolves(agent, thread)


def _reopen(scene: Scene, agent: str, thread: int) -> None:
    scene.decide(lambda at: i.ReopenAsked(f"o/{scene.next()}", at, agent, thread))


def _tag(scene: Scene, agent: str, thread: int) -> None:
    add = (f"t{scene.next() % 3}",)
    scene.decide(lambda at: i.TagsChanged(f"g/{scene.next()}", at, agent, thread, add))


def _priority(scene: Scene, agent: str, thread: int, priority: int) -> None:
    scene.decide(lambda at: i.PriorityChanged(f"y/{scene.next()}", at, agent, thread, priority))


def _settle(scene: Scene, outcome: str) -> None:
    for effect in list(scene.effects.values()):
        if message := getattr(effect, "message", ""):
            scene.delivered(effect.thread, message, outcome)
            return


def _leaves(scene: Scene, agent: str) -> None:
    staying = [
        i.Member(a.id, a.teams, a.skills, a.capacity, a.role)
        for a in scene.state.agents.values()
        if a.id != agent
    ]
    scene.team(*staying)


def _wait(scene: Scene, seconds: int) -> None:
    scene.wait(seconds=seconds)


_DO = {name[1:]: do for name, do in list(globals().items()) if name[0] == "_" and callable(do)}


def test_a_story_with_a_folded_thread(scene: Scene, views: Views) -> None:
    """The one that the random stories seldom tell."""
    scene.online("ana", "bo")
    mail = scene.writes("joe@x.org", "where is my refund?", topic="refund")
    chat = scene.writes("v-17", "hello?", channel="webchat", topic="other")
    scene.accepts("ana", mail)
    scene.wait(seconds=5)
    assert scene.writes("v-17", "me again", channel="webchat", also="joe@x.org") == mail

    views.catch_up()

    assert scene.state.threads.get(chat) is None
    assert {thread.id: thread.phase for thread in all_threads(scene)} == {
        mail: Phase.ASSIGNED,
        chat: Phase.FOLDED,
    }
    check_agreement(scene, views)
