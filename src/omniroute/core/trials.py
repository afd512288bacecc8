"""A rule set on trial beside the one that decides.

In the *shadow* it is asked about every routing and its answer recorded, without effect.  As a
*canary* it decides for a share of the customers.  Who is in that share follows from the customer's
id alone: the same person is in it today and tomorrow, and stays in it when the share grows.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from omniroute.core.model import CustomerId

SHADOW: Final = "shadow"
CANARY: Final = "canary"
MODES: Final = (SHADOW, CANARY)


class Trial(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which rule set is on trial, and how; no version: none is.

    *share* is the canary's part of the customers, from 0 to 1; *until* is when it is over (ms), 0
    where somebody will say so.
    """

    version: str = ""
    mode: str = ""
    share: float = 0.0
    until: int = 0

    def running(self, at: int) -> bool:
        """Whether it is asked about anything at the time *at*."""
        return bool(self.version) and (not self.until or at < self.until)

    def decides(self, customer: CustomerId, at: int) -> bool:
        """Whether it decides for this customer."""
        return self.mode == CANARY and self.running(at) and place(customer) < self.share


NONE: Final = Trial()


def place(customer: CustomerId) -> float:
    """Where a customer stands between 0 and 1: even over all customers, for ever the same."""
    digest = hashlib.blake2b(customer.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2.0**64
