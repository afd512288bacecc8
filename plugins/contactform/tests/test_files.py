"""Files come along whole, by names that can be shown, and no more of them than is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omniroute import File
from omniroute_contactform.attached import parts, shown_name

if TYPE_CHECKING:
    from plugins.contactform.tests.conftest import Form, Opens

JOE = {"name": "Joe Miller", "email": "joe@mail.example", "message": "Here it is"}
BILL = ("bill.pdf", "application/pdf", b"%PDF-1.7 \r\n--- \x00\xff")
PICTURE = ("grün.png", "image/png", b"\x89PNG")


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
        ({"max_files": 1}, (BILL, PICTURE), "too many files; at most 1 can come along"),
        ({"max_files": 0}, (BILL,), "Files are not taken here"),
        ({"max_upload": 1_000}, (("x", "a/b", b"x" * 1_001),), "too large: 0.00095"),
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
    assert "Here it is" in page
    assert not form.notebook.kept


async def test_a_body_beyond_all_files_is_not_read(open_form: Opens) -> None:
    form: Form = await open_form(max_upload=1_000)
    answered = await form.uploads(("x", "a/b", b"x" * 200_000), **JOE)
    assert answered.status == 413
    assert "too much at once" in answered.body.decode()


async def test_after_a_fault_files_are_to_be_chosen_again(form: Form) -> None:
    page = (await form.uploads(BILL, **{**JOE, "email": "joe"})).body.decode()
    assert "Please choose your files again." in page
    assert "Please choose your files again." not in await form.get()


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
    ],
)
async def test_what_is_no_form_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(ValueError, match="no form: "):
        await parts(body, content_type)


async def test_a_type_that_is_none_is_bytes(form: Form) -> None:
    await form.uploads(("x", "text/html<script>", b"x"), **JOE)
    assert form.read()[0].files[0].media_type == "application/octet-stream"
