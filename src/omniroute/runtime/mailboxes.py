"""Which e-mail addresses are one mailbox, as data: what the big providers say of their own.

An address is known by its canonical form; what is sent goes to the address as it was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from omniroute.runtime.phones import Alike


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider makes of the part before the at sign.

    *domains* are names of one domain, the first is the canonical one.  *dots*: dots mean nothing.
    *tag* begins what the owner may append; such addresses reach one mailbox, but several people
    may have agreed on one each, so they are only perhaps the same.
    """

    domains: tuple[str, ...]
    dots: bool = False
    tag: str = ""


PROVIDERS: Final = (
    # https://support.google.com/mail/answer/7436150 ("Dots don't matter in Gmail addresses")
    Provider(("gmail.com", "googlemail.com"), dots=True, tag="+"),
    # These give out several domains; equal names in two of them are two people.
    Provider(("outlook.com",), tag="+"),
    Provider(("hotmail.com",), tag="+"),
    Provider(("live.com",), tag="+"),
    Provider(("icloud.com",), tag="+"),
    Provider(("fastmail.com",), tag="+"),
    Provider(("proton.me",), tag="+"),
    Provider(("protonmail.com",), tag="+"),
)

_BY_DOMAIN: Final = {name: provider for provider in PROVIDERS for name in provider.domains}


def canonical(value: str) -> str:
    """The form by which a mailbox is known: the domain in lower case, and what its provider says.

    >>> canonical("J.Miller@GoogleMail.com")
    'jmiller@gmail.com'
    >>> canonical("J.Miller@Mail.Example")
    'J.Miller@mail.example'
    """
    local, at, domain = value.rpartition("@")
    if not (local and at and domain):
        return value
    domain = domain.lower()
    provider = _BY_DOMAIN.get(domain)
    if provider is None or local.startswith('"'):
        return f"{local}@{domain}"
    local = local.lower()
    if provider.dots:
        name, tag, rest = local.partition(provider.tag)
        local = name.replace(".", "") + tag + rest
    return f"{local}@{provider.domains[0]}" if local else value


def untagged(value: str) -> str:
    """The canonical address without what its owner has appended.

    >>> untagged("joe+shop@outlook.com")
    'joe@outlook.com'
    """
    known = canonical(value)
    local, _, domain = known.rpartition("@")
    provider = _BY_DOMAIN.get(domain)
    name = local.partition(provider.tag)[0] if provider and provider.tag else local
    return f"{name}@{domain}" if name else known


def compare(one: str, other: str) -> Alike:
    """How two addresses stand to each other."""
    if canonical(one) == canonical(other):
        return Alike.SAME
    return Alike.AMBIGUOUS if untagged(one) == untagged(other) else Alike.DIFFERENT


def perhaps(value: str) -> tuple[str, ...]:
    """The address that this one may be a tagged form of."""
    plain = untagged(value)
    return (plain,) if plain != canonical(value) else ()
