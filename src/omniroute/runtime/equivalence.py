"""When two addresses are one handle: asked before the core, which sees ids alone.

Of a name space that is not listed here every value stands for itself.  What is *same* has one
handle; what is *ambiguous* is suggested to a person; and what is sent goes to the form that the
platform gave, never to one of ours.
"""

from __future__ import annotations

from omniroute.channel import Address
from omniroute.runtime import mailboxes, phones
from omniroute.runtime.phones import Alike

EMAIL = "email"
PHONE = "phone"
MOBILE = "phone:mobile"  # of a platform that reaches mobile lines only
_PHONES = (PHONE, MOBILE)


def canonical(kind: str, value: str) -> str:
    """The form of *value* by which a handle is known."""
    if kind == EMAIL:
        return mailboxes.canonical(value)
    if kind in _PHONES:
        return phones.canonical(value, mobile=kind == MOBILE)
    return value


def domain_of(kind: str, value: str) -> str:
    """The domain of an address that has one; empty otherwise."""
    return mailboxes.canonical(value).rpartition("@")[2] if kind == EMAIL else ""


def compare(one: Address, other: Address) -> Alike:
    """How two addresses stand to each other, whoever vouches for them."""
    kinds = {one.kind, other.kind}
    if kinds <= {*_PHONES}:
        alike = phones.compare(one.value, other.value, mobile=PHONE not in kinds)
        # Two name spaces are two handles, even of one line: a person joins them.
        return Alike.AMBIGUOUS if len(kinds) > 1 and alike is Alike.SAME else alike
    if len(kinds) > 1:
        return Alike.DIFFERENT
    if kinds == {EMAIL}:
        return mailboxes.compare(one.value, other.value)
    return Alike.SAME if one.value == other.value else Alike.DIFFERENT


def perhaps(address: Address) -> tuple[Address, ...]:
    """Addresses that may be the same person's by their form alone, as handles vouched for."""
    kind, value = address.kind, address.value
    if kind == EMAIL:
        return tuple(Address(kind, other, verified=True) for other in mailboxes.perhaps(value))
    if kind not in _PHONES:
        return ()
    others = phones.perhaps(value, mobile=kind == MOBILE)
    across = MOBILE if kind == PHONE else PHONE
    number = phones.e164(value)
    crossing = (number, *others) if number else ()
    return (
        *(Address(kind, other, verified=True) for other in others),
        *(Address(across, other, verified=True) for other in crossing),
    )


def other_trust(address: Address) -> tuple[Address, ...]:
    """The same telephone number, vouched for where *address* is not, and the other way round.

    Who calls from a number, as their exchange says, may be who texts from it, as its network does.
    Of no other name space: that a forged sender may be who they say they are is their own word.
    """
    if address.kind not in _PHONES:
        return ()
    return (Address(address.kind, address.value, verified=not address.verified),)
