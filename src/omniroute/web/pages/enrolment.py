"""An admin's page about one colleague: where they work from, who let them, and the end of it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from omniroute.errors import Refused
from omniroute.web.answers import Values, console_of, page, sent
from omniroute.web.forms import field
from omniroute.web.pages.admin import operations_of
from omniroute.web.visits import Visit


async def show(request: Request, visit: Visit) -> Response:
    """The colleague, their accounts, and what was changed by whom."""
    return await _page(request, visit)


async def invite(request: Request, visit: Visit) -> Response:
    """A one-time code for a desk, shown this one time."""
    agent, desk = request.path_params["agent"], field(await request.form(), "desk")
    made = await operations_of(request).enrolment.invite(visit.actor, agent, desk)
    return await _page(request, visit, invitation=made)


async def revoke(request: Request, visit: Visit) -> Response:
    """Take an account away."""
    agent, form = request.path_params["agent"], await request.form()
    enrolment = operations_of(request).enrolment
    count = await enrolment.revoke(visit.actor, agent, field(form, "kind"), field(form, "value"))
    said = "That account is nobody's now." if count else "That was so already."
    return sent(request, visit, f"/team/{agent}", said)


async def deactivate(request: Request, visit: Visit) -> Response:
    """Let them in nowhere; what they had goes to others."""
    agent = request.path_params["agent"]
    try:
        await operations_of(request).enrolment.deactivate(visit.actor, agent)
    except Refused as refused:
        return sent(request, visit, f"/team/{agent}", refused.text)
    said = f"{agent} is let in nowhere now; what they had waits for others."
    return sent(request, visit, f"/team/{agent}", said)


async def activate(request: Request, visit: Visit) -> Response:
    """Let them in again."""
    agent = request.path_params["agent"]
    await operations_of(request).enrolment.activate(visit.actor, agent)
    return sent(request, visit, f"/team/{agent}", f"{agent} may come in again.")


async def _page(request: Request, visit: Visit, **more: object) -> Response:
    agent, enrolment = request.path_params["agent"], operations_of(request).enrolment
    inactive = agent in await enrolment.inactive(visit.actor)
    board = await console_of(request).application.query.board(visit.actor)
    member = next((one for one in board.team if one.id == agent), None)
    if member is None and not inactive:
        raise Refused("not_found", f"Nobody on the team is called {agent}.")
    values: Values = {
        "agent": agent,
        "member": member,
        "inactive": inactive,
        "desks": enrolment.desks,
        "accounts": await enrolment.accounts(visit.actor, agent),
        "audit": list(reversed(await enrolment.audit(visit.actor, agent))),
        "invitation": None,
        **more,
    }
    return await page(request, visit, "colleague.html", values)
