"""Ids that say nothing: keyed hashes of addresses and of external ids.

The key lies in a file of its own beside the database, so that the database alone does not tell
who is behind a handle.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from omniroute.channel import Address
from omniroute.errors import ConfigError
from omniroute.runtime.equivalence import canonical, domain_of

KEY_BYTES = 32


class Keyed:
    """Makes ids under one secret key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._begun = hashlib.blake2b(key=key, digest_size=13)

    def __repr__(self) -> str:
        return "Keyed(…)"

    def handle(self, address: Address) -> str:
        """The id of a handle: equal for every form of an address that is surely the same.

        An address nobody vouches for is another handle.
        """
        trust = "" if address.verified else "unverified"
        return self._hash("handle", address.kind, canonical(address.kind, address.value), trust)

    def writer(self, address: Address, *mark: str) -> str:
        """The handle of one of those who share an address, told apart by *mark*."""
        trust = "" if address.verified else "unverified"
        value = canonical(address.kind, address.value)
        return self._hash("writer", address.kind, value, trust, *mark)

    def name(self, name: str) -> str:
        """What the core is told of a name: whether it has heard it before."""
        return self._hash("name", name)

    def realm(self, kind: str, value: str) -> str:
        """What the core is told of an address's domain; empty where it has none."""
        domain = domain_of(kind, value)
        return self._hash("realm", kind, domain) if domain else ""

    def words(self, text: str) -> str:
        """What the core is told of a text: whether it is the one before.  Eight digits only, so
        that it says nothing else, even to who has the key."""
        return self._hash("words", " ".join(text.casefold().split()))[:8]

    def message(self, channel: str, account: str, external_id: str, key: str) -> str:
        """The id of a message, the same however often it is delivered."""
        return self._hash("message", channel, account, external_id, key)

    def external(self, channel: str, account: str, external_id: str) -> str:
        """The id under which a message is found by the platform's own."""
        return self._hash("external", channel, account, external_id)

    def derive(self, purpose: str) -> bytes:
        """A key for another purpose, from which this one cannot be found."""
        return hashlib.blake2b(purpose.encode(), key=self._key, digest_size=32).digest()

    def _hash(self, *parts: str) -> str:
        """Each part with its length before it: whatever a sender writes stays in its part."""
        named = self._begun.copy()
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            named.update(len(data).to_bytes(8, "big") + data)
        return named.hexdigest()


def open_key(path: Path) -> Keyed:
    """Read the key file, or make it, readable by its owner only."""
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), f"the key file cannot be used: {error.strerror}") from None
    if len(key) != KEY_BYTES:
        raise ConfigError(str(path), "is not a key file", f"it should hold {KEY_BYTES} bytes")
    return Keyed(key)


def _make(path: Path) -> None:
    """Write a new key whole or not at all: a process that dies here leaves no half of one."""
    new = path.with_name(path.name + ".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
