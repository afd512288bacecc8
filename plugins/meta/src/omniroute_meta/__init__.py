"""WhatsApp, Messenger and Instagram for OmniRoute, by the webhooks and the Graph API of Meta."""

from __future__ import annotations

from collections.abc import Sequence

from omniroute import Channel, hookimpl


@hookimpl
def omniroute_channels() -> Sequence[type[Channel]]:
    """The three; imported when they are asked for, so that the command line stays quick."""
    from omniroute_meta.messaging import InstagramChannel, MessengerChannel
    from omniroute_meta.whatsapp import WhatsAppChannel

    return [WhatsAppChannel, MessengerChannel, InstagramChannel]
