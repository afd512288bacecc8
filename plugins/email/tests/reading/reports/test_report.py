"""Reports on mail, standardised and in plain words, written by us after what mail systems send."""

from __future__ import annotations

import pytest

from omniroute_email.reading.mail import examine
from omniroute_email.reading.reports import Failure, Kind, Report


def report(*lines: str, sender: str = "Mail Delivery System <MAILER-DAEMON@mx.example>") -> Report:
    found = examine(mail(*lines, sender=sender)).report
    assert found is not None
    return found


def mail(*lines: str, sender: str = "MAILER-DAEMON@mx.example") -> bytes:
    return "\r\n".join([f"From: {sender}", "To: bounces@demo.example", *lines]).encode()


def standard(*status: str, returned: str = "Message-ID: <1@demo.example>") -> list[str]:
    return [
        "Subject: Undelivered Mail Returned to Sender",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "",
        "--b",
        "",
        "I'm sorry to have to inform you.",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example",
        "Original-Envelope-Id: e-1",
        *status,
        "--b",
        "Content-Type: text/rfc822-headers",
        "",
        returned,
        "To: kim@x.example",
        "--b--",
        "",
    ]


def test_a_standard_report_names_recipient_reason_and_message() -> None:
    said = report(
        *standard(
            "",
            "Final-Recipient: rfc822; kim@x.example",
            "Action: failed",
            "Status: 5.1.1",
            "Diagnostic-Code: smtp; 550 5.1.1 <kim@x.example>: no such user",
        )
    )
    failure = Failure("kim@x.example", "5.1.1", "550 5.1.1 <kim@x.example>: no such user")
    assert said == Report(Kind.BOUNCE, (failure,), "1@demo.example", "e-1")
    assert said.permanent


def test_several_recipients_and_the_spelling_that_we_used() -> None:
    said = report(
        *standard(
            "",
            "Original-Recipient: rfc822;Kim@X.example",
            "Final-Recipient: rfc822;k1182@mailbox.example",
            "Action: failed",
            "Status: 5.0.0 (permanent failure)",
            "Diagnostic-Code: smtp; 552 5.2.2 mailbox full",
            "",
            "Final-Recipient: LOCAL;<lee@x.example>",
            "Original-Recipient: lee@x.example",
            "Action: failed",
            "Status: 5.4.4",
        )
    )
    found = [(failure.address, failure.status) for failure in said.failures]
    assert found == [("kim@x.example", "5.2.2"), ("lee@x.example", "5.4.4")]


def test_late_is_not_permanent() -> None:
    said = report(
        *standard("", "Final-Recipient: rfc822; kim@x.example", "Action: delayed", "Status: 4.4.1")
    )
    assert said.kind is Kind.BOUNCE
    assert not said.permanent


def test_what_was_delivered_is_no_failure() -> None:
    said = report(
        *standard(
            "", "Final-Recipient: rfc822; kim@x.example", "Action: delivered", "Status: 2.0.0"
        )
    )
    assert (said.kind, said.failures) == (Kind.DELIVERED, ())


def test_a_report_without_recipients_is_read_by_its_words() -> None:
    said = report(
        "Subject: failure",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "",
        "--b",
        "",
        "The following recipients were not reached:",
        "",
        "  kim@x.example",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example",
        "--b--",
    )
    assert [failure.address for failure in said.failures] == ["kim@x.example"]


def test_a_report_packed_into_another_message() -> None:
    inner = "\r\n".join(
        standard("", "Final-Recipient: rfc822; kim@x.example", "Action: failed", "Status: 5.1.1")
    )
    said = report(
        "Subject: Delivery failure",
        "Content-Type: multipart/mixed; report-type=delivery-status; boundary=outer",
        "",
        "--outer",
        "Content-Type: message/rfc822",
        "",
        inner,
        "--outer--",
    )
    assert [failure.address for failure in said.failures] == ["kim@x.example"]


def test_a_complaint() -> None:
    said = report(
        "Subject: Complaint",
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b",
        "",
        "--b",
        "Content-Type: message/feedback-report",
        "",
        "Feedback-Type: abuse",
        "Original-Rcpt-To: <kim@x.example>",
        "--b",
        "Content-Type: message/rfc822",
        "",
        "Message-ID: <1@demo.example>",
        "",
        "hi",
        "--b--",
        sender="feedback@isp.example",
    )
    assert said.kind is Kind.FEEDBACK
    assert said.failures == (Failure("kim@x.example", reason="abuse"),)
    assert said.original_id == "1@demo.example"


def test_a_receipt_of_reading() -> None:
    said = report(
        "Subject: Read: Order",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
        "",
        "--b",
        "Content-Type: message/disposition-notification",
        "",
        "Disposition: manual-action/MDN-sent-manually; displayed",
        "--b--",
        sender="kim@x.example",
    )
    assert said.kind is Kind.READ


def test_a_filter_that_refused_it_by_a_receipt() -> None:
    said = report(
        "Subject: Automatically rejected mail",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
        "",
        "--b",
        "",
        "Your message was rejected: quota exceeded",
        "--b",
        "Content-Type: message/disposition-notification",
        "",
        "Final-Recipient: rfc822; kim@x.example",
        "Original-Message-ID: <1@demo.example>",
        "Disposition: automatic-action/MDN-sent-automatically; deleted",
        "--b--",
    )
    failure = Failure("kim@x.example", reason="Your message was rejected: quota exceeded")
    assert said == Report(Kind.BOUNCE, (failure,), "1@demo.example")


