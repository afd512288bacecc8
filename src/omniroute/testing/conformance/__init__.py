"""What every channel and every desk must do, as tests that a plugin binds in a few lines:

    class TestAcme(ChannelConformance):
        channel = AcmeChannel
        platform = AcmeTown          # a `Platform` over your fake
        absent = {"deletes": "Acme tells nobody what was deleted"}

Each check is a test of its own; what it finds is said in plain words.  pytest is all that it needs.
"""

from omniroute.testing.conformance.desk import DESK_CHECKS, DeskConformance
from omniroute.testing.conformance.incoming import Incoming, Requests
from omniroute.testing.conformance.life import Life
from omniroute.testing.conformance.outgoing import Outgoing
from omniroute.testing.conformance.shape import Shape
from omniroute.testing.platform import DeskPlatform, Got, How, NotShown, Platform, Request


class ChannelConformance(Shape, Incoming, Requests, Outgoing, Life):
    """Everything that is asked of a channel."""


CHECKS = sorted(name for name in dir(ChannelConformance) if name.startswith("test_"))
"""The names of all checks of a channel."""

__all__ = [
    "CHECKS",
    "DESK_CHECKS",
    "ChannelConformance",
    "DeskConformance",
    "DeskPlatform",
    "Got",
    "How",
    "NotShown",
    "Outgoing",
    "Platform",
    "Request",
    "Requests",
]
