"""What every channel must do, asked of both."""

from __future__ import annotations

from typing import ClassVar

from omniroute.testing.conformance import ChannelConformance
from omniroute_twilio.channel import SmsChannel
from omniroute_twilio.testing import Town, WhatsAppTown
from omniroute_twilio.whatsapp import WhatsAppChannel

ANEW = "Twilio calls us anew for each event; no connection stays open"


class TestSms(ChannelConformance):
    channel = SmsChannel
    platform = Town
    absent: ClassVar = {
        "breaks": ANEW,
        "edits": "nobody can change a text; what becomes of a call and a transcript are edits",
        "deletes": "nobody can take a text back",
    }


class TestWhatsApp(ChannelConformance):
    channel = WhatsAppChannel
    platform = WhatsAppTown
    absent: ClassVar = {
        "breaks": ANEW,
        "deletes": "Twilio tells nobody of deleted messages",
    }
