"""Files that an agent sends along: as a browser without scripts does, and as our script does."""

import html
import json
import re
from typing import Any

import pytest
from starlette.formparsers import MultiPartParser
from tests.web.site import Site, part, text_of

from omniroute.application import commands as c
from omniroute.application.bounds import LARGEST_FILE, MOST_FILES
from omniroute.application.pages import FileView, Item
from omniroute.application.ways import Way
from omniroute.runtime.rows import Attachment

BILL = ("bill.pdf", b"%PDF-1.7 ...", "application/pdf")


def send(site: Site, verb: str, *files: tuple[str, bytes, str], **fields: Any) -> Any:
    """A form with files in it, as a browser without our script sends it."""
    data = {"token": site.token, "seen": "3", **fields}
    several = [("file", file) for file in files] or [
        ("file", ("", b"", "application/octet-stream"))
    ]
    return site.client.post(f"/threads/4812/{verb}", data=data, files=several)


def bring(site: Site, name: str, data: bytes, kind: str, **headers: str) -> Any:
    """A file brought by the page's script, before the answer that it goes with."""
    given = {"X-CSRF-Token": site.token, "Content-Type": kind, "Accept": "application/json"}
    return site.client.post(
        "/threads/4812/files", params={"name": name}, content=data, headers=given | headers
    )


def chips(page: str) -> list[str]:
    """The files that stand in the place to write, as its form would bring them again."""
    return [html.unescape(found) for found in re.findall(r'name="kept" value="([^"]+)"', page)]


def named(kept: str) -> str:
    return str(json.loads(kept)["name"])


@pytest.mark.parametrize("verb", ["reply", "note"])
def test_a_form_brings_its_files(site: Site, verb: str) -> None:
    answer = send(site, verb, BILL, ("logo.png", b"PNG", "image/png"), text="see")
    assert answer.status_code == 303, answer.text
    [command] = site.done()
    assert isinstance(command, c.Reply | c.Note)
    assert [(f.name, f.media_type, f.size) for f in command.files] == [
        ("bill.pdf", "application/pdf", 12),
        ("logo.png", "image/png", 3),
    ]
    assert site.village.files[command.files[0].sha] == BILL[1]


def test_a_form_with_no_file_chosen_brings_none(site: Site) -> None:
    assert send(site, "reply", text="see").status_code == 303
    assert site.done() == [c.Reply(thread=4812, text="see", seen=3)]


def test_files_need_no_words(site: Site) -> None:
    assert send(site, "reply", BILL, text="").status_code == 303
    assert send(site, "note", BILL, text="").status_code == 303
    assert len(site.done()) == 2


def test_what_the_script_brought_is_named_in_the_form(site: Site) -> None:
    said = bring(site, "bill.pdf", b"%PDF", "application/pdf; x=y").json()
    assert (said["name"], said["size"]) == ("bill.pdf", 4)
    fields = {"text": "see", "seen": 3, "kept": [said["kept"]]}
    assert site.by_script("/threads/4812/reply", fields, on="/threads/4812").status_code == 200
    [command] = site.done()
    assert isinstance(command, c.Reply)
    assert command.files == (
        Attachment("bill.pdf", "application/pdf", 4, json.loads(said["kept"])["sha"]),
    )


def test_bringing_needs_the_token_and_our_own_page(site: Site) -> None:
    assert bring(site, "a", b"a", "text/plain", **{"X-CSRF-Token": "x"}).status_code == 403
    assert bring(site, "a", b"a", "text/plain", Origin="http://evil.example").status_code == 403
    assert b"a" not in site.village.files.values()


def test_who_is_not_signed_in_brings_nothing(outside: Site) -> None:
    assert bring(outside, "a", b"a", "text/plain").status_code == 401


def test_a_file_that_is_too_big_is_refused_in_words(site: Site) -> None:
    answer = bring(site, "film.mov", bytes(LARGEST_FILE + 1), "video/quicktime")
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_big")


