"""What channels of our own call themselves, for tests that start no server to be told."""

from omniroute.application import words

LABELS = {
    "contactform": "contact form",
    "email": "e-mail",
    "frontdesk": "front desk",
    "slack": "Slack",
    "sms": "SMS",
    "telegram": "Telegram",
    "webchat": "web chat",
    "whatsapp": "WhatsApp",
}


def tell() -> None:
    """Say them, as a server does when it starts."""
    words.name_channels(LABELS)
