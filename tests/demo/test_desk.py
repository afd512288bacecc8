"""The demo as a whole: prepared, served with everybody playing, looked at from outside."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from omniroute.application import commands as c
from omniroute.application.authorize import SYSTEM, Actor
from omniroute.application.pages import ThreadRow
from omniroute.demo.chats import token
from omniroute.demo.colleagues import DOUBT, PLAYED, Colleague, work
from omniroute.demo.desk import CHAT, Demo, smtp_port
from omniroute.demo.last_hour import YOU
from omniroute.demo.script import JOE, MATTERS
from omniroute.demo.visitors import Visitors
from omniroute.errors import ConfigError
from omniroute.runtime.verify import verify
from omniroute.server.composition import Server
from omniroute.server.settings import load
from omniroute.stores.sqlite import SqliteReader
from omniroute.testing.server_process import Browserless

live = pytest.mark.asyncio(loop_scope="module")  # on the one server


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    demo = Demo(tmp_path_factory.mktemp("here") / "omniroute-demo", 0, 0)
    demo.prepare(lambda done, of: None)
    return demo


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server(prepared: Demo) -> AsyncIterator[Server]:
    async with prepared.serve() as server:
        yield server


def test_what_it_seeds_verifies(prepared: Demo) -> None:
    verdict = verify(SqliteReader(prepared.folder / "omniroute.db"))
    assert verdict.faults == ()


def test_offers_last_longer_than_at_a_real_desk(prepared: Demo) -> None:
    rules = (prepared.folder / "routing_rules" / "support.yaml").read_text()
    assert set(re.findall(r"timeout: (\w+)", rules)) == {"10m"}


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, prepared: Demo) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="is there already and not empty — remove it, or name"):
        Demo(tmp_path, 0, 0).prepare(lambda done, of: None)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_is_broken_off_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupted(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Demo(tmp_path / "omniroute-demo", 0, 0).prepare(interrupted)
    assert list(tmp_path.iterdir()) == []


@live
async def test_a_folder_that_was_kept_says_how_to_go_on(prepared: Demo, server: Server) -> None:
    with pytest.raises(ConfigError) as refused:
        Demo(prepared.folder, 0, 0).prepare(lambda done, of: None)
    assert refused.value.fix.endswith(f"omniroute serve --config {prepared.config}")
    assert load(prepared.config).store.path == prepared.folder / "omniroute.db"
    assert prepared.config.stat().st_mode & 0o077 == 0  # it holds the chat's secret


@live
async def test_joe_finds_his_chat_as_he_left_it(prepared: Demo, server: Server) -> None:
    joe = Browserless(server.url)
    chat = f"/channels/webchat/{CHAT}"
    body = {"token": token(JOE, prepared.chat_secret)}
    opened = await asyncio.to_thread(joe.post, f"{chat}/session", body)
    assert opened["name"] == "Joe Miller"
    lines = (await asyncio.to_thread(joe.get, f"{chat}/lines"))["lines"]
    assert [(line["direction"], line["author"]) for line in lines][:2] == [
        ("in", ""),
        ("out", "Ana Ruiz"),
    ]
    assert "refund of the express fee" in lines[0]["text"]


@live
async def test_joe_writes_from_his_telephone_and_is_known(prepared: Demo, server: Server) -> None:
    joe = prepared.windows.joe.chat()
    joe.says("And where is my express parcel?")
    row = await row_with(server, "And where is my express parcel?")
    assert (row.name, row.channel) == ("Joe Miller", "telegram")
    page = await server.application.query.thread(SYSTEM, row.id)
    kinds = {handle.kind.partition(":")[0] for handle in page.handles}
    assert {"telegram", "webchat", "email"} <= kinds  # the shop's login says that it is him
    reply = c.Reply(thread=row.id, text="It is on its way.", seen=row.turns)
    agent = await server.application.actor(row.agent or YOU)
    assert (await server.application.do(agent, reply, hold=0)).ok
    await joe.sees("It is on its way.")


async def row_with(server: Server, text: str) -> ThreadRow:
    """The thread whose customer last said this, once there is one."""
    async with asyncio.timeout(20):
        while True:
            for row in await rows(server):
                if text in row.excerpt:
                    return row
            await asyncio.sleep(0.05)


@live
async def test_an_answer_to_somebody_in_the_seeded_chat_arrives(server: Server) -> None:
    actor = await server.application.actor(YOU)
    (kwame,) = [row for row in (await rows(server)) if row.name == "Kwame Mensah"]
    reply = c.Reply(thread=kwame.id, text="The one ending 17, then.", seen=kwame.turns)
    assert (await server.application.do(actor, reply, hold=0)).ok
    assert await state_of(server, kwame.id, "The one ending 17") == "sent"


async def rows(server: Server) -> tuple[ThreadRow, ...]:
    return await server.application.query.threads(SYSTEM)


async def state_of(server: Server, thread: int, text: str) -> str:
    """What has become of a reply, once something has."""
    async with asyncio.timeout(20):
        while True:
            page = await server.application.query.thread(SYSTEM, thread)
            (item,) = [item for item in page.items if text in item.text]
            if item.state not in ("held", "sending"):
                return item.state
            await asyncio.sleep(0.05)


@live
async def test_customers_read_their_mail_on_a_page(prepared: Demo, server: Server) -> None:
    actor = await server.application.actor(YOU)
    (sofia,) = [row for row in (await rows(server)) if row.name == "Sofia Ricci"]
    text = "Yes: <b>three months</b> it is."
    reply = c.Reply(thread=sofia.id, text=text, seen=sofia.turns)
    before = len(prepared.sink.received)
    assert (await server.application.do(actor, reply, hold=0)).ok
    await prepared.sink.wait_for(before + 1)
    page = await asyncio.to_thread(Browserless(server.url).call, "GET", "/stage/mail")
    assert "&lt;b&gt;three months&lt;/b&gt;" in page.text
    assert "Sofia Ricci" in page.text
    policy = "default-src 'none'; style-src 'self'; form-action 'self'"
    assert page.headers["content-security-policy"] == policy


@live
async def test_dora_works_by_mail_alone_on_the_same_page(prepared: Demo, server: Server) -> None:
    before = len(prepared.sink.received)
    browser = Browserless(server.url)
    form = "application/x-www-form-urlencoded"
    asked = asyncio.to_thread(browser.call, "POST", "/stage/mail/new", "text=%23mine", form)
    assert (await asked).status == 303
    [*_, answer] = await prepared.sink.wait_for(before + 1)
    assert answer["To"] == "dora@desk.example"
    body = answer.get_body(("plain",))
    assert body is not None
    assert "Replying does what its #commands say" in body.get_content()


@live
async def test_the_visitor_may_switch_to_anybody(server: Server) -> None:
    browser = Browserless(server.url)
    link = await server.accounts.make_link(YOU)
    await asyncio.to_thread(browser.sign_in, link)
    form = f"agent=frieda&token={browser.token}"
    kind = "application/x-www-form-urlencoded"
    await asyncio.to_thread(browser.call, "POST", "/demo/switch", form, kind)
    assert (await asyncio.to_thread(browser.get, "/api/board"))["me"]["name"] == "Frieda Baumann"


# --- everybody plays ---


@live
async def test_colleagues_accept_answer_doubt_and_resolve(server: Server) -> None:
    said: list[str] = []
    (omar,) = [row for row in (await rows(server)) if row.name == "Omar Diallo"]
    (forged,) = [row for row in (await rows(server)) if not row.verified]
    actor = await offered(server, omar.id)
    name = server.application.directory.name(actor.id)
    colleague = Colleague(server.application, actor.id, said.append, waiting=0)
    await colleague.act()
    assert said == [f"{name} accepts #{omar.id} (general), Omar Diallo"]
    assert (await server.application.do(actor, c.Take(thread=forged.id))).ok
    async with asyncio.timeout(30):  # an answer can be taken back for some seconds
        while not any(line.startswith(f"{name} resolves") for line in said):
            await colleague.act()
            await asyncio.sleep(0.05)
    assert f"{name} doubts #{forged.id}, Joe Miller, and leaves a note" in said
    assert f"{name} answers #{omar.id}, Omar Diallo" in said
    page = await server.application.query.thread(SYSTEM, forged.id)
    assert [item.text for item in page.items if item.kind in ("note", "reply")] == [DOUBT]


async def offered(server: Server, thread: int) -> Actor:
    """The colleague to whom a thread is offered: who it is depends on the hour."""
    for agent in PLAYED:
        actor = await server.application.actor(agent)
        board = await server.application.query.board(actor)
        if any(offer.row.id == thread for offer in board.offers):
            return actor
    raise AssertionError("it is offered to nobody who plays")


@live
async def test_customers_arrive_and_say_thanks(prepared: Demo, server: Server) -> None:
    said: list[str] = []
    chat = f"{server.url}/channels/webchat/{CHAT}/"
    visitors = Visitors(
        "help@demo.example", smtp_port(server), chat, prepared.chat_secret, said.append
    )
    before = max(row.id for row in await rows(server))
    quick = (0.0, 0.02)
    playing = [
        asyncio.create_task(visitors.arrive(quick)),
        asyncio.create_task(visitors.read(prepared.sink, quick)),
        *(
            asyncio.create_task(work(server.application, agent, said.append, quick))
            for agent in ("bo", "cem", "emeka")
        ),
    ]
    thanks = {matter.thanks for language in MATTERS.values() for matter in language}
    try:
        async with asyncio.timeout(60):
            while not {"e-mail", "web chat", "thanks"} <= kinds(said, thanks):
                await asyncio.sleep(0.05)
                assert not [task.exception() for task in playing if task.done()]
    finally:
        for task in playing:
            task.cancel()
        await asyncio.gather(*playing, return_exceptions=True)
    assert max(row.id for row in await rows(server)) > before
    assert not [row for row in await rows(server) if row.phase == "stranded"]


def kinds(said: list[str], thanks: set[str]) -> set[str]:
    """What customers have done so far."""
    found = {kind for kind in ("e-mail", "web chat") if any(kind in line for line in said)}
    quoted: list[Any] = [line.partition("“")[2].rstrip("”") for line in said]
    return found | ({"thanks"} if thanks & set(quoted) else set())