@pytest.mark.parametrize("verb", ["reply", "note"])
def test_a_file_that_is_refused_takes_neither_the_text_nor_the_others_along(
    site: Site, verb: str
) -> None:
    film = ("film.mov", bytes(LARGEST_FILE + 1), "video/quicktime")
    answer = send(site, verb, BILL, film, ("logo.png", b"PNG", "image/png"), text="Dear Joe")
    assert answer.status_code == 413
    assert site.done() == []
    written = part(answer.text, f"{verb}-form")
    assert "Dear Joe" in written
    assert [named(kept) for kept in chips(written)] == ["bill.pdf", "logo.png"]
    assert "Nothing was sent yet. “film.mov” is too big. The others are kept below." in text_of(
        answer.text
    )
    again = {"text": "Dear Joe", "seen": 3, "kept": chips(written)}
    assert site.post(f"/threads/4812/{verb}", again).status_code == 303
    [command] = site.done()
    assert isinstance(command, c.Reply | c.Note)
    assert [file.name for file in command.files] == ["bill.pdf", "logo.png"]


def test_of_too_many_files_the_first_are_kept_and_the_others_named(site: Site) -> None:
    many = [(f"{number}.txt", b"%d" % number, "text/plain") for number in range(MOST_FILES + 3)]
    answer = send(site, "reply", *many, text="Dear Joe")
    assert answer.status_code == 422
    assert site.done() == []
    assert len(chips(part(answer.text, "reply-form"))) == MOST_FILES
    for left_out in ("10.txt", "11.txt", "12.txt"):
        assert f"Left out: “{left_out}”" in text_of(answer.text)


def test_what_names_no_file_is_refused(site: Site) -> None:
    fields = {"text": "see", "seen": 3, "kept": ["{"]}
    answer = site.post("/threads/4812/reply", fields)
    assert answer.status_code == 422
    assert "A file was not understood. Choose it again." in text_of(answer.text)


def test_a_big_file_of_a_form_is_not_held_in_memory(site: Site) -> None:
    big = bytes(MultiPartParser.spool_max_size + 1)
    assert send(site, "note", ("big.bin", big, "text/plain"), text="x").status_code == 303
    assert big in site.village.files.values()


def test_a_reply_held_up_by_the_customer_keeps_its_files(site: Site) -> None:
    site.village.customer_writes(4812, "never mind")
    answer = send(site, "reply", BILL, text="Dear Joe")
    assert answer.status_code == 409
    [kept] = chips(part(answer.text, "reply-form"))
    assert named(kept) == "bill.pdf"
    again = {"text": "Dear Joe", "seen": 3, "anyway": "yes", "kept": [kept]}
    assert site.post("/threads/4812/reply", again).status_code == 303
    [first, second] = site.done()
    assert isinstance(first, c.Reply)
    assert isinstance(second, c.Reply)
    assert second.files == first.files != ()


def test_what_is_taken_back_has_its_files_again(site: Site) -> None:
    send(site, "reply", BILL, text="Oops")
    without = site.post("/threads/4812/undo", {"message": "r7"})
    assert [named(kept) for kept in chips(part(without.text, "reply-form"))] == ["bill.pdf"]
    by_script = site.by_script("/threads/4812/undo", {"message": "r7"}, on="/threads/4812")
    told = json.loads(by_script.headers["HX-Trigger"])["omni:withdrawn"]
    assert [named(kept) for kept in told["files"]] == ["bill.pdf"]


def test_what_was_not_delivered_goes_again_with_its_files(site: Site) -> None:
    record = site.village.records[4812]
    record.items.append(
        Item(
            seq=99, at=site.now, kind="reply", text="see", message="r99", state="failed",
            files=(FileView("bill.pdf", "application/pdf", 12, "ab" * 32),),
        )
    )  # fmt: skip
    [kept] = chips(part(site.get("/threads/4812").text, "line-r99"))
    assert named(kept) == "bill.pdf"


def test_what_a_way_takes_is_said_before_anything_is_sent(site: Site) -> None:
    way = Way("h1", "webchat", "Joe by web chat", files=3, largest=20_000_000)
    site.village.records[4812].more["ways"] = (way,)
    said = part(site.get("/threads/4812").text, "reply-address")
    assert "up to 3 files of 20 MB" in text_of(said)
    assert 'data-files="3" data-largest="20000000"' in said
    no_files = Way("h1", "sms", "+491 by SMS", files=0)
    site.village.records[4812].more["ways"] = (no_files,)
    said = part(site.get("/threads/4812").text, "reply-address")
    assert "carries no files" in text_of(said)
