"""Coming in and going out.

A one-time link shows a page with a button: programs that follow every link in a mail use nothing
up.  The form's token comes from a cookie of its own, since there is no session yet.
"""

from __future__ import annotations

import hmac
import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from omniroute.errors import Refused
from omniroute.web.answers import Values, bare, console_of, page, sent
from omniroute.web.forms import field
from omniroute.web.guard import check_origin, local_path, token_for
from omniroute.web.visits import SignedOut, Visit, admit, let_in, see_out

DOOR_COOKIE = "omniroute_door"


async def show(request: Request) -> Response:
    """The way in; somebody who is in already is sent on, unless they hold a link."""
    link = request.query_params.get("link", "")
    there = local_path(request.query_params.get("next", "/"))
    if not link:
        try:
            await admit(request)
        except SignedOut:
            pass
        else:
            return RedirectResponse(there, 303)
    return _door(request, link=link, there=there)


async def enter(request: Request) -> Response:
    """Take a name and password, or a one-time link."""
    console = console_of(request)
    check_origin(request, console.public_url)
    form = await request.form()
    there = local_path(field(form, "next") or "/")
    link, name = field(form, "link"), field(form, "name")
    if not _token_fits(request, field(form, "token")):
        said = "This page was open for too long. Please sign in now."
        return _door(request, 403, link=link, there=there, name=name, said=said)
    password = form.get("password", "")
    try:
        if link:
            secret = await console.accounts.redeem(link)
        else:
            secret = await console.accounts.sign_in(
                name,
                password if isinstance(password, str) else "",
                request.client.host if request.client else "",
            )
    except Refused as refused:
        status = 429 if refused.code == "too_many" else 401
        return _door(request, status, there=there, name=name, said=refused.text)
    response = RedirectResponse(there, 303)
    let_in(console, response, secret)
    response.delete_cookie(DOOR_COOKIE)
    return response


async def leave(request: Request, visit: Visit) -> Response:
    """End the session, here and on the server."""
    console = console_of(request)
    await console.accounts.sign_out(visit.secret)
    response = RedirectResponse("/sign-in", 303)
    see_out(console, response)
    return response


async def make_link(request: Request, visit: Visit) -> Response:
    """For an admin: a link that lets a colleague in once."""
    console = console_of(request)
    agent = field(await request.form(), "agent")
    link = await console.accounts.make_link(agent, visit.actor)
    board = await console.application.query.board(visit.actor)
    values: Values = {
        "link": f"{console.public_url}/sign-in?link={link}",
        "agent": next(member for member in board.team if member.id == agent),
    }
    return await page(request, visit, "link.html", values)


async def set_password(request: Request, visit: Visit) -> Response:
    """Give oneself a password; every session of one's own ends, this one too."""
    console = console_of(request)
    password = (await request.form()).get("password", "")
    try:
        await console.accounts.set_password(visit.actor, visit.actor.id, str(password))
    except Refused as refused:
        return sent(request, visit, "/settings", refused.text)
    response = RedirectResponse("/sign-in", 303)
    see_out(console, response)
    return response


async def switch(request: Request, visit: Visit) -> Response:
    """In a demo only: go on as somebody else."""
    console = console_of(request)
    if not console.demo:
        raise Refused("not_found", "There is no such page.")
    agent = field(await request.form(), "agent")
    secret = await console.accounts.redeem(await console.accounts.make_link(agent))
    await console.accounts.sign_out(visit.secret)
    response = sent(request, visit, "/")
    let_in(console, response, secret)
    return response


def _door(
    request: Request, status: int = 200, *, link: str = "", there: str = "/",
    name: str = "", said: str = "",
) -> Response:  # fmt: skip
    pass_ = request.cookies.get(DOOR_COOKIE) or secrets.token_urlsafe(24)
    response = bare(
        request, "sign_in.html",
        {"link": link, "there": there, "name": name, "said": said, "token": token_for(pass_)},
        status=status,
    )  # fmt: skip
    response.set_cookie(
        DOOR_COOKIE, pass_, max_age=3600, httponly=True, samesite="lax",
        secure=console_of(request).https,
    )  # fmt: skip
    return response


def _token_fits(request: Request, given: str) -> bool:
    pass_ = request.cookies.get(DOOR_COOKIE, "")
    return bool(pass_) and hmac.compare_digest(given.encode(), token_for(pass_).encode())
