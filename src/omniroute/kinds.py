"""Kinds of channel: what to say, and to install, where nobody brings one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from omniroute.errors import did_you_mean

PACKAGES: Final[Mapping[str, str]] = {
    "contactform": "omniroute-contactform",
    "email": "omniroute-email",
    "frontdesk": "omniroute-frontdesk",
    "http": "omniroute-http",
    "instagram": "omniroute-meta",
    "messenger": "omniroute-meta",
    "slack": "omniroute-slack",
    "sms": "omniroute-twilio",
    "telegram": "omniroute-telegram",
    "twilio-whatsapp": "omniroute-twilio",
    "webchat": "omniroute-webchat",
    "whatsapp": "omniroute-meta",
}
"""The packages of our own that bring a kind, so that a newcomer is told which to install.

Nothing else rests on it: what is installed says itself what it brings.
"""


def to_have(kind: str, installed: Collection[str]) -> str:
    """How to come by a *kind* that is not *installed*; the fix of an error.

    >>> to_have("emial", ["webchat"])
    'did you mean “email”? pip install omniroute-email; installed: webchat'
    >>> to_have("fax", [])
    'install the plugin that brings it; installed: none'
    """
    there = f"installed: {', '.join(sorted(installed)) or 'none'}"
    if kind in PACKAGES:
        return f"pip install {PACKAGES[kind]}; {there}"
    if hint := did_you_mean(kind, installed):
        return f"{hint} {there}"
    hint = did_you_mean(kind, PACKAGES)
    for ours, package in PACKAGES.items():
        if f"“{ours}”" in hint:
            return f"{hint} pip install {package}; {there}"
    return f"install the plugin that brings it; {there}"
