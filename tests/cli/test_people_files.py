"""People in files: what a record says, and what is wrong with which line."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniroute.application.importing import Person, Reach
from omniroute.cli.people_files import Read, read_people
from omniroute.errors import ConfigError


def read(folder: Path, text: str | bytes, **columns: str) -> Read:
    path = folder / "people"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_people(path, columns)


def mail(*values: str) -> tuple[Reach, ...]:
    return tuple(Reach("email", value) for value in values)


def told(found: Read) -> list[str]:
    return [str(fault).partition("people:")[2] for fault in found.faults]


# --- CSV ---


def test_columns_are_known_by_their_names(tmp_path: Path) -> None:
    text = (
        "First Name,Last_Name,E-Mail 1,Email2,Mobile,Telegram ID,Notes\r\n"
        "Joe,Miller,Joe@Mail.Example,,0049 170 1234567,5001,likes tea\r\n"
        ",,ana@x.org; a.lopez@x.org,,,,\r\n"
        ",,,,,,\r\n"
    )
    found = read(tmp_path, text)
    assert found.faults == []
    phone, telegram = Reach("phone", "+491701234567"), Reach("telegram", "5001")
    assert found.people == [
        (2, Person((*mail("joe@mail.example"), phone, telegram), "Joe Miller")),
        (3, Person(mail("ana@x.org", "a.lopez@x.org"))),
    ]
    assert found.ignored == ["Notes"]


def test_further_columns_are_what_the_admin_says(tmp_path: Path) -> None:
    text = "email;Customer No;Login\njoe@x.org;7;joe"
    found = read(tmp_path, text, **{"customer no": "crm!", "Login": "webchat:site!"})
    (_, person) = found.people[0]
    assert person.addresses[1:] == (Reach("crm", "7", True), Reach("webchat:site", "joe", True))
    with pytest.raises(ConfigError, match="did you mean “Customer No”"):
        read(tmp_path, text, **{"Customer N": "crm!"})


def test_what_is_wrong_is_named_by_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    text = (
        'name,email,phone\n"Joe,\nMiller",joe@x.org,\nEve,eve at x.org,\n'
        "Kim,,0170 1234567\nBob,,\nLee,lee@x.org\nAna,ana@x.org,\n"
    )
    found = read(tmp_path, text)
    assert [(line, person.name) for line, person in found.people] == [
        (2, "Joe, Miller"), (8, "Ana"),
    ]  # fmt: skip
    assert told(found) == [
        "4: “eve at x.org” is no e-mail address — write it as joe@mail.example",
        "5: “0170 1234567” is no number with its country — write it as +49 170 1234567",
        "6: no address in this record — give a mailbox or a phone number",
        "7: has 2 cells, and the headings are 3",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,notes\nJoe,tea\n", "1: no column holds addresses"),
        ("", "1: no column holds addresses"),
        (b"email\njoe@x.org\n\xff\xfe\n", "3: is not UTF-8 — save it as UTF-8"),
        ('email\n"joe@x.org\n', "is no CSV"),
    ],
)
def test_a_file_that_says_nothing(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, text)


# --- vCard ---

CARDS = """\
BEGIN:VCARD\r
VERSION:3.0\r
FN:Joe Miller\r
N:Miller;Joe;;;\r
EMAIL;TYPE=WORK:Joe@X.org\r
TEL;TYPE=CELL:+49 170 12345\r
 67\r
END:VCARD\r
BEGIN:VCARD\r
VERSION:3.0\r
FN:Broken\r
no colon here\r
END:VCARD\r
BEGIN:VCARD\r
VERSION:4.0\r
FN:Ana López\r
item1.EMAIL:ana@x.org\r
TEL;VALUE=uri:tel:+1-202-555-0100\r
END:VCARD\r
BEGIN:VCARD\r
VERSION:2.1\r
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;Jo\r
EMAIL:jo@x.org\r
END:VCARD\r
"""


def test_cards_of_every_version_and_a_broken_one_leaves_the_others_alone(tmp_path: Path) -> None:
    found = read(tmp_path, CARDS)
    assert found.people == [
        (1, Person((*mail("joe@x.org"), Reach("phone", "+491701234567")), "Joe Miller")),
        (14, Person((*mail("ana@x.org"), Reach("phone", "+12025550100")), "Ana López")),
        (20, Person(mail("jo@x.org"), "Jo Müller")),
    ]
    (fault,) = told(found)
    assert fault.startswith("9: this card cannot be read: ")


def test_a_card_without_an_address_is_named(tmp_path: Path) -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Joe\nN:J;;;;\nEND:VCARD\n"
    assert told(read(tmp_path, card)) == [
        "1: no address in this record — give a mailbox or a phone number"
    ]


@pytest.mark.parametrize(
    "parameters", ["CHARSET=KLINGON;ENCODING=QUOTED-PRINTABLE", "CHARSET=zip;QUOTED-PRINTABLE"]
)
def test_a_card_in_a_charset_that_nobody_knows_is_a_broken_one(
    tmp_path: Path, parameters: str
) -> None:
    card = f"BEGIN:VCARD\nVERSION:2.1\nN;{parameters}:M=C3=BCller\nEMAIL:jo@x.org\nEND:VCARD\n"
    found = read(tmp_path, card + CARDS)
    assert len(found.people) == 3
    assert told(found)[0].startswith("1: this card cannot be read: ")
