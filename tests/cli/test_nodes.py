"""What `omniroute nodes` says to whoever is on call."""

from typing import Any

import msgspec

from omniroute.cli.nodes import told
from omniroute.server.roster import FOLLOWER, WRITER, ArchiveReport, NodeReport

NOW = 1_772_442_900_000  # ms
A = NodeReport("a1", WRITER, NOW, "https://a.example", owed=3, term=4, head=1903, version="1.1")
B = NodeReport("b2", FOLLOWER, NOW, "https://b.example", version="1.0")


def said(*nodes: NodeReport, writer: str | None = "a1", handed: int = 0) -> list[str]:
    found: dict[str, Any] = {"writer": writer, "handed_over": handed}
    return told({**found, "nodes": [msgspec.to_builtins(each) for each in nodes]}, NOW).splitlines()


def test_a_follower_has_no_term_no_head_and_nothing_to_send() -> None:
    _, writer, follower = said(A, B)
    assert writer.split()[4:8] == ["4", "1903", "3", "0"]
    assert follower.split()[4:9] == ["-", "-", "-", "0", "-"]


def test_each_says_its_version() -> None:
    assert ["1.1" in said(A, B)[1], "1.0" in said(A, B)[2]] == [True, True]


def test_what_waits_on_a_disk_says_for_how_long() -> None:
    for ms, shown in ((1_500, "1 s"), (119_000, "119 s"), (7_100_000, "118 min"), (9e6, "2 h")):
        waits = msgspec.structs.replace(B, spooled=2, oldest=NOW - int(ms))
        assert f" 2        {shown} " in said(A, waits)[2]


def test_where_which_channel_is_heard_is_named() -> None:
    here = msgspec.structs.replace(A, hears=("email/help", "telegram/desk"))
    assert said(here, B)[-1] == "a1 takes in email/help, telegram/desk"


def test_what_is_wrong_is_said_below() -> None:
    stuck = msgspec.structs.replace(B, waits="it does not know CustomerMoved")
    archive = ArchiveReport(1800, 103)
    told = said(msgspec.structs.replace(A, archive=archive), stuck, writer=None, handed=7)
    assert told[3:] == [
        "nobody writes just now",
        "the archive is at record 1800, 103 behind",
        "b2 does not write: it does not know CustomerMoved",
        "7 handed over and not decided",
    ]


def test_a_node_of_an_earlier_version_says_less() -> None:
    earlier = msgspec.to_builtins(B)
    for later in ("oldest", "hears", "waits"):
        del earlier[later]
    text = told({"writer": None, "handed_over": 0, "nodes": [earlier]}, NOW)
    assert "follower" in text
