"""What comes by mail: whole messages, and each thing in them by itself."""

from __future__ import annotations

import math
import struct
from typing import Any, Final

import dns.resolver
from hypothesis import strategies as st
from plugins.email.tests.authentication.signing import PUBLIC, sealed, signed
from plugins.email.tests.reading.test_calendar import EVENT
from plugins.email.tests.reading.test_cms import STREAMED, WHOLE
from plugins.email.tests.reading.test_fuzz import LINES, mails
from plugins.email.tests.reading.test_tnef import PACKED
from tests.fuzz.changed import octets, texts
from tests.fuzz.targets import Target

from omniroute import language
from omniroute.web import formatted
from omniroute_email.authentication.names import Questions
from omniroute_email.authentication.origin import ANSWERS, origin
from omniroute_email.authentication.policy import policy
from omniroute_email.authentication.seals import sealed_results
from omniroute_email.authentication.signatures import signatures
from omniroute_email.desk import reading
from omniroute_email.markup import as_html
from omniroute_email.reading import addresses, headers, mailboxes
from omniroute_email.reading.authenticity import vouched
from omniroute_email.reading.calendar import summary
from omniroute_email.reading.cms import signed_content
from omniroute_email.reading.fields import message_ids, stated_date
from omniroute_email.reading.mail import examine
from omniroute_email.reading.rtf import rtf_text
from omniroute_email.reading.tnef import unpacked
from omniroute_email.report import fields_of

ORDINARY: Final = b"""From: =?utf-8?q?J=C3=B6?= Miller <joe@mail.example>
To: help@acme.example, "Ana, Lopez" <ana@acme.example>
Subject: =?iso-8859-1?q?Gr=FC=DFe?=
Date: Sun, 1 Mar 2026 13:00:00 +0100
Message-ID: <17@mail.example>
References: <1@mail.example> <2@mail.example>
Authentication-Results: mx.acme.example; dmarc=pass header.from=mail.example
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="a"

--a
Content-Type: multipart/alternative; boundary="a"

--a
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: quoted-printable

I was charged =
twice.

On Sat, 28 Feb 2026, Ana wrote:
> How can I help?
--a
Content-Type: text/html; charset=iso-2022-jp

<div>I was <b>charged</b></div><blockquote>How can I help?</blockquote>
--a--
--a
Content-Type: image/png; name*0*=utf-8''a%20; name*1=b.png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--a--
"""
RETURNED: Final = b"""From: MAILER-DAEMON@mail.example
To: help@acme.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

<joe@mail.example>: host mx.mail.example[203.0.113.5] said: 550 5.1.1 no such user
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.example

Final-Recipient: rfc822; joe@mail.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
--b
Content-Type: message/rfc822

Message-ID: <4@acme.example>
To: joe@mail.example

Hello
--b--
"""
COMPLAINT: Final = RETURNED.replace(b"delivery-status", b"feedback-report").replace(
    b"Reporting-MTA: dns; mx.acme.example", b"Feedback-Type: abuse\nVersion: 1"
)
COMMANDS: Final = b"""From: ana@acme.example
Subject: Re: Joe Miller [ref-1182]

#note call him
We are looking into it.

On Sat, 28 Feb 2026, Desk wrote:
> ref-1182 write above this line
> I was charged twice
"""
HTML: Final = (
    "<html><head><meta charset=utf-8><style>p{}</style></head><body><p>I was<br>charged &eacute;"
    '&#8364;</p><ul><li>one</ul><table><tr><td>a<td>b</table><div class="gmail_quote">On Sat, Ana '
    "wrote:<blockquote>Hello</blockquote></div><pre> x </pre><!-- hidden --></body></html>"
)
RTF: Final = rb"{\rtf1\ansi\ansicpg1252 Gr\'fc\'dfe,\par {\b twice} \u8364?{\*\htmltag64 <p>}}"
UNPACKED: Final = struct.pack("<IIII", len(RTF) + 12, len(RTF), 0x414C454D, 0) + RTF
FIELDS: Final = [
    '"Miller, Joe" <joe@mail.example>, ana@acme.example (Ana)',
    "=?utf-8?q?J=C3=B6?= =?utf-8?b?ZQ==?= <joe@mail.example>",
    "desk:joe@mail.example,<@a,@b:c@d.example>;",
    "attachment; filename*=utf-8''a%C3%A4.pdf; size=\"1\"; x*0*=a'b'c; x*1=d",
    "<1@mail.example> <2@mail.example>",
    "Sun, 01 Mar 2026 13:00:00 +0100 (CET)",
    "mx.acme.example; dkim=pass (x) header.d=mail.example; dmarc=pass header.from=mail.example",
]


