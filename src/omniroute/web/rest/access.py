"""Tokens of programs: made, listed and ended by admins."""

from __future__ import annotations

from typing import Annotated

import msgspec

from omniroute.application.authorize import Action
from omniroute.application.tokens import (
    LONGEST_NAME,
    MOST_DAYS,
    USUAL_DAYS,
    NewToken,
    TokenView,
)
from omniroute.errors import Refused
from omniroute.web.ports import Operations
from omniroute.web.rest.calls import Call, Operation, Page, operation
from omniroute.web.rest.threads import Short


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A token to be made, for *days*; *agent* is in whose name it acts, if in anybody's."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
    scopes: Annotated[tuple[Short, ...], msgspec.Meta(min_length=1, max_length=50)]
    agent: Short = ""
    days: Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)] = USUAL_DAYS


class Ended(msgspec.Struct, frozen=True):
    """What is no more."""

    id: str


def operations_of(call: Call) -> Operations:
    """The running system.  Raises `Refused` where there is none to administer."""
    if call.console.operations is None:
        raise Refused("not_found", "Nothing is administered here.")
    return call.console.operations


async def list_tokens(call: Call) -> Page[TokenView]:
    """Tokens that work, the oldest first; never the tokens themselves."""
    return Page(tuple(await operations_of(call).tokens.list(call.actor)))


async def make_token(call: Call, said: Wanted) -> NewToken:
    """Make a token; it is shown in this answer and never again."""
    tokens = operations_of(call).tokens
    return await tokens.make(call.actor, said.name, said.scopes, said.agent, said.days)


async def revoke_token(call: Call) -> Ended:
    """End a token."""
    id = call.named("token")
    await operations_of(call).tokens.revoke(call.actor, id)
    return Ended(id)


def operations() -> list[Operation]:
    """All of this file."""
    return [
        operation("GET", "/tokens", Action.TOKENS, list_tokens),
        operation("POST", "/tokens", Action.TOKENS, make_token),
        operation("DELETE", "/tokens/{token}", Action.TOKENS, revoke_token),
    ]
