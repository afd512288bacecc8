"""The certificate that SMTP is served with, read again when its file changes.

Certificates are renewed every few weeks by other programs; nobody should have to remember that a
server must then be started again.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from omniroute import ConfigError

log = logging.getLogger("omniroute.email")


class Certificate:
    """A certificate with its chain, and the key to it (the same file unless named)."""

    def __init__(self, chain: Path, key: Path, place: str) -> None:
        """Raises `ConfigError` naming the setting below *place*."""
        self._chain, self._key = chain, key
        try:
            self._read_at = self._changed_at()
            self._context = self._read()
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"{place}.tls_certificate",
                f"no TLS with {chain} and {key}: {_why(error)}",
                "name a PEM file with the certificate and its chain, and in tls_key that with its"
                " private key, both readable by OmniRoute",
            ) from None

    def context(self) -> ssl.SSLContext:
        """What the next session encrypts with; a renewed file that is no good changes nothing."""
        try:
            changed_at = self._changed_at()
            if changed_at != self._read_at:
                self._read_at, self._context = changed_at, self._read()
        except (OSError, ssl.SSLError) as error:
            log.error("the renewed certificate %s cannot be used: %s", self._chain, _why(error))
        return self._context

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)  # TLS 1.2 and later
        context.load_cert_chain(self._chain, self._key)
        return context

    def _changed_at(self) -> tuple[int, int]:
        return self._chain.stat().st_mtime_ns, self._key.stat().st_mtime_ns


def _why(error: OSError | ssl.SSLError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or error)
