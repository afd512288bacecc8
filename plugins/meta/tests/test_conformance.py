"""What every channel must do, asked of each of the three."""

from __future__ import annotations

from typing import ClassVar

from omniroute.testing.conformance import ChannelConformance
from omniroute_meta.messaging import InstagramChannel, MessengerChannel
from omniroute_meta.testing.platform import InstagramTown, MessengerTown, WhatsAppTown
from omniroute_meta.whatsapp import WhatsAppChannel

NO_CONNECTION = "Meta calls us anew for each post; no connection stays open"


class TestWhatsApp(ChannelConformance):
    channel = WhatsAppChannel
    platform = WhatsAppTown
    file = ("grün.pdf", "application/pdf")  # it takes no bytes of just any type
    absent: ClassVar = {"breaks": NO_CONNECTION}


class TestMessenger(ChannelConformance):
    channel = MessengerChannel
    platform = MessengerTown
    absent: ClassVar = {
        "breaks": NO_CONNECTION,
        "deletes": "Messenger tells nobody of what was taken back",
    }


class TestInstagram(ChannelConformance):
    channel = InstagramChannel
    platform = InstagramTown
    absent: ClassVar = {"breaks": NO_CONNECTION}
