"""Numbers as Twilio writes them, and the name spaces in which they are addresses."""

from __future__ import annotations

import re
from typing import Final

PHONE: Final = "phone"
WHATSAPP: Final = "whatsapp"
OVER_WHATSAPP: Final = "whatsapp:"  # before a number, as Twilio writes it
NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
