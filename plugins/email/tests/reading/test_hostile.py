"""Mail that was made to keep a reader busy (reliability.md, B…): each is read, at once.

Nothing here measures time: what is not linear would not end.
"""

from __future__ import annotations

import pytest

from omniroute_email.report import fields_of

FROM = b"From: joe@mail.example\r\n"
HTML = FROM + b"Content-Type: text/html\r\n\r\n"
MIXED = FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
REPORT = FROM + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"


def nested(depth: int) -> bytes:
    """Parts within parts, each with a boundary of its own."""
    head = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    return FROM + b"".join(head % (number, number) for number in range(depth)) + b"\r\nhi"


HOSTILE: dict[str, bytes] = {
    "B2 parts nested 5,000 deep": nested(5000),
    "B2 parts nested in one boundary": MIXED
    + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 5000,
    "B3 messages in messages": FROM + b"Content-Type: message/rfc822\r\n\r\n" * 3000 + b"hi",
    "B4 100,000 parts": MIXED + b"--b\r\n\r\nx\r\n" * 100_000,
    "B4 messages beside each other": MIXED
    + b"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@b\r\n\r\nx\r\n" * 20_000,
    "B5 200,000 fields": b"X-A: b\r\n" * 200_000 + b"\r\nhi",
    "B5 a field of 1 MB": FROM + b"X: " + b"y" * 1_000_000 + b"\r\n\r\nhi",
    "B5 a field on 200,000 lines": FROM + b"Subject: a\r\n" + b" b\r\n" * 200_000 + b"\r\nhi",
    "B6 50,000 semicolons": FROM + b"Content-Type: text/plain" + b";" * 50_000 + b"\r\n\r\nhi",
    "B6 a name in 20,000 pieces": FROM
    + b"Content-Disposition: attachment"
    + b"".join(b"; filename*%d*=a" % number for number in range(20_000))
    + b"\r\n\r\nhi",
    "B6 a piece with a huge number": FROM
    + b"Content-Disposition: attachment; filename*100000000000000000000*=a\r\n\r\nhi",
    "B7 957 KB of encoded words": FROM + b"Subject: " + b"=?utf-8?b?aGk=?= " * 56_000 + b"\r\n\r\n",
    "B7 encoded words that never end": FROM + b"Subject: " + b"=?" * 400_000 + b"\r\n\r\nhi",
    "B8 comments in comments": b"From: "
    + b"(" * 20_000
    + b"\r\nTo: "
    + b"(" * 60_000
    + b"\r\n\r\n",
    "B8 5,000 groups": b"From: " + b"a:b@c;" * 5000 + b"\r\nTo: " + b"a:b@c;" * 9000 + b"\r\n\r\n",
    "B8 30,000 brackets": b"From: " + b"<" * 30_000 + b"\r\nTo: " + b"<" * 60_000 + b"\r\n\r\nhi",
    "B8 quotes": b"From: " + b'"' * 30_000 + b'\r\nTo: "' + b"\\" * 60_000 + b"\r\n\r\nhi",
    "B9 10,000 recipients": FROM + b"To: " + b"a@x.example, " * 10_000 + b"\r\n\r\nhi",
    "B11 a boundary of 100 KB": FROM
    + b'Content-Type: multipart/mixed; boundary="'
    + b"b" * 100_000
    + b'"\r\n\r\n--b',
    "B13 a line of 1 MB": FROM + b"\r\n" + b"a" * 1_000_000,
    "B13 a line of blanks": FROM + b"\r\n" + b" " * 1_000_000 + b"x",
    "B14 bare returns": FROM + b"\r\n" + b"a\r" * 500_000,
    "B16 50,000 references": FROM + b"References: " + b"<1@x.example> " * 50_000 + b"\r\n\r\nhi",
    "B17 an id in 100,000 brackets": FROM
    + b"Message-ID: "
    + b"<" * 100_000
    + b">" * 100_000
    + b"\r\n\r\nhi",
    "B19 escape sequences": FROM
    + b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
    + b"\x1b$B" * 100_000,
    "B23 3,000,000 line ends": FROM + b"\r\n" + b"\n" * 3_000_000,
    "B23 only a quotation": FROM + b"\r\n" + b"> a\n" * 300_000,
    "B23 quoted a million times": FROM + b"\r\n" + b">" * 1_000_000,
    "B23 somebody wrote, and wrote": FROM + b"\r\n" + b"On " * 50_000 + b"On a wrote:\r\n" * 50_000,
    "B23 headers of quoted mail": FROM + b"\r\n" + b"From: a\r\nTo: b\r\n" * 50_000,
    "B27 100,000 nested elements": HTML + b"<div>" * 100_000,
    "B27 open formatting": HTML + b"<b>" * 50_000 + b"<p>" * 1000,
    "B27 tables in tables": HTML + b"<table><tr><td>" * 30_000,
    "comments that never end": HTML + b"<!--" * 200_000,
    "a report on 20,000 recipients": REPORT
    + b"--b\r\n\r\nx\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    + b"Final-Recipient: rfc822; a@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" * 20_000
    + b"--b--",
    "fields in raw letters": b"".join(b"X-%d: \xff\r\n" % number for number in range(20_000))
    + b"\r\n"
    + b"charset=" * 10_000,
}


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE.keys())
def test_incident_17_whatever_is_made_to_keep_us_busy_is_read(message: bytes) -> None:
    found = fields_of(message, "")
    for name in ("text", "reply", "subject", "from_name", "unread"):
        assert len(str(found[name])) <= 300_000
