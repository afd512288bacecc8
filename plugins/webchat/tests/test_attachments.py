"""Files: what a visitor brings and gets, and who may fetch it."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from omniroute import Amendment, File, Site
from omniroute_webchat.attachments import Attachments
from omniroute_webchat.mailbox import Closed, Mailbox
from omniroute_webchat.sessions import Session

if TYPE_CHECKING:
    from plugins.webchat.tests.conftest import Browser, Chat, Opens

PNG = b"\x89PNG\r\n\x1a\n and the rest"


async def bring(joe: Browser, name: str, data: bytes, kind: str = "image/png") -> httpx2.Response:
    return await joe.asks(
        "POST", "files", params={"name": name}, content=data, headers={"Content-Type": kind}
    )


async def say(joe: Browser, text: str, *ids: str, id: str = "") -> httpx2.Response:
    body = {"id": id or str(uuid.uuid4()), "text": text, "files": ids}
    return await joe.asks("POST", "messages", json=body)


async def lines(joe: Browser) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await joe.asks("GET", "lines")).json()["lines"]
    return found


async def test_a_file_comes_with_the_message_that_follows(chat: Chat) -> None:
    joe = await chat.visitor()
    brought = (await bring(joe, "../receipt\n.png", PNG, "text/html")).json()
    assert brought["media_type"] == "image/png"  # by how it begins, whatever is said of it
    id = str(uuid.uuid4())
    assert (await say(joe, "", brought["id"], id=id)).status_code == 200
    assert (await say(joe, "", brought["id"], id=id)).status_code == 200  # the answer was lost
    [message] = chat.inbound
    assert message.text == ""
    assert [(file.name, file.media_type, file.data) for file in message.files] == [
        (".._receipt .png", "image/png", PNG)
    ]
    [line] = await lines(joe)
    [file] = line["files"]
    fetched = await joe.asks("GET", file["url"])
    assert fetched.content == PNG
    assert fetched.headers["content-type"] == "image/png"
    assert fetched.headers["content-disposition"].startswith("inline; ")
    assert fetched.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert fetched.headers["x-content-type-options"] == "nosniff"


async def test_a_message_without_files_asks_nothing_of_the_mailbox(tmp_path: Path) -> None:
    site = Site(tmp_path, "https://shop.example")
    closed = Mailbox(site)  # and says so to whoever asks
    nobody = Session("", "s:1", "", "", "", "", False, 0)
    assert await Attachments(site, closed).brought(nobody, ()) == ()
    with pytest.raises(Closed):
        await Attachments(site, closed).brought(nobody, ["a-file"])


@pytest.mark.parametrize(
    ("name", "data"),
    [("x.svg", b"<svg onload=alert(1)>"), ("x.html", b"<script>"), ("x.png", b"<script>")],
)
async def test_what_is_no_picture_is_only_ever_saved(chat: Chat, name: str, data: bytes) -> None:
    joe = await chat.visitor()
    brought = (await bring(joe, name, data)).json()
    fetched = await joe.asks("GET", brought["url"])
    assert fetched.headers["content-type"] == "application/octet-stream"
    assert fetched.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"


async def test_an_answer_brings_its_files_and_once(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("hello")
    file = File("bill.pdf", "application/pdf", b"%PDF")
    await chat.answers("here", key="k1", files=(file,))
    await chat.answers("here", key="k1", files=(file,))
    _, line = await lines(joe)
    [shown] = line["files"]
    assert (shown["name"], shown["size"]) == ("bill.pdf", 4)
    assert (await joe.asks("GET", shown["url"])).content == b"%PDF"


async def test_an_address_is_for_one_session_and_ends_with_it(chat: Chat) -> None:
    joe, mia = await chat.visitor(), await chat.visitor()
    brought = (await bring(joe, "a.png", PNG)).json()
    address = brought["url"]
    assert (await joe.asks("GET", address)).status_code == 200
    hers = (await bring(mia, "b.png", PNG)).json()["url"]
    forged = f"files/{brought['id']}?{hers.partition('?')[2]}"
    other = address[:-1] + ("1" if address.endswith("0") else "0")
    for wrong in (forged, other, address.partition("&")[0], f"files/{brought['id']}"):
        assert (await joe.asks("GET", wrong)).status_code == 404
    assert (await say(mia, "mine?", brought["id"])).status_code == 422
    await joe.asks("DELETE", "session")
    assert (await joe.asks("GET", address)).status_code == 404


async def test_limits_say_what_to_do(open_chat: Opens) -> None:
    chat: Chat = open_chat(max_file=4, file_types=[".png"], files_per_minute=1)
    await chat.starts()
    joe = chat.browser()
    assert (await bring(joe, "a.png", b"x")).status_code == 401
    await joe.opens()
    big = await bring(joe, "a.png", b"12345")
    assert (big.status_code, big.json()["error"]) == (413, "too_big")
    wrong = await bring(joe, "a.exe", b"x")
    assert wrong.json()["text"] == "Files taken here: .png."
    for _ in range(9):
        assert (await bring(joe, "a.png", b"x")).status_code == 200
    fast = await bring(joe, "a.png", b"x")
    assert (fast.status_code, fast.json()["error"]) == (429, "too_fast")
    assert "retry-after" in fast.headers
    assert (await say(joe, "x", *["x"] * 11)).json()["error"] == "too_many_files"
    assert (await say(joe, "x", "no-such-file")).json()["error"] == "no_file"


async def test_a_file_that_lies_on_another_machine_is_chosen_again(chat: Chat) -> None:
    joe = await chat.visitor()
    brought = (await bring(joe, "a.png", PNG)).json()
    [path] = (chat.folder / "files").iterdir()
    path.unlink()
    again = await say(joe, "see here", brought["id"])
    assert (again.status_code, again.json()["error"]) == (422, "no_file")
    assert (await joe.asks("GET", brought["url"])).status_code == 404
    assert await lines(joe) == []


async def test_where_none_are_taken_it_is_said(open_chat: Opens) -> None:
    chat: Chat = open_chat(max_file=0)
    await chat.starts()
    joe = await chat.visitor()
    assert (await bring(joe, "a.png", PNG)).json()["error"] == "no_files"


async def test_what_is_deleted_or_forgotten_is_gone_from_the_disk(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("hello")
    [heard] = chat.inbound
    receipt = await chat.answers("here", key="k1", files=(File("a.png", "image/png", PNG),))
    brought = (await bring(joe, "b.png", PNG)).json()
    await say(joe, "this", brought["id"])
    folder = chat.folder / "files"
    for path in folder.iterdir():
        os.utime(path, (0, 0))  # it has been there for longer than a moment
    assert len(list(folder.iterdir())) == 2
    await chat.channel.delete(Amendment(heard.conversation, heard.sender, receipt.external_ids))
    assert [path.name for path in folder.iterdir()] == [brought["id"]]
    assert [line.get("files") for line in await lines(joe)][1] == []
    await chat.channel.forget([heard.sender.value])
    assert list(folder.iterdir()) == []


async def test_incident_25_what_is_forgotten_is_in_no_file_and_no_log(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("a canary")
    [heard] = chat.inbound
    await chat.answers("another canary", key="k1")
    assert with_canary(chat.folder)
    await chat.channel.forget([heard.sender.value])
    assert with_canary(chat.folder) == []


def with_canary(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