# --- in plain words ------------------------------------------------------------------------------

NOTICES = [
    """I wasn't able to deliver your message to the following addresses.

<kim@x.example>:
no such user (#5.1.1)

--- Below this line is a copy of the message.

To: lee@x.example""",
    """The following address(es) failed:

  kim@x.example
    user unknown

------ This is a copy of the message, including all the headers. ------
To: lee@x.example""",
    """Your message

  To: list@x.example

did not reach the following recipient(s):

kim@x.example on Sun, 1 Mar 2026
   The recipient name is not recognized""",
    """----- The following addresses had permanent fatal errors -----
<kim@x.example>

----- Transcript of session follows -----
550 lee@x.example""",
    "Unable to deliver message to <kim@x.example>. Ask postmaster@x.example for help.",
    "User's mailbox is full: <kim@x.example>\nUnable to deliver mail.",
    "The following message, addressed to 'kim@x.example',\nfailed because it was not collected",
    "Die Nachricht konnte nicht zugestellt werden:\n\nkim@x.example: Empfänger unbekannt",
    "----- Failed Recipients -----\n\n<kim@x.example>: mailbox unavailable\n\n-- Returned Mail --",
    "Not delivered to the following, who want none from lee@x.example:\n\n\tkim@x.example",
    "Sent <<< RCPT TO:<kim@x.example>\nReceived >>> 550 5.1.1 unknown user.",
]


@pytest.mark.parametrize("text", NOTICES)
def test_a_notice_in_plain_words(text: str) -> None:
    said = report("Subject: Returned mail", "", *text.split("\n"))
    assert said.kind is Kind.BOUNCE
    assert [failure.address for failure in said.failures] == ["kim@x.example"]
    assert said.permanent


def test_a_notice_that_more_will_be_tried() -> None:
    said = report(
        "Subject: Warning: message delayed 24 hours",
        "",
        "A message that you sent has not yet been delivered to:",
        "",
        "  kim@x.example",
        "",
        "No action is required on your part. Delivery attempts will continue.",
    )
    assert not said.permanent


def test_what_is_still_tried_is_late_whatever_else_is_said() -> None:
    said = report(
        "Subject: Delivery failure notification",
        "",
        "Your message could not be delivered to the following recipients:",
        "",
        "kim@x.example",
        "",
        "Delivery attempts will continue to be made for 5 days.",
        sender="AntiVirus_for_SMTP@gate.example",
    )
    assert not said.permanent


def test_people_who_are_named_without_their_domain() -> None:
    said = report(
        "Subject: Mail Delivery Problem",
        "",
        "Your mail to the following recipients could not be delivered, since they take no mail",
        "from bounces@demo.example:",
        "",
        "  kim.lee",
    )
    assert [failure.address for failure in said.failures] == ["kim.lee@mx.example"]


def test_the_message_that_a_notice_returns_is_known_by_its_id() -> None:
    said = report(
        "Subject: Undeliverable mail",
        "",
        "Delivery failed: kim@x.example, user unknown",
        "",
        "Original message follows.",
        "",
        "Message-ID: <1@demo.example>",
        "Subject: Order",
    )
    assert said.original_id == "1@demo.example"


def test_a_field_of_the_mail_system_names_the_recipient() -> None:
    said = report("X-Failed-Recipients: kim@x.example", "Subject: x", "", "The mailbox is full.")
    assert [failure.address for failure in said.failures] == ["kim@x.example"]


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("joe@x.example", "Not delivered", "My parcel was not delivered. Write to kim@x.example."),
        ("joe@x.example", "Re: Undelivered Mail", "It could not be delivered to kim@x.example?"),
        ("joe@x.example", "Mail delivery failed", "kim@x.example: user unknown. What do I do?"),
        ("postmaster@x.example", "Order 1182", "Where is my order? joe@x.example"),
        ("joe@x.example", "hi", "> The following address(es) failed:\n> kim@x.example"),
    ],
)
def test_a_person_who_speaks_of_delivery_is_no_mail_system(
    sender: str, subject: str, text: str
) -> None:
    assert examine(mail(f"Subject: {subject}", "", text, sender=sender)).report is None


def test_what_a_service_sends_for_people_is_no_report() -> None:
    said = "My order could not be delivered to:\n\nkim@x.example\n\nWhat now?"
    form = mail("Subject: Order 1182", "", said, sender="kim@x.example")
    assert examine(form, "bounces+1182@service.example").report is None


def test_an_absence_is_no_report() -> None:
    away = mail(
        "Auto-Submitted: auto-replied", "Return-Path: <>", "Subject: Away", "", "Until May."
    )
    assert examine(away).report is None


def test_a_notice_of_any_size_is_read() -> None:
    for piece in ("kim@x.example ", "<kim@x.example>:\n", "to <a@", "@", "550 <a@b>"):
        examine(mail("Subject: Undeliverable", "", piece * 20_000))
