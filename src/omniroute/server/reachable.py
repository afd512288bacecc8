"""Whether browsers and platforms come to this machine by the address that they are told."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from omniroute.errors import ConfigError

PLACE: Final = "server.public_url"
SECONDS: Final = 5.0  # for each step
SOON: Final = 14  # days before its end that a certificate is said to be ending
HEALTH: Final = "/healthz"
DAY: Final = 86_400


def address(url: str, context: ssl.SSLContext | None = None) -> str:
    """Look the name up, connect, check the certificate, and ask who is there.

    Nothing is sent but a question for ``/healthz``.  Raises `ConfigError` naming what fails.
    """
    parts = urlsplit(url)
    host, is_tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    found = _resolved(host, port)
    try:
        with socket.create_connection((host, port), SECONDS) as plain:
            if not is_tls:
                return f"{found}, {_asked(plain, host)}"
            made = context or ssl.create_default_context()
            with made.wrap_socket(plain, server_hostname=host) as over:
                left = _days_left(over.getpeercert() or {})
                return f"{found}, certificate for {left} more days, {_asked(over, host)}"
    except ssl.SSLCertVerificationError as error:
        fault = f"the certificate of {host} is not valid: {error.verify_message}"
        raise ConfigError(PLACE, fault, "renew it, or have the proxy send its chain") from None
    except ssl.SSLError as error:
        fix = "see whether the proxy speaks TLS on that port"
        raise ConfigError(PLACE, f"{host}:{port}: {error.reason or error}", fix) from None
    except OSError as error:
        fault = f"nobody answers at {host}:{port} from here: {error.strerror or error}"
        fix = "start the proxy, or let this machine reach its own address"
        raise ConfigError(PLACE, fault, fix) from None


def _resolved(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        fault = f"the name {host} is not known: {getattr(error, 'strerror', None) or error}"
        raise ConfigError(PLACE, fault, "give it an address in the DNS") from None
    return f"{host} is " + " and ".join(dict.fromkeys(str(one[4][0]) for one in found))


def _days_left(certificate: Mapping[str, Any] | Mapping[str, Sequence[Any]]) -> int:
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    left = int((ends - time.time()) // DAY)
    if left < SOON:
        day = datetime.fromtimestamp(ends, UTC).date()
        fault = f"its certificate ends in {left} days, on {day}"
        raise ConfigError(PLACE, fault, "see why it has not been renewed")
    return left


def _asked(connection: socket.socket, host: str) -> str:
    """Whether a server of ours answers there; one that is not started yet is no fault."""
    connection.settimeout(SECONDS)
    request = f"GET {HEALTH} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    connection.sendall(request.encode("ascii"))
    said = connection.recv(1024).split(b"\r\n", 1)[0].decode("latin-1")
    version, _, status = said.partition(" ")
    if not version.startswith("HTTP/"):
        raise ConfigError(PLACE, f"what answers at {host} does not speak HTTP", "check the port")
    if not status.startswith(("200", "502", "503", "504")):
        fault = f"{host}{HEALTH} answers {status}, as no OmniRoute does"
        raise ConfigError(PLACE, fault, "have the proxy pass the whole site on")
    return "a server answers" if status.startswith("200") else "a proxy answers, and no server yet"
