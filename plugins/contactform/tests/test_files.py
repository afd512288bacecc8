"""Files come along whole, by names that can be shown, and no more of them than is allowed."""

from __future__ import annotations

import html
import os
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from omniroute import File
from omniroute_contactform.attached import Attached, Parts, shown_name
from omniroute_contactform.shelf import Shelf, name_of
from omniroute_contactform.testing import in_parts

if TYPE_CHECKING:
    from plugins.contactform.tests.conftest import Form, Opens

JOE = {"name": "Joe Miller", "email": "joe@mail.example", "message": "Here it is"}
BILL = ("bill.pdf", "application/pdf", b"%PDF-1.7 \r\n--- \x00\xff")
PICTURE = ("grün.png", "image/png", b"\x89PNG")


def marks(page: str) -> list[str]:
    """The files that a form would bring again."""
    return [html.unescape(found) for found in re.findall(r'name="kept" value="([^"]+)"', page)]


async def in_pieces(body: bytes, size: int = 500) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


async def test_files_come_whole_and_in_their_order(form: Form) -> None:
    answered = await form.uploads(BILL, PICTURE, **JOE, ticket=await form.ticket())
    assert answered.status == 303
    (said,) = form.read()
    assert said.text == "Here it is"
    assert said.files == (File(*BILL), File(*PICTURE))


async def test_a_file_needs_no_words_and_nothing_chosen_is_no_file(form: Form) -> None:
    nothing = ("", "application/octet-stream", b"")
    assert (await form.uploads(BILL, **{**JOE, "message": ""})).status == 303
    assert (await form.uploads(nothing, **JOE)).status == 303
    assert (await form.uploads(nothing, **{**JOE, "message": ""})).status == 422
    assert [len(said.files) for said in form.read()] == [1, 0]


async def test_a_second_press_keeps_it_once_on_a_form_of_ones_own_too(form: Form) -> None:
    for file in (BILL, BILL, PICTURE):
        assert (await form.uploads(file, field="anything", **JOE)).status == 303
    assert [said.files[0].name for said in form.read()] == ["bill.pdf", "grün.png"]


@pytest.mark.parametrize(
    ("settings", "files", "said"),
    [
        ({"max_files": 1}, (BILL, PICTURE), "Too many files; at most 1 can come along"),
        ({"max_files": 0}, (BILL,), "Files are not taken here"),
        ({"max_upload": 1_000}, (("x", "a/b", b"x" * 1_001),), "Too large: 0.00095"),
    ],
)
async def test_what_is_too_much_is_said_and_nothing_typed_is_lost(
    open_form: Opens, settings: dict[str, int], files: tuple[tuple[str, str, bytes], ...], said: str
) -> None:
    form: Form = await open_form(**settings)
    answered = await form.uploads(*files, **JOE)
    page = answered.body.decode()
    assert answered.status == 422
    assert said in page
    assert f"Left out: {files[-1][0]}." in page
    assert "Here it is" in page
    assert not form.notebook.kept


async def test_a_file_that_is_refused_takes_no_other_with_it(open_form: Opens) -> None:
    form: Form = await open_form(max_upload=1_000, max_message=100)
    film = ("film.mov", "video/quicktime", b"x" * 200_000)
    page = (await form.uploads(BILL, film, PICTURE, **JOE)).body.decode()
    assert "MB together are taken. Left out: film.mov." in page
    assert "Here it is" in page
    kept = marks(page)
    assert [name_of(mark) for mark in kept] == ["bill.pdf", "grün.png"]
    assert (await form.uploads(kept=kept, **JOE)).status == 303
    assert form.read()[0].files == (File(*BILL), File(*PICTURE))


async def test_files_come_back_with_a_form_that_has_another_fault(form: Form) -> None:
    page = (await form.uploads(BILL, **{**JOE, "email": "joe"})).body.decode()
    assert "These files come along" in page
    again = await form.uploads(PICTURE, kept=marks(page), **JOE)
    assert again.status == 303
    assert form.read()[0].files == (File(*BILL), File(*PICTURE))


