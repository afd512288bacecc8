"""The pages that an admin reads say what is so."""

from __future__ import annotations

from pathlib import Path

from omniroute.testing.pages import PluginPages
from omniroute_meta.messaging import InstagramChannel, MessengerChannel
from omniroute_meta.whatsapp import WhatsAppChannel

HOME = Path(__file__).parents[1]


class TestWhatsAppPages(PluginPages):
    home, channel = HOME, WhatsAppChannel
    heading = "## Settings of a WhatsApp number"


class TestMessengerPages(PluginPages):
    home, channel = HOME, MessengerChannel
    heading = "## Settings of a Facebook page"


class TestInstagramPages(PluginPages):
    home, channel = HOME, InstagramChannel
    heading = "## Settings of an Instagram account"
