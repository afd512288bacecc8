"""The record as programs read it."""

from typing import get_args

from omniroute.application.feed import INTERNAL, TYPES
from omniroute.core.events import AnyEvent


def test_every_event_is_public_or_said_to_be_ours() -> None:
    assert set(get_args(AnyEvent)) == set(TYPES) | INTERNAL
    assert not set(TYPES) & INTERNAL
    assert len(set(TYPES.values())) == len(TYPES)
