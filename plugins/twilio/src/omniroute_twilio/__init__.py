"""SMS, calls and WhatsApp over Twilio."""

from __future__ import annotations

from collections.abc import Sequence

from omniroute import Channel, hookimpl


@hookimpl
def omniroute_channels() -> Sequence[type[Channel]]:
    """The channels; imported when they are asked for, so that the command line stays quick."""
    from omniroute_twilio.channel import SmsChannel
    from omniroute_twilio.whatsapp import WhatsAppChannel

    return [SmsChannel, WhatsAppChannel]
