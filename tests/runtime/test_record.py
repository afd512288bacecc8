"""The journal's record: what is written can be read for ever, and says nothing private."""

from __future__ import annotations

import typing

import msgspec
import pytest

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.model import Handle, Thread
from omniroute.runtime.record import VERSION, Entry, decode, encode
from omniroute.testing.histories import History, acts
from omniroute.testing.rig import Rig


def entries(machine_journal: typing.Any) -> list[Entry]:
    return [
        Entry(
            VERSION,
            done.input.at,
            done.input,
            done.decision.events,
            done.decision.why,
            tuple(effect.id for effect in done.decision.effects),
            done.rules,
        )
        for done in machine_journal
    ]


def test_a_record_looks_like_this() -> None:
    message = i.MessageReceived("k", 5, "m", "webchat", "main", i.Seen("h", "webchat"), live=True)
    seen = e.HandleSeen(Handle("h", "h", "webchat", 5))
    why: dict[str, object] = {"about": "identity", "handle": "h", "how": "new"}
    entry = Entry(VERSION, 5, message, (seen, e.ThreadOpened(1, "h")), (why,), ("effect",), "rules")
    assert encode(entry) == (
        b'{"v":1,"at":5,'
        b'"in":{"in":"MessageReceived","key":"k","at":5,"message":"m","channel":"webchat",'
        b'"account":"main","sender":{"id":"h","kind":"webchat"},"live":true},'
        b'"ev":[{"ev":"HandleSeen","handle":{"id":"h","customer":"h","kind":"webchat","since":5,'
        b'"unique":false,"verified":true}},{"ev":"ThreadOpened","thread":1,"customer":"h"}],'
        b'"why":[{"about":"identity","handle":"h","how":"new"}],"ef":["effect"],"rules":"rules"}'
    )


def test_whatever_is_written_is_read_back() -> None:
    for entry in entries(History().play(acts(4, 300)).journal):
        read = decode(encode(entry))
        assert (read.v, read.at, read.input, read.ev) == (1, entry.at, entry.input, entry.ev)
        assert encode(decode(encode(read))) == encode(read)


def test_every_input_and_every_event_has_a_name_of_its_own() -> None:
    for union in (i.AnyInput, e.AnyEvent):
        kinds = typing.get_args(union)
        assert len({msgspec.inspect.type_info(kind).tag for kind in kinds}) == len(kinds)  # type: ignore[attr-defined]


def test_a_record_of_a_kind_that_is_not_known_cannot_be_read() -> None:
    with pytest.raises(msgspec.ValidationError, match="Invalid value 'Dreamt'"):
        decode(b'{"v":1,"at":0,"in":{"in":"TimerDue","key":"k","at":0,"thread":1,"due":0},'
               b'"ev":[{"ev":"Dreamt"}]}')  # fmt: skip


def test_a_field_that_came_later_is_left_out_by_those_who_do_not_know_it() -> None:
    read = decode(b'{"v":1,"at":0,"in":{"in":"TimerDue","key":"k","at":0,"thread":1,"due":0},'
                  b'"ev":[{"ev":"ThreadClosed","thread":1,"mood":"calm"}]}')  # fmt: skip
    assert read.ev == (e.ThreadClosed(1),)


def test_neither_the_journal_nor_the_core_s_rows_hold_what_was_said() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("Joseph Conrad", webchat="visitor", email="joe@mail.example", verified=True)
    joe.on("webchat").says("I was charged twice")
    ana.accepts()
    ana.notes("she is right")
    ana.replies("so sorry", hold=5)
    rig.wait(minutes=1)
    ana.transfers(to="general", because="not my cup of tea")
    written = b"".join(map(encode, entries(rig.machine.journal))) + b"".join(
        rig.machine.rows.values()
    )
    for word in ("Joseph", "Conrad", "charged", "right", "sorry", "cup of tea"):
        assert word.encode() not in written


def test_a_thread_that_waits_is_a_small_row() -> None:
    rig = Rig()
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    row = rig.machine.rows[f"t/{joe.thread.id}"]
    assert msgspec.json.decode(row, type=Thread) == joe.thread
    assert len(row) < 600
