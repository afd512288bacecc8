"""Who is asking: from a session cookie to a `Visit`, or to the sign-in page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection
from starlette.responses import Response

from omniroute.application.authorize import SYSTEM, Actor, Kind
from omniroute.web.guard import token_for
from omniroute.web.viewer import Viewer, viewer

if TYPE_CHECKING:
    from omniroute.web.console import Console

LASTING = 30 * 24 * 3600
"""How long a browser keeps its session cookie, in seconds; the session itself may end before."""


class SignedOut(Exception):
    """Nobody is signed in, or no longer."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is signed in."""

    actor: Actor
    token: str  # for forms
    secret: str = field(repr=False)  # of the session
    viewer: Viewer

    @property
    def admin(self) -> bool:
        """Whether the pages of the admin are theirs."""
        return self.actor.kind is Kind.SYSTEM or self.actor.role == "admin"


def cookie_name(console: Console) -> str:
    """The session cookie's name; the prefix makes browsers insist on https and this very host."""
    return "__Host-omniroute" if console.https else "omniroute"


async def admit(connection: HTTPConnection) -> Visit:
    """The visit a request belongs to.  Raises `SignedOut`."""
    console: Console = connection.app.state.console
    sees = viewer(connection, console.clock())
    if console.local:
        return Visit(SYSTEM, token_for("local"), "local", sees)
    secret = connection.cookies.get(cookie_name(console), "")
    actor = await console.accounts.session(secret) if secret else None
    if actor is None:
        raise SignedOut
    return Visit(actor, token_for(secret), secret, sees)


def let_in(console: Console, response: Response, secret: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name(console),
        secret,
        max_age=LASTING,
        httponly=True,
        samesite="lax",
        secure=console.https,
    )


def see_out(console: Console, response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(
        cookie_name(console), httponly=True, samesite="lax", secure=console.https
    )
