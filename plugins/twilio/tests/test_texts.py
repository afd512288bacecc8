"""Texts both ways, over the fake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from omniroute import (
    Address,
    ConfigError,
    File,
    NotAuthorised,
    Outbound,
    Rejected,
    Retry,
    Secret,
    Site,
    Undelivered,
)
from omniroute.testing.fakes import Bucket, Fault
from omniroute.testing.intake import Notebook, as_follower, standing_in
from omniroute_twilio import settings
from omniroute_twilio.channel import SmsChannel
from omniroute_twilio.testing import FakeTwilio, Phone

Out = Callable[..., Outbound]
PICTURE = File("bill ü.png", "image/png", b"png")


# --- in ---


async def test_a_text_comes_in_from_a_number_that_the_network_vouches_for(
    bench: Any, joe: Phone
) -> None:
    await joe.says("I was charged twice")
    (said,) = bench.read()
    assert (said.text, said.conversation) == ("I was charged twice", joe.number)
    assert said.sender == Address("phone", joe.number, verified=True)


async def test_an_mms_brings_its_files(bench: Any, joe: Phone) -> None:
    files = ("image/jpeg", "", b"jpg"), ("application/pdf", "bill.pdf", b"pdf")
    await joe.says("two files", *files)
    (said,) = bench.read()
    assert [(file.name, file.media_type, file.data) for file in said.files] == [
        ("file-1.jpg", "image/jpeg", b"jpg"),
        ("bill.pdf", "application/pdf", b"pdf"),
    ]


async def test_a_file_that_does_not_come_does_not_hold_the_words(
    bench: Any, joe: Phone, fake: FakeTwilio
) -> None:
    fake.faults.add(Fault("store", "error", code=404, error="gone"))
    await joe.says("look", ("image/png", "bill.png", b"png"))
    (said,) = bench.read()
    assert (said.text, said.files) == ("look", ())
    assert said.unread == "“file-1.png”: Twilio does not give it out: 404"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://twilio.com.evil.example/x",
        "https://user@api.twilio.com/x",
        "https://api.twilio.com:8443/x",
        "file:///etc/passwd",
    ],
)
async def test_files_are_fetched_from_twilio_and_from_nowhere_else(bench: Any, url: str) -> None:
    (found,) = await bench.channel.fetching.all([(url, "image/png", "x")])
    assert (found.data, found.fault) == (b"", "its address is none of Twilio's")


async def test_a_large_file_is_left_out(bench_of: Any, joe: Phone) -> None:
    async with bench_of(max_file=3).listening() as bench:
        await joe.says("", ("image/png", "a.png", b"1234"))
        (said,) = bench.read()
        assert said.unread == "“file-1.png”: it is larger than the 3 bytes that we take"


async def test_what_came_while_nobody_answered_is_taken_from_the_log(
    bench_of: Any, joe: Phone, fake: FakeTwilio
) -> None:
    missed = joe.text("one", ("image/png", "a.png", b"png"))
    joe.text("two")
    async with bench_of().listening() as bench:
        await bench.kept.until(2)
        assert bench.lines() == ["one", "two"]
        assert [file.data for file in bench.read()[0].files] == [b"png"]
        await joe.tell(missed)
        assert len(bench.kept.kept) == 2


async def test_requests_are_believed_only_as_twilio_signs_them(
    bench: Any, joe: Phone, fake: FakeTwilio
) -> None:
    url, fields = f"{bench.base}/message", fake.fields(joe.text("hello"))
    body, headers = fake.signed(f"{url}?of=another", fields)
    async with fake.client() as client:
        assert (await client.post(url, content=body, headers=headers)).status_code == 403
        body, headers = fake.signed(url, fields)
        assert (await client.post(url, content=body + b"&x=1", headers=headers)).status_code == 403
        assert (await client.post(url, content=b"\xff", headers=headers)).status_code == 400
        assert (await client.post(url, content=body, headers=headers)).status_code == 200
    assert bench.lines() == ["hello"]


async def test_a_node_that_follows_keeps_texts_for_the_writer_who_heeds_them(
    bench: Any, joe: Phone, fake: FakeTwilio, outbound: Out, tmp_path: Path
) -> None:
    about: dict[str, Any] = {
        "account_sid": fake.account, "auth_token": Secret(fake.token), "number": fake.number,
        "help_text": "We are here.", "api_url": fake.url,
    }  # fmt: skip
    config = settings.Sms(**about)
    site = as_follower(Site(tmp_path / "b", "http://desk.example", "Acme", b"a secret of no value"))
    follower, kept = SmsChannel("line", config, site), Notebook()
    assert follower.anywhere
    mount = Mount(bench.base.removeprefix("http://desk.example"), routes=list(follower.routes()))
    transport = httpx.ASGITransport(app=Starlette(routes=[mount]))
    async with standing_in(follower, kept), httpx.AsyncClient(transport=transport) as client:

        async def tells(path: str, fields: Any) -> httpx.Response:
            body, headers = fake.signed(f"{bench.base}{path}", fields)
            return await client.post(f"{bench.base}{path}", content=body, headers=headers)

        assert "We are here." in (await tells("/message", fake.fields(joe.text("HELP")))).text
        assert (await tells("/message", fake.fields(joe.text("STOP")))).status_code == 200
        delivered = {"MessageSid": "SM1", "MessageStatus": "delivered"}
        assert (await tells("/status?of=m1", delivered)).status_code == 200
        call = {"CallSid": "CA1", "From": joe.number}
        assert (await tells("/call", call)).status_code == 503  # what comes next is the writer's
        gone = "/files/9999999999/" + "0" * 64 + "/x/text/a.txt"
        assert (await client.get(f"{bench.base}{gone}")).status_code == 404
    assert len(kept.kept) == 3
    for raw in [*kept.kept.values()] * 2:
        await bench.channel.take_up(raw)
    assert bench.lines() == ["HELP", "STOP"]
    assert len(bench.kept.kept) == 3
    with pytest.raises(Rejected, match="answered STOP"):
        await bench.channel.send(outbound())


# --- the words of the networks ---


async def test_who_says_stop_gets_nothing_until_they_say_start(
    bench: Any, joe: Phone, outbound: Out, fake: FakeTwilio
) -> None:
    await joe.says("Stop.")
    (said,) = bench.read()
    assert (said.text, said.automatic) == ("Stop.", True)  # nobody's program answers that
    with pytest.raises(Rejected, match="answered STOP"):
        await bench.channel.send(outbound())
    assert not [name for name, _ in fake.calls if name == "send"]
    await joe.says("START")
    await bench.channel.send(outbound("welcome back"))
    assert joe.texts() == ["welcome back"]


async def test_a_stop_that_only_twilio_knows_is_remembered(
    bench: Any, joe: Phone, outbound: Out, fake: FakeTwilio
) -> None:
    fake.world.stopped.add(joe.number)
    for _ in range(2):
        with pytest.raises(Rejected, match="answered STOP"):
            await bench.channel.send(outbound())
    assert len([name for name, _ in fake.calls if name == "send"]) == 1


async def test_help_is_answered_at_once_unless_twilio_has(bench_of: Any, joe: Phone) -> None:
    async with bench_of(help_text="Acme. Call 555 & ask.").listening() as bench:
        await joe.says("help")
        await joe.says("HELP", OptOutType="HELP")
        await joe.says("I need help")
        assert joe.texts() == ["Acme. Call 555 & ask."]
        assert bench.lines() == ["help", "HELP", "I need help"]


# --- out ---


async def test_an_answer_goes_out_and_says_where_its_fate_is_told(
    bench: Any, joe: Phone, outbound: Out
) -> None:
    receipt = await bench.channel.send(outbound("Yes, we do."))
    (text,) = joe.inbox()
    assert (text.body, text.hook) == ("Yes, we do.", f"{bench.base}/status?of=k1")
    assert receipt.external_ids == (text.sid,)


async def test_a_repeat_is_marked_in_letters_that_keep_it_narrow(
    bench: Any, joe: Phone, outbound: Out
) -> None:
    await bench.channel.send(outbound("Yes.", repeat=True))
    assert joe.texts() == ["Yes.\n\n(You may have this already.)"]
    assert joe.texts()[0].isascii()


async def test_a_messaging_service_sends_instead_of_the_number(
    bench_of: Any, fake: FakeTwilio, outbound: Out
) -> None:
    service = "MG" + "0" * 32
    async with bench_of(messaging_service=service).listening() as bench:
        await bench.channel.send(outbound())
    (sent,) = [fields for name, fields in fake.calls if name == "send"]
    assert sent["MessagingServiceSid"] == service
    assert "From" not in sent


async def test_files_go_as_links_where_there_is_no_mms(
    bench: Any, joe: Phone, outbound: Out, fake: FakeTwilio
) -> None:
    await bench.channel.send(outbound("the bill", files=(PICTURE,)))
    words, link = joe.texts()[0].split("\n\nbill ü.png: ")
    assert words == "the bill"
    async with fake.client() as client:
        answer = await client.get(link)
        assert (answer.content, answer.headers["content-type"]) == (b"png", "image/png")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert (await client.get(link.replace("image", "text"))).status_code == 404
        assert (await client.get(link.replace("/files/1", "/files/2"))).status_code == 404


async def test_files_go_along_where_there_is_mms_and_it_carries_them(
    bench_of: Any, joe: Phone, outbound: Out
) -> None:
    page = File("a.html", "text/html", b"<b>")
    async with bench_of(mms=True).listening() as bench:
        await bench.channel.send(outbound("both", files=(PICTURE, page)))
    (text,) = joe.inbox()
    assert [(media.media_type, media.data) for media in text.media] == [("image/png", b"png")]
    assert text.body.startswith("both\n\na.html: http")


@pytest.mark.parametrize(
    ("fault", "doubt", "after"),
    [
        (Fault("send", "drop"), True, None),
        (Fault("send", "error", code=503, error="20503: away"), True, None),
        (Fault("send", "error", code=429, error="20429: slow", retry_after=17), False, 17.0),
        (Fault("send", "disconnect"), True, None),
    ],
)
async def test_what_may_work_later(
    bench: Any, fake: FakeTwilio, outbound: Out, fault: Fault, doubt: bool, after: float | None
) -> None:
    fake.faults.add(fault)
    with pytest.raises(Retry) as error:
        await bench.channel.send(outbound())
    assert (error.value.in_doubt, error.value.after) == (doubt, after)


async def test_a_rate_is_kept_to(bench_of: Any, fake: FakeTwilio, outbound: Out) -> None:
    async with bench_of(catch_up=0).listening() as bench:  # nothing else calls meanwhile
        fake.limit = Bucket(burst=1, rate=0.2)
        await bench.channel.send(outbound())
        with pytest.raises(Retry) as error:
            await bench.channel.send(outbound())
        assert error.value.after is not None
        assert 1 <= error.value.after <= 5


@pytest.mark.parametrize(
    ("code", "reason", "by_content"),
    [
        ("21614", "landline", False),
        ("30034", "not registered", False),
        ("21617", "too long", True),
        ("29999", "Twilio says: a new reason .29999.", False),
    ],
)
async def test_what_will_never_work_says_why(
    bench: Any, fake: FakeTwilio, outbound: Out, code: str, reason: str, by_content: bool
) -> None:
    fake.faults.add(Fault("send", "error", code=400, error=f"{code}: a new reason"))
    with pytest.raises(Rejected, match=reason) as error:
        await bench.channel.send(outbound())
    assert error.value.by_content is by_content


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (30003, "their telephone cannot be reached: it is off, or without a network"),
        (30006, "this is a landline, or its network takes no texts; call them instead"),
        (30007, "their network took it for advertising and dropped it"),
        (0, "Twilio does not say why"),
    ],
)
async def test_a_text_that_did_not_arrive_is_reported_with_the_reason(
    bench: Any, joe: Phone, outbound: Out, fake: FakeTwilio, code: int, reason: str
) -> None:
    await bench.channel.send(outbound())
    (text,) = joe.inbox()
    for status in ("sent", "undelivered"):
        await fake.reports(text, status, code if status == "undelivered" else 0)
    assert bench.read() == [Undelivered("k1", reason)]


async def test_what_has_arrived_is_told(
    bench: Any, joe: Phone, outbound: Out, fake: FakeTwilio
) -> None:
    (sid,) = (await bench.channel.send(outbound())).external_ids
    await fake.reports(joe.inbox()[0], "delivered")
    (came,) = bench.read()
    assert (came.kind, came.external_id, came.sender.value) == ("delivered", sid, joe.number)


async def test_what_is_not_there_any_more_is_not_offered(
    bench_of: Any, joe: Phone, outbound: Out, fake: FakeTwilio
) -> None:
    async with bench_of(link_days=1).listening() as bench:
        await bench.channel.send(outbound("", files=(PICTURE,)))
        link = joe.texts()[0].partition(": ")[2]
        bench.channel.links._clock = lambda: fake.world.clock() + 2 * 86_400
        async with fake.client() as client:
            assert (await client.get(link)).status_code == 410


# --- health ---


async def test_health_says_what_to_put_where(bench: Any, fake: FakeTwilio) -> None:
    assert (await bench.channel.check()).found == "open as +15005550006 of Acme"
    fake.world.numbers[fake.number]["sms_url"] = "https://elsewhere.example"
    health = await bench.channel.check()
    assert (health.ok, health.found) == (
        False, "at Twilio “A message comes in” of +15005550006 leads elsewhere",
    )  # fmt: skip
    url = f"{bench.base}/message#rc=5&rp=all"
    assert health.fix == f"put {url} there, as Webhook, HTTP POST"
    fake.world.numbers.clear()
    assert "none of the account's numbers" in (await bench.channel.check()).found


async def test_a_wrong_token_says_where_to_get_one(bench_of: Any, fake: FakeTwilio) -> None:
    bench = bench_of(auth_token=Secret("another"))
    with pytest.raises(ConfigError, match="Twilio does not know") as error:
        await bench.channel.listen(bench.kept)
    assert "another" not in str(error.value)
    fake.faults.add(Fault("send", "error", code=401, error="20003: Authenticate"))
    with pytest.raises(NotAuthorised, match=r"channels\.line\.auth_token"):
        await bench.channel.send(Outbound("k", "+14155550101", Address("phone", "+1"), "x"))
    bench.channel.memory.close()


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"account_sid": "AC1"}, "no account's SID"),
        ({"number": "whatsapp:+15005550006"}, "no number in international form"),
        ({"messaging_service": "PN1"}, "no messaging service's SID"),
    ],
)
def test_settings_that_cannot_be_meant(bench_of: Any, wrong: dict[str, str], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        bench_of(**wrong)
