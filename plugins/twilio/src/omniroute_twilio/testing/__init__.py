"""A Twilio of one's own, for tests, demos and ``omniroute channel try sms --fake``.

`FakeTwilio` is the platform over a real socket: it keeps what it was asked to send, signs its
webhooks, and can fail, be slow, or ask to wait.  `Phone` is a customer's telephone, and `Call`
one call.
"""

from omniroute_twilio.testing.platform import PLATFORMS, Town, WhatsAppTown
from omniroute_twilio.testing.server import FakeTwilio, serving
from omniroute_twilio.testing.telephones import Call, Phone
from omniroute_twilio.testing.world import Text

__all__ = [
    "PLATFORMS",
    "Call",
    "FakeTwilio",
    "Phone",
    "Text",
    "Town",
    "WhatsAppTown",
    "serving",
]