KEY: Final = f"v=DKIM1; k=rsa; p={PUBLIC}".encode()
SPF: Final = b"v=spf1 a mx/24 include:y.example ip4:192.0.2.0/24 redirect=z.example -all"
SEALED: Final = sealed(signed(), "dmarc=pass header.from=x.example", "lists.example", [b"From"])
RECORDS: Final = [KEY, SPF, b"v=DMARC1; p=reject; adkim=s; psd=u; rua=mailto:a@x.example"]


class Known(Questions):
    """Questions to a DNS in which every name has one record, and no address."""

    def __init__(self, record: bytes) -> None:
        super().__init__(dns.resolver.Resolver(configure=False), math.inf)
        self._record = record

    def ask(self, name: str, kind: str) -> list[Any]:
        return []

    def texts(self, name: str) -> list[bytes]:
        return [self._record]


def _whole(message: bytes) -> None:
    found = fields_of(message, "")
    for name in ("text", "reply", "quoted", "signature", "subject", "from_name"):
        shown = str(found[name])
        shown.encode()  # no lone surrogates
        assert not set(shown) & {"\0", "\x1b", "\r"}
    html = formatted.clean(as_html(str(found["reply"])[:5000]))
    assert "<script" not in html


def _body(text: str) -> None:
    found = fields_of(text.encode(), "text")
    kept = f"{found['reply']}{found['quoted']}{found['signature']}"
    assert all(word in kept for word in str(found["text"]).split() if word.isalpha())
    language.language_of(text)


def _html(text: str) -> None:
    fields_of(text.encode(), "html")
    if formatted.is_simple(text):
        formatted.clean(text)


def _field(text: str) -> None:
    headers.words(text, 200)
    headers.parameters(text)
    message_ids(text)
    stated_date(text)
    mailboxes.mailboxes([text])
    who, wrong = addresses.sender([text])
    assert who is not None or wrong
    read, _ = headers.split(b"Authentication-Results: " + text.encode() + b"\n\n", 0, 100_000)
    vouched(read, "mail.example", "mx.acme.example")


def _signed(message: bytes) -> None:
    for outcome, domain in signatures(message, Known(KEY)):
        assert outcome
        assert domain
    sealed_results(message, {"lists.example"}, Known(KEY))


def _record(record: bytes) -> None:
    known = Known(record)
    assert policy("a.x.example", ["x.example"], ["y.example"], known) in ("pass", "fail", "none")
    assert origin("192.0.2.1", "a@x.example", "mx.x.example", known)[0] in ANSWERS
    list(signatures(SEALED, known))


def _to_desk(message: bytes) -> None:
    reading.read(examine(message), "ref-1182", ("https://desk.example/act/",))


MAILS: Final = st.one_of(mails(), octets([ORDINARY, RETURNED, COMPLAINT], [b"--a\n", b"--a--\n"]))
TARGETS: Final = {
    "mail": Target(MAILS, _whole),
    "body": Target(texts(["\n".join(LINES[:16]), "\n".join(LINES[10:])], LINES), _body),
    "html": Target(texts([HTML]), _html),
    "desk": Target(octets([COMMANDS, ORDINARY], [b"#", b"ref-1182", b"> "]), _to_desk),
    "signed": Target(octets([signed(), SEALED], [b"; l=1", b"i=2; "]), _signed),
    "record": Target(octets(RECORDS, [b"include:", b"redirect=", b"%{i}", b"; "]), _record),
    "field": Target(texts(FIELDS), _field),
    "tnef": Target(octets([PACKED]), unpacked),
    "rtf": Target(octets([UNPACKED]), rtf_text),
    "smime": Target(octets([WHOLE, STREAMED]), signed_content),
    "calendar": Target(texts([EVENT]), summary),
}
