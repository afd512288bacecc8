"""Who calls: a program with its token, or somebody signed in whose page does.

A browser sends no token by itself, so a call with one needs no other proof of where it comes from;
a call by a session needs what a form needs.
"""

from __future__ import annotations

from starlette.requests import Request

from omniroute.application.authorize import Action, Actor, Object, authorize, permitted
from omniroute.web.answers import console_of
from omniroute.web.guard import check_origin, check_token
from omniroute.web.visits import SignedOut, admit

SAFE = frozenset({"GET", "HEAD"})


async def admitted(request: Request) -> Actor:
    """Who calls.  Raises `SignedOut`, and `Refused` for a session's call from elsewhere."""
    console = console_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme and not console.local:
        actor = await console.accounts.bearer(token.strip()) if scheme.lower() == "bearer" else None
        if actor is None:
            raise SignedOut
        return actor
    visit = await admit(request)
    if request.method not in SAFE and not console.local:
        check_origin(request, console.public_url)
        await check_token(request, visit.secret)
    return visit.actor


def check_ever(actor: Actor, action: Action) -> None:
    """Refuse who may do *action* to nothing at all, before anything is read.  Raises `Refused`."""
    whose = (Object(), Object(owner=actor.id), Object(owner="somebody else"))
    if not any(permitted(actor, action, thing) for thing in whose):
        authorize(actor, action)
