"""What ``omniroute parse email`` prints, field by field."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute_email.report import FORMS, fields_of

MAIL = b"""From: Joe Miller <joe@x.example>
To: Help <help@demo.example>, kim@demo.example
Cc: lee@demo.example
Reply-To: sales@x.example
Subject: =?utf-8?q?Best=C3=A4tigung?=
Date: Sun, 1 Mar 2026 13:00:00 +0100
Message-ID: <1@x.example>
In-Reply-To: <e-1@demo.example>
References: <0@x.example> <e-1@demo.example>
Content-Language: de-DE
X-Spam-Flag: YES
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b

Yes.

--\x20
Joe

On Sun, Ana wrote:
> Shall we?
> Bye
--b
Content-Type: text/plain; name=../a.txt
Content-Disposition: attachment

text
--b--
"""


def test_everything_is_there_by_name() -> None:
    fields = fields_of(MAIL, "")
    assert fields == {
        "from_email": "joe@x.example",
        "from_name": "Joe Miller",
        "reply_identity": "sales@x.example",
        "to": ["help@demo.example", "kim@demo.example"],
        "cc": ["lee@demo.example"],
        "reply_to": "sales@x.example",
        "subject": "Bestätigung",
        "date": "2026-03-01T12:00:00Z",
        "message_id": "1@x.example",
        "in_reply_to": "e-1@demo.example",
        "references": ("0@x.example", "e-1@demo.example"),
        "language": "de-DE",
        "text": "Yes.\n\n-- \nJoe\n\nOn Sun, Ana wrote:\n> Shall we?\n> Bye",
        "reply": "Yes.",
        "quoted": "On Sun, Ana wrote:\n> Shall we?\n> Bye",
        "signature": "-- \nJoe",
        "attachments": [
            {
                "filename": "a.txt",
                "type": "text/plain",
                "size": 4,
                "sha256": "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
                "inline": False,
            }
        ],
        "forwarded": None,
        "auto": False,
        "auto_because": "",
        "spam": True,
        "dmarc_fail": False,
        "sealed": "",
        "unread": "",
        "class": "not",
        "bounce": False,
        "recipients": [],
        "status": [],
        "hard": False,
    }


def test_a_bounce() -> None:
    fields = fields_of(
        b"From: mailer-daemon@x.example\nSubject: Undeliverable mail\n\n"
        b"Delivery failed:\n\n<kim@x.example>: 550 5.1.1 no such user\n",
        "",
    )
    told = {name: fields[name] for name in ("class", "bounce", "auto", "recipients", "hard")}
    assert told == {
        "class": "bounce",
        "bounce": True,
        "auto": True,
        "recipients": ["kim@x.example"],
        "hard": True,
    }
    assert fields["status"] == ["5.1.1"]


def test_an_absence_and_a_message_passed_on() -> None:
    away = fields_of(b"From: joe@x.example\nSubject: Automatic reply: Order\n\nI am away", "")
    assert (away["class"], away["auto"]) == ("auto_reply", True)
    assert away["auto_because"] == "auto-reply: the subject begins with “automatic reply”"
    passed = fields_of(
        b"From: joe@x.example\nSubject: Fwd: Order\n\nSee below\n\n"
        b"---------- Forwarded message ---------\nFrom: Kim <kim@x.example>\nSubject: Order\n\nHi",
        "",
    )
    assert passed["forwarded"] == {
        "from_email": "kim@x.example",
        "from_name": "Kim",
        "subject": "Order",
        "text": "Hi",
    }


@given(st.binary(max_size=400), st.sampled_from(["", *FORMS]))
@settings(deadline=None)
def test_any_bytes_are_a_line(raw: bytes, form: str) -> None:
    msgspec.json.encode(fields_of(raw, form))
