"""Where an answer goes is said before it goes, and is where it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from omniroute.application import commands as c
from omniroute.application.authorize import SYSTEM
from omniroute.application.desks import DeskDoor
from omniroute.application.ways import Means
from omniroute.channel import Template
from omniroute.core import inputs as i
from omniroute.core.effects import Deliver
from omniroute.errors import Refused
from omniroute.runtime.rows import Attachment, Body

if TYPE_CHECKING:
    from tests.application.conftest import Desk

JOE = "joe@mail.example"


async def joes(desk: Desk) -> int:
    """Joe is known by mail from his login at the web chat, where he writes; Ana has him."""
    thread = desk.scene.writes("v-17", "charged twice", channel="webchat", name="Joe", also=JOE)
    desk.scene.replies("ana", thread, "hello")
    desk.application.ways.means = {
        "email": Means(opens="help"),
        "webchat": Means(files=False),
    }
    await desk.seen()
    return thread


def door(desk: Desk) -> DeskDoor:
    return DeskDoor(desk.application, hold=5_000)


def last(desk: Desk) -> Deliver:
    found = [e for e in desk.scene.effects.values() if isinstance(e, Deliver)]
    return found[-1]


async def fails(desk: Desk, thread: int, words: str) -> None:
    """The last answer does not arrive."""
    sent = last(desk)
    desk.scene.decide(
        lambda at: i.Delivered(
            f"d/{sent.id}", at, sent.id, thread, "rejected", sent.message, handle=sent.handle
        ),
        {f"x/{sent.id}": b'{"reason": "%s"}' % words.encode()},
    )
    await desk.seen()


async def test_every_way_is_named_the_usual_one_first(desk: Desk) -> None:
    thread = await joes(desk)
    sheet = await door(desk).look("ana", thread)
    assert [way.text for way in sheet.ways] == ["Joe by web chat", f"{JOE} by e-mail"]
    assert sheet.to == "Joe by web chat"


async def test_a_blocked_channel_is_passed_over_and_that_is_said_first(desk: Desk) -> None:
    thread = await joes(desk)
    await fails(desk, thread, "this visitor has gone")
    sheet = await door(desk).look("ana", thread)
    assert sheet.to == f"{JOE} by e-mail (web chat: this visitor has gone)"
    assert sheet.ways[1].doubt == "web chat: this visitor has gone"
    told = await door(desk).say("ana", thread, "reply you get it back")
    assert told == f"Goes out in 5 s to {JOE}; you can take it back until then."
    desk.scene.wait(seconds=6)
    assert (last(desk).handle, last(desk).begins) == (f"h:{JOE}", ("email", "help"))


async def test_the_agent_may_choose_all_the_same(desk: Desk) -> None:
    thread = await joes(desk)
    told = await door(desk).say("ana", thread, "via email by mail, then")
    assert JOE in told
    desk.scene.wait(seconds=6)
    assert last(desk).handle == f"h:{JOE}"
    await door(desk).say("ana", thread, f"via {JOE} once more")
    await fails(desk, thread, "gone")
    await door(desk).say("ana", thread, "via webchat are you there?")
    desk.scene.wait(seconds=6)
    assert last(desk).handle == "h:v-17"


async def test_a_way_that_is_not_there_sends_nothing(desk: Desk) -> None:
    thread = await joes(desk)
    with pytest.raises(Refused) as refused:
        await door(desk).say("ana", thread, "via telegram hello")
    assert refused.value.code == "no_way"
    assert f"there is Joe by web chat or {JOE} by e-mail" in refused.value.text
    with pytest.raises(Refused) as refused:
        await desk.does("ana", c.Reply(thread=thread, text="hello", seen=1, to="h:eve@x.org"))
    assert refused.value.code == "no_way"


async def test_files_go_by_a_way_that_carries_them(desk: Desk) -> None:
    thread = await joes(desk)
    invoice = Attachment("invoice.pdf", "application/pdf", 4, desk.scene.files.put(b"%PDF"))
    reply = c.Reply(thread=thread, text="your invoice", seen=1, files=(invoice,))
    assert JOE in (await desk.does("ana", reply)).text
    desk.application.ways.means = {"webchat": Means(files=False)}
    with pytest.raises(Refused) as refused:
        await desk.does("ana", reply)
    assert refused.value.text == "No files go by web chat; send them another way."


async def test_a_way_says_what_it_takes_and_more_than_that_is_refused(desk: Desk) -> None:
    thread = await joes(desk)
    files = tuple(
        Attachment(f"{n}.txt", "text/plain", 4, desk.scene.files.put(b"four")) for n in range(3)
    )
    desk.application.ways.means = {"webchat": Means(most_files=2, largest_file=3)}
    [way, *_] = (await desk.application.query.thread(SYSTEM, thread)).ways
    assert (way.files, way.largest) == (2, 3)
    for some, said in (
        (files, "At most 2 files go by web chat at once; send the others after it."),
        (files[:1], "Too big: “0.txt”; a file by web chat has at most 3 B."),
    ):
        with pytest.raises(Refused) as refused:
            await desk.does("ana", c.Reply(thread=thread, text="", seen=1, files=some))
        assert refused.value.text == said
    desk.application.ways.means = {"webchat": Means(files=False)}
    assert (await desk.application.query.thread(SYSTEM, thread)).ways[0].files == 0


async def test_after_a_platform_s_day_the_next_way_is_proposed(desk: Desk) -> None:
    thread = await joes(desk)
    desk.application.ways.means = {"email": Means(opens="help"), "webchat": Means(window=60_000)}
    assert (await door(desk).look("ana", thread)).to == "Joe by web chat"
    desk.scene.wait(minutes=1)
    why = "web chat takes no answer until the customer writes there again"
    assert (await door(desk).look("ana", thread)).to == f"{JOE} by e-mail ({why})"
    desk.application.ways.means = {"webchat": Means(window=60_000)}
    with pytest.raises(Refused) as refused:
        await desk.does("ana", c.Reply(thread=thread, text="hello", seen=1))
    assert refused.value.code == "window_closed"


async def test_who_wants_nothing_there_is_written_to_elsewhere_or_not_at_all(desk: Desk) -> None:
    thread = await joes(desk)
    chat = Means(unwanted=lambda to: to.kind == "webchat")
    desk.application.ways.means = {"email": Means(opens="help"), "webchat": chat}
    why = "web chat: they have said that they want no messages there"
    assert (await door(desk).look("ana", thread)).to == f"{JOE} by e-mail ({why})"
    desk.application.ways.means = {"webchat": chat}
    with pytest.raises(Refused) as refused:
        await desk.does("ana", c.Reply(thread=thread, text="hello", seen=1))
    assert refused.value.code == "unwanted"


async def test_where_nothing_better_is_known_it_goes_as_ever_and_the_doubt_is_said(
    desk: Desk,
) -> None:
    thread = desk.scene.writes(JOE, "charged twice")
    desk.scene.replies("ana", thread, "hello")
    await fails(desk, thread, "550 no such user")
    assert (
        await door(desk).look("ana", thread)
    ).to == f"{JOE} by e-mail (e-mail: 550 no such user)"
    outcome = await desk.does("ana", c.Reply(thread=thread, text="hello?", seen=1))
    assert outcome.ok
    desk.scene.wait(seconds=6)
    assert last(desk).handle == f"h:{JOE}"


async def test_nobody_is_answered_at_an_address_that_several_share(desk: Desk) -> None:
    thread = await joes(desk)
    desk.scene.decide(lambda at: i.ShareDeclared("share", at, f"h:{JOE}"))
    await desk.seen()
    assert [way.text for way in (await door(desk).look("ana", thread)).ways] == ["Joe by web chat"]


# --- templates ---

NEWS = Template("order_news", "Order {{number}}: {{news}}", ("number", "news"), "en")


async def joe_was_silent(desk: Desk) -> int:
    """Joe wrote by a platform that takes answers for a minute only, and that minute is over."""
    thread = desk.scene.writes("v-17", "charged twice", channel="webchat", name="Joe")
    desk.scene.replies("ana", thread, "hello")
    desk.application.ways.means = {"webchat": Means(window=60_000, templates=lambda: (NEWS,))}
    desk.scene.wait(minutes=2)
    await desk.seen()
    return thread


def last_body(desk: Desk) -> Body:
    key = f"b/{last(desk).message}"
    return msgspec.json.decode(desk.scene.reader.get([key])[key], type=Body)


async def test_whoever_may_not_write_plainly_any_more_reads_so_and_what_goes(desk: Desk) -> None:
    thread = await joe_was_silent(desk)
    sheet = await door(desk).look("ana", thread)
    why = "web chat takes no answer until the customer writes there again; a template goes"
    assert sheet.to == f"Joe by web chat ({why})"
    assert sheet.templates == (NEWS,)
    with pytest.raises(Refused) as refused:
        await door(desk).say("ana", thread, "reply hello?")
    assert refused.value.text == (
        "Nothing gets through by web chat until the customer writes there again; a template does:"
        " template order_news <number> <news>."
    )


async def test_a_template_goes_out_with_its_values_and_the_words_the_customer_reads(
    desk: Desk,
) -> None:
    thread = await joe_was_silent(desk)
    told = await door(desk).say("ana", thread, 'template order_news 4711 "on its way"')
    assert told == "Goes out in 5 s; you can take it back until then: “Order 4711: on its way”"
    desk.scene.wait(seconds=6)
    assert last(desk).handle == "h:v-17"
    body = last_body(desk)
    assert (body.text, body.template) == ("Order 4711: on its way", "order_news")
    assert body.values == ("4711", "on its way")


async def test_an_agent_can_ask_which_templates_there_are(desk: Desk) -> None:
    thread = await joe_was_silent(desk)
    said = await door(desk).say("ana", thread, "template")
    assert said == "template order_news <number> <news>\n    Order {{number}}: {{news}}"


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("template order_new 1 2", "no_template", "did you mean “order_news”?"),
        ("template order_news 4711", "bad_values", "template order_news <number> <news>"),
        ("template order_news 1 2 3", "bad_values", '"quotation marks"'),
    ],
)
async def test_a_template_that_cannot_be_meant_sends_nothing(
    desk: Desk, line: str, code: str, words: str
) -> None:
    thread = await joe_was_silent(desk)
    with pytest.raises(Refused) as refused:
        await door(desk).say("ana", thread, line)
    assert refused.value.code == code
    assert words in refused.value.text


async def test_a_template_goes_alone(desk: Desk) -> None:
    thread = await joe_was_silent(desk)
    reply = c.Reply(thread=thread, text="hello", template="order_news", seen=1)
    with pytest.raises(Refused) as refused:
        await desk.does("ana", reply)
    assert refused.value.code == "template_alone"


async def test_a_template_begins_a_conversation_at_an_address_that_is_proved(desk: Desk) -> None:
    thread = desk.scene.writes("v-17", "call me", channel="webchat", name="Joe", also=JOE)
    desk.scene.replies("ana", thread, "hello")
    await desk.seen()
    whatsapp = Means(window=60_000, opens="main", reaches=("email",), templates=lambda: (NEWS,))
    desk.application.ways.means = {"whatsapp": whatsapp}
    sheet = await door(desk).look("ana", thread)
    assert [(way.text, way.doubt) for way in sheet.ways] == [
        ("Joe by web chat", ""),
        (
            f"{JOE} by WhatsApp",
            "WhatsApp takes no answer until the customer writes there again; a template goes",
        ),
    ]
    await door(desk).say("ana", thread, "template order_news 4711 sent")
    desk.scene.wait(seconds=6)
    assert (last(desk).handle, last(desk).begins) == (f"h:{JOE}", ("whatsapp", "main"))


async def test_accounts_of_one_kind_may_differ(desk: Desk) -> None:
    thread = await joe_was_silent(desk)
    desk.scene.writes("v-17", "are you there?", channel="webchat", name="Joe", account="second")
    desk.scene.wait(minutes=2)
    await desk.seen()
    desk.application.ways.means = {
        "webchat": Means(window=60_000),
        "webchat/second": Means(window=600_000),
    }
    sheet = await door(desk).look("ana", thread)
    assert sheet.ways[0].doubt == ""
    assert sheet.ways[0].until > desk.application.now()


async def test_an_answer_to_a_form_is_said_to_go_where_it_goes(desk: Desk) -> None:
    thread = desk.scene.writes("f1", "where is it?", channel="contactform", name="Joe <joe@x.org>")
    desk.scene.replies("ana", thread, "hello")
    desk.application.ways.means = {
        "email": Means(opens="help"),
        "contactform": Means(files=False, by="email"),
    }
    await desk.seen()
    sheet = await door(desk).look("ana", thread)
    assert sheet.to == "Joe <joe@x.org> by e-mail, as given in the contact form"
    assert [way.doubt for way in sheet.ways] == [""]
