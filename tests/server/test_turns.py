"""Nodes of several versions on one store: which of them may write (F36)."""

from __future__ import annotations

import logging

import msgspec
import pytest
from msgspec.structs import replace

from omniroute.runtime.record import encode
from omniroute.runtime.upgrading import OURS
from omniroute.runtime.vocabulary import Words
from omniroute.server.roster import FOLLOWER, WRITER, NodeReport
from omniroute.server.turns import PATIENCE, Turns

OLD = replace(OURS, version="1.0")
NEW = replace(OURS, version="2.0", journal={**OURS.journal, "ThreadPaused": ("thread", "until")})


class Others:
    """What the other nodes say, what the store is written in, and the time, for the node *me*."""

    def __init__(self, written: Words | None = OLD, **nodes: NodeReport) -> None:
        self.written, self.nodes, self.at = written, nodes, 0.0

    def turns(self, words: Words) -> Turns:
        return Turns(
            "me",
            lambda: encode(self.written) if self.written else None,
            lambda: {name: msgspec.json.encode(told) for name, told in self.nodes.items()},
            words=words,
            now=lambda: self.at,
        )


def node(name: str, words: Words, role: str = FOLLOWER, waits: str = "") -> NodeReport:
    return NodeReport(name, role, 0, "", host="b", knows=words.standing, waits=waits)


def test_nodes_of_one_version_do_not_wait_for_each_other() -> None:
    assert Others(one=node("one", OLD)).turns(OLD).look()


def test_an_older_version_goes_first_and_the_newer_says_for_whom_it_waits() -> None:
    others = Others(one=node("one", OLD))
    newer = others.turns(NEW)
    assert not newer.look()
    assert (
        newer.waits == "its version is newer than that of one (b), which could not go on after it"
    )
    assert others.turns(OLD).look()


def test_a_newer_version_writes_once_all_are_new() -> None:
    others = Others(one=node("one", OLD), two=node("two", NEW))
    newer = others.turns(NEW)
    assert not newer.look()
    others.nodes["one"] = node("one", NEW)
    assert newer.look()
    assert newer.waits == ""


def test_a_version_that_does_not_say_what_it_knows_is_older() -> None:
    told = msgspec.json.encode({"node": "one", "role": FOLLOWER, "since": 0, "url": ""})
    assert not Turns("me", lambda: None, lambda: {"one": told}).look()
    assert Turns("me", lambda: None, lambda: {"me": told}).look(), "nobody else is there"


def test_what_is_written_already_holds_nobody_back() -> None:
    assert Others(NEW, one=node("one", OLD)).turns(NEW).look()


def test_an_older_version_after_a_newer_does_not_write_and_says_what_it_lacks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    older = Others(NEW).turns(OLD)
    with caplog.at_level(logging.WARNING):
        assert not older.look()
        assert not older.look()
    assert older.waits == (
        "OmniRoute 2.0 has written it, and 1.0 does not know ThreadPaused"
        " — run that version here, too, or another that is as new"
    )
    assert caplog.messages == [f"this node does not write: {older.waits}"], "once"


def test_nobody_waits_for_an_older_version_that_cannot_write_itself() -> None:
    assert Others(one=node("one", OLD, waits="it lacks something")).turns(NEW).look()


def test_the_newer_writes_if_no_older_takes_over_in_time() -> None:
    others = Others(one=node("one", OLD, WRITER), two=node("two", OLD))
    newer = others.turns(NEW)

    def passes(seconds: float) -> bool:
        others.at += seconds
        return newer.look()

    assert not passes(PATIENCE), "somebody writes"
    del others.nodes["one"]
    assert not passes(1)
    assert not passes(PATIENCE - 1)
    assert passes(1)
    assert newer.waits == ""


def test_words_are_added_so_a_newer_version_stands_above() -> None:
    assert OLD.standing < NEW.standing < replace(OLD, form=OLD.form + 1).standing
    fields = replace(OLD, beside={**OLD.beside, "Body": (*OLD.beside["Body"], "colour")})
    assert OLD.standing < fields.standing
    assert OLD.lacks(fields) == ["Body.colour"]
    assert fields.lacks(OLD) == []
