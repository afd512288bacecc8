"""The accounts at work, over real sockets: one webhook, the day, templates, files, failures."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from plugins.meta.tests.conftest import NEWS, answer, post_of, texts

from omniroute import Address, File, Inbound, Outbound, Rejected, Retry, Template
from omniroute.testing.asgi import Answered, ask
from omniroute.testing.fakes import Bucket, Fault
from omniroute.testing.intake import listening
from omniroute_meta.account import AGAIN
from omniroute_meta.testing import INSTAGRAM, PAGE, WHATSAPP

if TYPE_CHECKING:
    from plugins.meta.tests.conftest import Bench
    from starlette.types import Receive, Scope, Send

DAY = 86_400


# --- the webhook ---


@pytest.mark.parametrize(
    ("mode", "token", "status"),
    [("subscribe", "made-up-by-the-admin", 200), ("subscribe", "guess", 403), ("x", "", 403)],
)
async def test_the_challenge_is_answered_where_the_token_is_ours(
    bench: Bench, mode: str, token: str, status: int
) -> None:
    bench.messenger()
    async with bench.listening():
        query = f"hub.mode={mode}&hub.verify_token={token}&hub.challenge=1158201444"
        answered = await asked(bench, query)
    assert (answered.status, answered.body) == (status, b"1158201444" if status == 200 else b"")


async def asked(bench: Bench, query: str) -> Answered:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await bench.app({**scope, "query_string": query.encode()}, receive, send)

    return await ask(app, "GET", "/hook")


async def test_each_message_of_a_post_is_kept_once_and_a_bad_one_harms_no_other(
    bench: Bench,
) -> None:
    channel = bench.whatsapp()
    body = post_of("whatsapp-batch")
    messages = body["entry"][0]["changes"][0]["value"]["messages"]
    messages.insert(1, {"type": "text", "text": {"body": "from nobody"}})
    async with bench.listening():
        for _ in range(2):
            assert (await bench.tells(body)).ok
    raws = bench.kept["whatsapp"].kept.values()
    assert len(raws) == 4
    read: list[Inbound] = []
    faults: list[str] = []
    for raw in raws:
        try:
            read += [one for one in channel.parse(raw) if isinstance(one, Inbound)]
        except ValueError as error:
            faults.append(str(error))
    assert [one.text for one in read] == ["I was charged twice", "the receipt", "me too"]
    assert len(faults) == 1


async def test_one_webhook_serves_three_accounts(bench: Bench) -> None:
    bench.messenger(), bench.whatsapp(), bench.instagram()
    async with bench.listening():
        for of in (WHATSAPP, PAGE, INSTAGRAM):
            bench.fake.person(of, "Joe Miller").says(f"hello by {of}")
        for kind, of in (("whatsapp", WHATSAPP), ("messenger", PAGE), ("instagram", INSTAGRAM)):
            (message,) = await bench.heard(kind, 1)
            assert (message.text, message.sender.display) == (f"hello by {of}", "Joe Miller")


async def test_what_is_a_neighbours_comes_again_until_that_one_listens(bench: Bench) -> None:
    bench.messenger()
    async with bench.listening():
        late = bench.whatsapp()
        assert (await bench.tells(post_of("whatsapp-batch"))).status == 503
        async with listening(late, bench.kept["whatsapp"]):
            assert (await bench.tells(post_of("whatsapp-batch"))).ok
    assert len(bench.kept["whatsapp"].kept) == 3
    assert not bench.kept["messenger"].kept


async def test_what_an_app_signs_counts_for_its_own_accounts_alone(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.messenger()
    bench.whatsapp(app_secret="another app's secret")
    async with bench.listening():
        with caplog.at_level(logging.ERROR):
            assert (await bench.tells(post_of("whatsapp-batch"))).ok
    assert not bench.kept["whatsapp"].kept
    assert "an account that is not set up here, 106540352242922" in caplog.text


async def test_the_name_is_asked_for_once_and_does_without(bench: Bench) -> None:
    bench.messenger()
    joe = bench.fake.person(PAGE, "Joe Miller")
    bench.fake.faults.add(Fault(joe.talk.id, "error", code=400, error="100"))
    async with bench.listening():
        joe.says("hello"), joe.says("again")
        found = await bench.heard("messenger", 2)
    assert [one.sender.display for one in found] == ["", ""]
    assert sum(joe.talk.id in path for path, _ in bench.fake.calls) == 0


async def test_a_file_that_cannot_be_had_does_not_hold_the_message(bench: Bench) -> None:
    bench.whatsapp(max_file=3)
    async with bench.listening():
        joe = bench.fake.person(WHATSAPP, "Joe Miller")
        joe.sends("a.txt", b"abc", "one", "text/plain")
        joe.sends("b.txt", b"abcd", "two", "text/plain")
        small, large = await bench.heard("whatsapp", 2)
    assert [file.data for file in small.files] == [b"abc"]
    assert (large.text, large.files) == ("two", ())
    assert large.unread == "b.txt: it is larger than the 3 bytes that are taken"


# --- the day, and templates ---


async def test_after_a_day_whatsapp_says_so_late_and_a_template_goes(bench: Bench) -> None:
    bench.fake.world.templates += [NEWS, {**NEWS, "name": "b"}, {**NEWS, "name": "c"}]
    channel = bench.whatsapp()
    joe = bench.fake.person(WHATSAPP, "Joe Miller")
    async with bench.listening():
        assert [one.name for one in channel.templates()] == ["b", "c", "order_news"]
        joe.says("where is it?")
        (message,) = await bench.heard("whatsapp", 1)
        bench.fake.world.later = DAY + 60
        await answer(channel, message, "Sorry, late", "k1")
        (failed,) = await bench.returned("whatsapp", 1)
        assert (failed.of, failed.permanent) == ("k1", True)
        assert "the time to answer is over" in failed.reason
        said = Outbound("k2", message.conversation, message.sender, "…", template="order_news",
                        values=("Joe", "4711", "sent"))  # fmt: skip
        receipt = await channel.send(said)
    (got,) = joe.got
    assert receipt.external_ids == (got.id,)
    assert got.text == "News for Joe\nOrder 4711: sent\nAcme"


async def test_a_template_begins_a_conversation_at_a_number(bench: Bench) -> None:
    bench.fake.world.templates.append(NEWS)
    channel = bench.whatsapp(templates=("order_news",))
    joe = bench.fake.person(WHATSAPP, "Joe Miller", id="4930123456")
    async with bench.listening():
        to = Address("phone", "+4930123456", verified=True)
        out = Outbound("k", to.value, to, "…", template="order_news", values=("Joe", "1", "x"))
        await channel.send(out)
    assert len(joe.got) == 1


async def test_a_template_that_has_gone_is_refused(bench: Bench) -> None:
    channel = bench.whatsapp()
    async with bench.listening():
        to = Address("whatsapp", "+4930123456", verified=True)
        with pytest.raises(Rejected, match="no approved template “order_news” any more"):
            await channel.send(Outbound("k", "4930123456", to, "…", template="order_news"))


async def test_new_templates_are_fetched_when_meta_says_so(bench: Bench) -> None:
    channel = bench.whatsapp()
    async with bench.listening():
        assert channel.templates() == []
        bench.fake.world.templates.append(NEWS)
        change = {"field": "message_template_status_update", "value": {"event": "APPROVED"}}
        bench.fake.post(WHATSAPP, {"changes": [change]})
        async with asyncio.timeout(15):
            while not channel.templates():  # noqa: ASYNC110 - nothing rings when they are there
                await asyncio.sleep(0)
        (offered,) = channel.templates()
    assert isinstance(offered, Template)


async def test_with_human_agent_people_answer_for_a_week_and_machines_for_a_day(
    bench: Bench,
) -> None:
    channel = bench.messenger(human_agent=True)
    assert channel.answer_window == 7 * DAY
    joe = bench.fake.person(PAGE, "Joe Miller")
    async with bench.listening():
        joe.says("hello")
        (message,) = await bench.heard("messenger", 1)
        bench.fake.world.later = 3 * DAY
        await answer(channel, message, "Hello Joe", "k1")
        with pytest.raises(Rejected, match="the time to answer is over"):
            await answer(channel, message, "We have got your message", "k2", automatic=True)
    assert [(one.text, one.tag) for one in joe.got] == [("Hello Joe", "HUMAN_AGENT")]


# --- sending ---


async def test_what_whatsapp_has_told_us_of_does_not_go_again(bench: Bench) -> None:
    channel = bench.whatsapp()
    joe = bench.fake.person(WHATSAPP, "Joe Miller")
    async with bench.listening():
        joe.says("hello")
        (message,) = await bench.heard("whatsapp", 1)
        bench.fake.faults.add(Fault("messages", "drop"))
        with pytest.raises(Retry):
            await answer(channel, message, "Hello Joe")
        await bench.fake.until(lambda: not bench.fake.waiting)
        receipt = await answer(channel, message, "Hello Joe", repeat=True)
        assert texts(joe.got) == ["Hello Joe"]
        assert receipt.external_ids == (joe.got[0].id,)


async def test_where_nobody_can_know_the_repeat_is_marked(bench: Bench) -> None:
    channel = bench.instagram()
    joe = bench.fake.person(INSTAGRAM, "Joe Miller")
    async with bench.listening():
        joe.says("hello")
        (message,) = await bench.heard("instagram", 1)
        await answer(channel, message, "x" * 920, repeat=True)
    assert texts(joe.got) == [f"{'x' * 920}\n\n{AGAIN}"]


async def test_a_file_that_may_have_come_is_sent_again_however_often_it_fails(
    bench: Bench,
) -> None:
    channel = bench.messenger()
    joe = bench.fake.person(PAGE, "Joe Miller")
    files = (File("a.txt", "text/plain", b"a"),)
    async with bench.listening():
        joe.says("hello")
        (message,) = await bench.heard("messenger", 1)
        bench.fake.faults.add(Fault("messages", "drop"))
        with pytest.raises(Retry):
            await answer(channel, message, "", files=files)
        bench.fake.faults.add(Fault("message_attachments", "disconnect"))
        with pytest.raises(Retry):
            await answer(channel, message, "", files=files, repeat=True)
        await answer(channel, message, "", files=files, repeat=True)
    assert [(one.text, len(one.files)) for one in joe.got] == [("", 1), (AGAIN, 0), ("", 1)]


async def test_of_several_files_those_that_have_gone_are_not_sent_again(bench: Bench) -> None:
    channel = bench.messenger()
    joe = bench.fake.person(PAGE, "Joe Miller")
    files = tuple(File(f"{name}.txt", "text/plain", name.encode()) for name in "ab")
    async with bench.listening():
        joe.says("hello")
        (message,) = await bench.heard("messenger", 1)
        joe.talk.pace = Bucket(2, 0.001)
        with pytest.raises(Retry):
            await answer(channel, message, "both", files=files)
        joe.talk.pace = None
        receipt = await answer(channel, message, "both", files=files)
    assert [(one.text, one.files) for one in joe.got] == [
        ("both", []),
        ("", [("a.txt", b"a")]),
        ("", [("b.txt", b"b")]),
    ]
    assert receipt.external_ids == tuple(one.id for one in joe.got)


async def test_sound_with_words_goes_as_a_document_and_quotes_are_kept(bench: Bench) -> None:
    channel = bench.whatsapp()
    joe = bench.fake.person(WHATSAPP, "Joe Miller")
    async with bench.listening():
        asked_about = joe.says("how does it sound?")["id"]
        (message,) = await bench.heard("whatsapp", 1)
        sound = File("bell.mp3", "audio/mpeg", b"ding")
        await answer(channel, message, "so", files=(sound,), quotes=asked_about)
    (got,) = joe.got
    assert (got.text, got.files, got.answers) == ("so", [("bell.mp3", b"ding")], asked_about)
    assert [given["type"] for path, given in bench.fake.calls if path.endswith("messages")] == [
        "document"
    ]


async def test_what_messenger_marks_as_read_up_to_a_time_is_what_was_sent_until_then(
    bench: Bench,
) -> None:
    channel = bench.messenger()
    joe = bench.fake.person(PAGE, "Joe Miller")
    async with bench.listening():
        joe.says("hello")
        (message,) = await bench.heard("messenger", 1)
        await answer(channel, message, "one", "k1")
        await answer(channel, message, "two", "k2")
        bench.fake.world.later = 1
        joe.reads()
        found = await bench.heard("messenger", 3)
    assert [(one.kind, one.external_id) for one in found[1:]] == [
        ("read", one.id) for one in joe.got
    ]


async def test_of_whoever_is_erased_nothing_is_remembered(bench: Bench) -> None:
    channel = bench.messenger()
    joe = bench.fake.person(PAGE, "Joe Miller")
    async with bench.listening():
        joe.says("hello")
        (message,) = await bench.heard("messenger", 1)
        await answer(channel, message, "Hello Joe")
        for _ in range(2):
            await channel.forget([message.sender.value])
    assert joe.talk.id not in f"{vars(channel)}{vars(channel.fetching)}"


async def test_whatsapp_shows_who_writes_as_an_answer_to_the_last_message(bench: Bench) -> None:
    channel = bench.whatsapp()
    joe = bench.fake.person(WHATSAPP, "Joe Miller")
    async with bench.listening():
        await channel.show_typing("4915550", Address("whatsapp", "+4915550"))
        assert bench.fake.signs == []
        said = joe.says("hello")
        (message,) = await bench.heard("whatsapp", 1)
        await channel.show_typing(message.conversation, message.sender)
    (sign,) = bench.fake.signs
    assert (sign["message_id"], sign["typing_indicator"]) == (said["id"], {"type": "text"})


async def test_whoever_hides_their_number_is_answered_by_their_id(bench: Bench) -> None:
    channel = bench.whatsapp()
    joe = bench.fake.person(WHATSAPP, "Joe Miller", scoped="DE.1349120865530274", hides=True)
    async with bench.listening():
        joe.says("guess who")
        (message,) = await bench.heard("whatsapp", 1)
        await answer(channel, message, "Hello Joe")
    assert texts(joe.got) == ["Hello Joe"]


async def test_a_token_of_another_page_is_found_out(bench: Bench) -> None:
    channel = bench.messenger(page_id="999999999")
    health = await channel.check()
    assert not health.ok
    assert "opens Acme (1014567890123)" in health.found
    assert "channels.fb.token" in health.fix


async def test_a_node_that_follows_takes_events_in(bench: Bench) -> None:
    """It has none of the account's books, and needs none."""
    bench.follows = True
    channel = bench.whatsapp()
    async with bench.listening():
        assert channel.anywhere
        assert (await bench.tells(post_of("whatsapp-batch"))).ok
    assert bench.kept["whatsapp"].kept