async def test_a_file_of_before_may_be_left_out_and_one_that_is_gone_is_named(form: Form) -> None:
    page = (await form.uploads(BILL, PICTURE, **{**JOE, "email": "joe"})).body.decode()
    bill, picture = marks(page)
    for gone in (f"{'0' * 32}{bill[32:]}", bill.replace(bill[33:65], "0" * 32), "x"):
        answered = await form.uploads(kept=[gone, picture], **JOE)
        assert answered.status == 422
        assert f"choose it again. Left out: {name_of(gone)}." in answered.body.decode()
        assert marks(answered.body.decode()) == [picture]
    assert (await form.uploads(kept=[picture], **JOE)).status == 303
    assert form.read()[0].files == (File(*PICTURE),)


async def test_files_of_before_count_as_those_that_come_now(open_form: Opens) -> None:
    form: Form = await open_form(max_files=1)
    kept = marks((await form.uploads(BILL, **{**JOE, "email": "joe"})).body.decode())
    page = (await form.uploads(PICTURE, kept=kept, **JOE)).body.decode()
    assert "at most 1 can come along. Left out: grün.png." in page
    assert marks(page) == kept


async def test_a_machine_leaves_no_files_behind(form: Form, tmp_path: Path) -> None:
    await form.uploads(BILL, **{**JOE, "email": "joe", "fax_number": "1"})
    assert not (tmp_path / "chosen").exists()


def test_little_lies_on_the_shelf_and_not_for_long(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, b"x", room=350)
    files = [Attached(f"{number}", "a/b", b"%d" % number * 100) for number in range(3)]
    chosen = []
    for age, file in zip((20, 10, 0), files, strict=True):
        (laid,) = shelf.put([file])
        os.utime(tmp_path / laid.mark[:32], times=(time.time() - age,) * 2)
        chosen.append(laid)
    assert [shelf.take(each.mark) for each in chosen] == [None, *files[1:]]
    assert shelf.put(files[1:]) == tuple(chosen[1:]), "the same once more lies there once"
    for each in chosen[1:]:
        os.utime(tmp_path / each.mark[:32], times=(1, 1))
    shelf.tidy()
    assert not list(tmp_path.iterdir())


async def test_what_is_read_before_there_is_too_much_is_kept() -> None:
    body, headers = in_parts(JOE, [("files", *BILL), ("files", "x", "a/b", b"x" * 10_000)])
    parts = Parts(headers["content-type"], 100, 1_000)
    assert not await parts.read(in_pieces(body), 2_000)
    assert parts.fields["message"] == ["Here it is"]
    assert [file.name for file in parts.files] == ["bill.pdf"]


async def test_a_form_without_files_says_nothing_of_them(open_form: Opens) -> None:
    page = await (await open_form(max_files=0)).get()
    assert "multipart" not in page
    assert 'type="file"' not in page
    assert 'enctype="multipart/form-data"' in await (await open_form()).get()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("bill.pdf", "bill.pdf"),
        ("C:\\pictures\\me.png", "me.png"),
        ("../../etc/passwd", "passwd"),
        ("me\u202egpj.exe", "megpj.exe"),
        ("a\r\nb\0.txt", "ab.txt"),
        (" . ", "file"),
        ("", "file"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_name_is_fit_to_be_shown(name: str, shown: str) -> None:
    assert shown_name(name) == shown


PART = b"--x\r\nContent-Disposition: form-data"
IN_PARTS = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data"),
        (b"nothing", IN_PARTS),
        (PART + b"\r\n\r\nno name\r\n--x--", IN_PARTS),
        (PART + b'; name="a"\r\n\r\nb\r\n--x\r\nCont', "multipart/form-data; boundary=\xff"),
        ((PART + b'; name="a"\r\n\r\nb\r\n') * 50 + b"--x--", IN_PARTS),
        ((PART + b'; name="a"; filename="f"\r\n\r\nb\r\n') * 50 + b"--x--", IN_PARTS),
        (PART + b'; name="a"\r\n\r\n' + b"b" * 1_001 + b"\r\n--x--", IN_PARTS),
        (PART + b'; name="a"\r\nX: ' + b"b" * 2_000 + b"\r\n\r\nb\r\n--x--", IN_PARTS),
        (PART + b'; name="a"' + b"\r\nX: b" * 50 + b"\r\n\r\nb\r\n--x--", IN_PARTS),
    ],
)
async def test_what_is_no_form_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(ValueError, match="no form: "):
        await Parts(content_type, 1_000, 1_000).read(in_pieces(body), 100_000)


async def test_a_type_that_is_none_is_bytes(form: Form) -> None:
    await form.uploads(("x", "text/html<script>", b"x"), **JOE)
    assert form.read()[0].files[0].media_type == "application/octet-stream"
