"""What every channel must do, asked of this one."""

from __future__ import annotations

from typing import ClassVar

from omniroute.testing.conformance import ChannelConformance
from omniroute_email.channel import EmailChannel
from omniroute_email.testing.platform import Town


class TestEmail(ChannelConformance):
    channel = EmailChannel
    platform = Town
    large_file = 1024 * 1024  # aiosmtpd, which plays the server, reads it line by line
    absent: ClassVar = {
        "deletes": "mail that is sent is sent",
        "something_new": "there are no kinds of mail: what we do not know is still a message",
        "breaks": "each mail comes over a connection of its own",
        "fails:rate": "SMTP has no way to say how long to wait",
    }
