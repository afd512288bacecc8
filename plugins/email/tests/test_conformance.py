"""What every channel must do, asked of this one."""

from __future__ import annotations

from typing import ClassVar

from omniroute.testing.conformance import ChannelConformance, DeskConformance
from omniroute_email.channel import EmailChannel
from omniroute_email.testing.platform import Office, Town


class TestEmail(ChannelConformance):
    channel = EmailChannel
    platform = Town
    large_file = 1024 * 1024  # aiosmtpd, which plays the server, reads it line by line
    absent: ClassVar = {
        "deletes": "mail that is sent is sent",
        "something_new": "there are no kinds of mail: what we do not know is still a message",
        "request": "only the page behind the links of a question is asked: see test_asking",
        "forged_request": "the same: a link that we have not signed is told so",
        "breaks": "each mail comes over a connection of its own",
        "fails:rate": "SMTP has no way to say how long to wait",
    }


class TestEmailDesk(DeskConformance):
    channel = EmailChannel
    platform = Office
    absent: ClassVar = {
        "presses": "a link opens a page, whose button is no mail: see tests/maildesk",
        "fails:rate": "SMTP has no way to say how long to wait",
    }
