"""Tokens of programs, made by admins; and webhooks, by which programs are told of events."""

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
from omniroute.application.webhooks import LONGEST_URL, NewWebhook, WebhookView
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


class Subscription(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where events go, and which: all unless named; ``thread.*`` are all about threads.

    With *personal* a message's event says what was said, and by whom.
    """

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_URL)]
    types: Annotated[tuple[Short, ...], msgspec.Meta(max_length=100)] = ()
    personal: bool = False


class Tried(msgspec.Struct, frozen=True):
    """What became of a trial: *error* says why it was not taken."""

    ok: bool
    error: str = ""


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


async def list_webhooks(call: Call) -> Page[WebhookView]:
    """Where events go, and how that works."""
    return Page(tuple(await operations_of(call).webhooks.list(call.actor)))


async def make_webhook(call: Call, said: Subscription) -> NewWebhook:
    """Have events sent somewhere from now on; the secret is shown in this answer alone."""
    webhooks = operations_of(call).webhooks
    return await webhooks.make(call.actor, said.url, said.types, said.personal)


async def delete_webhook(call: Call) -> Ended:
    """Send nothing more there."""
    id = call.named("webhook")
    await operations_of(call).webhooks.delete(call.actor, id)
    return Ended(id)


async def enable_webhook(call: Call) -> WebhookView:
    """Send again what happens from now on, after it was switched off."""
    return await operations_of(call).webhooks.enable(call.actor, call.named("webhook"))


async def test_webhook(call: Call) -> Tried:
    """Send an event that says nothing, now and once."""
    error = await operations_of(call).webhooks.test(call.actor, call.named("webhook"))
    return Tried(not error, error)


def operations() -> list[Operation]:
    """All of this file."""
    return [
        operation("GET", "/tokens", Action.TOKENS, list_tokens),
        operation("POST", "/tokens", Action.TOKENS, make_token),
        operation("DELETE", "/tokens/{token}", Action.TOKENS, revoke_token),
        operation("GET", "/webhooks", Action.WEBHOOKS, list_webhooks),
        operation("POST", "/webhooks", Action.WEBHOOKS, make_webhook),
        operation("DELETE", "/webhooks/{webhook}", Action.WEBHOOKS, delete_webhook),
        operation("POST", "/webhooks/{webhook}/enable", Action.WEBHOOKS, enable_webhook),
        operation("POST", "/webhooks/{webhook}/test", Action.WEBHOOKS, test_webhook),
    ]
