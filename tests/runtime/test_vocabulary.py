"""Nodes of two versions on one store: the same decisions, or the older one keeps away (F36)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import pytest
from msgspec.structs import replace

from omniroute.core import inputs as i
from omniroute.core.conditions import Always
from omniroute.core.model import AgentId, Candidate, Status, Thread
from omniroute.core.rules import Defaults, Queue, RouteRule, RuleSet
from omniroute.core.state import State
from omniroute.runtime import vocabulary
from omniroute.runtime.loading import differences, fold, load
from omniroute.runtime.upgrading import FORM, OURS, bring_forward, signed
from omniroute.runtime.vocabulary import Words
from omniroute.runtime.writer import Make, Writer
from omniroute.stores.api import Corrupt, Unavailable
from omniroute.stores.memory import MemoryStore
from omniroute.testing.machine import MONDAY

RULES = RuleSet(
    "r1",
    Defaults("general"),
    route=(RouteRule("all", Always(), queue="general"),),
    queues={"general": Queue("general")},
)


class Clock:
    def now(self) -> int:
        return MONDAY


class LastOfAll:
    """What an older version decides otherwise: it picks the last candidate."""

    def pick(self, thread: Thread, candidates: Sequence[Candidate]) -> tuple[AgentId, str] | None:
        return candidates[-1].agent, "old"

    def left_out(self) -> tuple[str, ...]:
        return ()


def more(words: Words, version: str = "9.0", **journal: tuple[str, ...]) -> Words:
    """A version that writes these fields, too."""
    known = words.journal
    also = {kind: (*known.get(kind, ()), *fields) for kind, fields in journal.items()}
    return replace(words, version=version, journal={**known, **also})


def less(words: Words, kind: str) -> Words:
    """A version from before there was *kind*."""
    kept = {name: fields for name, fields in words.journal.items() if name != kind}
    return replace(words, version="0.0.9", journal=kept)


def wrote(number: int) -> Make:
    sender, id = i.Seen(f"h{number}", "email"), f"m{number}"
    return lambda at: i.MessageReceived(id, at, id, "email", "help", sender)


def node(store: MemoryStore, deciders: LastOfAll | None = None) -> Writer:
    """A node that begins to write what is there."""
    bring_forward(store, Clock())
    state = load(store)
    state.adopt(RULES)
    return Writer(store, state, Clock(), deciders=deciders)


def begun() -> MemoryStore:
    """A store on which Ana, Ben and Cleo work, written by this version."""
    store = MemoryStore()
    team = tuple(map(i.Member, ("ana", "ben", "cleo")))
    first: list[Make] = [
        lambda at: i.RulesLoaded("rules", at, "r1"),
        lambda at: i.TeamLoaded("team", at, team),
        *(
            lambda at, who=who: i.StatusDeclared(f"on/{who}", at, who, Status.ONLINE)
            for who in ("ana", "ben", "cleo")
        ),
    ]
    node(store).round([(make, {}) for make in first])
    return store


def agents_asked(state: State) -> Mapping[int, list[str]]:
    return {id: [offer.agent for offer in t.offers] for id, t in state.threads.items()}


def test_f36_what_one_version_decided_another_folds_and_does_not_decide_again() -> None:
    store = begun()
    older = node(store, LastOfAll())
    older.round([(wrote(1), {})])
    newer = node(store)
    newer.round([(wrote(2), {})])
    first, second = agents_asked(newer.state).values()
    assert first == ["cleo"]  # as the other decided
    assert second == ["ana"]
    again = node(store, LastOfAll())  # rolled back: nothing that was decided changes
    assert agents_asked(again.state) == agents_asked(newer.state)
    assert differences(store.reader(), fold(store.reader())) == []


def test_f36_a_newer_version_goes_on_and_an_older_one_does_not_begin_after_it() -> None:
    store = begun()
    older, newer = OURS, more(OURS, ThreadPaused=("thread", "until"), OfferMade=("colour",))
    assert bring_forward(store, Clock(), newer) == 0
    head, rows = store.head(), dict(store.scan("u/"))
    with pytest.raises(Unavailable) as refused:
        bring_forward(store, Clock(), older)
    assert str(refused.value) == (
        f"store: OmniRoute 9.0 has written it, and {OURS.version} does not know "
        "OfferMade.colour, ThreadPaused — run that version here, too, or another that is as new"
    )
    assert (store.head(), dict(store.scan("u/"))) == (head, rows)
    assert bring_forward(store, Clock(), newer) == 0  # which is where it left it
    assert store.head() == head


def test_what_an_older_version_left_is_signed_with_our_words_once() -> None:
    store = begun()
    signature = signed(less(OURS, "ThreadRouted"))
    store.commit(store.head(), [store.tail(0)[0].body], signature)
    before = store.head()[0]
    assert bring_forward(store, Clock()) == 0
    assert bring_forward(store, Clock()) == 0
    assert store.head()[0] == before + 1
    with pytest.raises(Unavailable, match=r"0\.0\.9 does not know ThreadRouted"):
        bring_forward(store, Clock(), less(OURS, "ThreadRouted"))


def test_a_store_from_before_there_were_words_is_signed() -> None:
    store = begun()
    store.commit(store.head(), [store.tail(0)[0].body], {vocabulary.ROW: None})
    bring_forward(store, Clock())
    assert vocabulary.check(OURS, store.get([vocabulary.ROW], store.head())[vocabulary.ROW])


def test_rows_of_a_newer_form_are_not_made_old() -> None:
    store = begun()
    bring_forward(store, Clock(), replace(OURS, version="9.0", form=FORM + 1))
    head = store.head()
    with pytest.raises(Unavailable, match=f"does not know rows of form {FORM + 1}"):
        bring_forward(store, Clock())
    assert store.head() == head


def test_of_rows_that_are_made_anew_it_does_not_matter_what_stood_in_them() -> None:
    ours = replace(OURS, form=FORM + 1)
    theirs = replace(OURS, rows={**OURS.rows, "Thread": (*OURS.rows["Thread"], "colour")})
    assert ours.lacks(theirs) == []
    assert OURS.lacks(theirs) == ["Thread.colour"]


def test_the_words_are_those_of_events_inputs_and_what_stands_in_them() -> None:
    assert {"thread", "offer"} <= set(OURS.journal["OfferMade"])
    assert {"MessageReceived", "ThreadOpened", "Offer", "Member"} <= OURS.journal.keys()
    assert {"Thread", "Agent", "Customer", "Handle", "Owed"} <= OURS.rows.keys()
    assert msgspec.json.decode(signed()[vocabulary.ROW], type=Words) == OURS


def test_an_event_that_is_not_known_is_refused_by_its_name_and_not_misread() -> None:
    store = begun()
    record = store.tail(0)[-1].body.replace(b'"StatusChanged"', b'"StatusDreamt"')
    store.commit(store.head(), [record], {})
    with pytest.raises(Corrupt, match=r"record 6: holds StatusDreamt, which this version does not"):
        fold(store.reader())
