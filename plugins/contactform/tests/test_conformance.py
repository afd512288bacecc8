"""What every channel must do, asked of this one."""

from __future__ import annotations

from typing import ClassVar

from omniroute.testing.conformance import ChannelConformance
from omniroute_contactform.channel import ContactFormChannel
from omniroute_contactform.testing import Town

MAIL = "answers go out by mail, over a channel that is asked the same"


class TestContactForm(ChannelConformance):
    channel = ContactFormChannel
    platform = Town
    absent: ClassVar = {
        "got": MAIL,
        "fails": MAIL,
        "says:again": "nothing tells who filled in a form before; a link proves it, or an agent",
        "wrong_settings": "it has no credentials: anybody may write",
        "forged_request": "nobody signs a form: anybody may write",
        "breaks": "each page is a request of its own; no connection stays open",
        "deletes": "what was sent by a form is not taken back",
        "machine_says": "who fills in the field that nobody sees is not heard at all",
        "something_new": "the form and the channel come together: neither is newer",
    }
