"""The pages that an admin reads say what is so."""

from __future__ import annotations

from pathlib import Path

from omniroute.testing.pages import PluginPages
from omniroute_twilio.channel import SmsChannel
from omniroute_twilio.whatsapp import WhatsAppChannel

HOME = Path(__file__).parents[1]


class TestSmsPages(PluginPages):
    home = HOME
    channel = SmsChannel
    heading = "## Settings of `sms`"


class TestWhatsAppPages(PluginPages):
    home = HOME
    channel = WhatsAppChannel
    heading = "## Settings of `twilio-whatsapp`"
