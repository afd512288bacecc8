"""What a report says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a report is about."""

    BOUNCE = "bounce"  # not delivered, or not yet
    FEEDBACK = "feedback"  # the recipient calls it spam
    DELIVERED = "delivered"  # delivered, passed on, or expanded
    READ = "read"  # a receipt of the recipient's program


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient that a message did not reach."""

    address: str
    status: str = ""  # of RFC 3463: "5.1.1"
    reason: str = ""  # as the mail server put it
    permanent: bool = True  # nobody will try again


@dataclass(frozen=True, slots=True)
class Report:
    """A report on one message that we may have sent."""

    kind: Kind
    failures: tuple[Failure, ...] = ()
    original_id: str = ""  # Message-ID of the message it is about, if that was returned
    envelope_id: str = ""  # the id that we gave its envelope, if it was returned

    @property
    def permanent(self) -> bool:
        """Whether nobody will try again, for any recipient."""
        return any(failure.permanent for failure in self.failures)
