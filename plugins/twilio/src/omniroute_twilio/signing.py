"""How Twilio signs a request: HMAC-SHA1 over the address that it calls and what it sends.

https://www.twilio.com/docs/usage/security#validating-requests.  The address is the public one, as
it stands in Twilio's console, and not the one at which a proxy reaches us.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit, urlunsplit

HEADER: Final = "x-twilio-signature"
Fields = Sequence[tuple[str, str]]
_PORTS: Final = {"https": 443, "http": 80}


def sign(token: str, url: str, fields: Fields) -> str:
    """The header's value: *url* with its query, then each field's name and value, by name.

    >>> sign("12345", "https://desk.example/hook?of=1", [("To", "+1"), ("From", "+2")])
    'TGSymE3qPNjz1VXgUsaEPaIzzLI='
    """
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    mac = hmac.digest(token.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(mac).decode()


def is_signed(token: str, url: str, fields: Fields, shown: str) -> bool:
    """Whether *shown* is what Twilio writes: of some ports it signs the address without them."""
    right = [sign(token, address, fields).encode() for address in _written(url)]
    return any(hmac.compare_digest(one, shown.encode()) for one in right)


def _written(url: str) -> Iterable[str]:
    """*url* as it is, without its port, and with the one that goes without saying."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS.get(parts.scheme, 80)
    for netloc in dict.fromkeys((parts.netloc, host, f"{host}:{port}")):
        yield urlunsplit(parts._replace(netloc=netloc))
