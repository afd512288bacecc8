"""An admin's page about other people's programs: who may call, and where events are sent."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from omniroute.application.authorize import SCOPES
from omniroute.application.feed import TYPES
from omniroute.application.tokens import USUAL_DAYS
from omniroute.errors import Refused
from omniroute.web.answers import Values, console_of, page, sent
from omniroute.web.forms import field
from omniroute.web.pages.admin import operations_of
from omniroute.web.visits import Visit

PAGE = "/admin/programs"


async def show(request: Request, visit: Visit) -> Response:
    """Tokens and webhooks that there are, and forms for more."""
    return await _page(request, visit)


async def make_token(request: Request, visit: Visit) -> Response:
    """A token, shown this one time."""
    form = await request.form()
    scopes = [scope for scope in form.getlist("scope") if isinstance(scope, str)]
    days = field(form, "days") or str(USUAL_DAYS)
    if not days.isdecimal():
        raise Refused("bad_token", "Say in a number for how many days the token works.")
    tokens = operations_of(request).tokens
    made = await tokens.make(
        visit.actor, field(form, "name"), scopes, field(form, "agent"), int(days[:6])
    )
    return await _page(request, visit, made=made.token, named=made.about.name)


async def revoke_token(request: Request, visit: Visit) -> Response:
    """End a token."""
    id = field(await request.form(), "id")
    await operations_of(request).tokens.revoke(visit.actor, id)
    return sent(request, visit, PAGE, "That token works no more.")


async def make_webhook(request: Request, visit: Visit) -> Response:
    """A webhook; its secret is shown this one time."""
    form = await request.form()
    types = tuple(kind for kind in form.getlist("type") if isinstance(kind, str))
    webhooks = operations_of(request).webhooks
    personal = field(form, "personal") == "yes"
    made = await webhooks.make(visit.actor, field(form, "url"), types, personal)
    return await _page(request, visit, made=made.secret, named=made.about.url)


async def change_webhook(request: Request, visit: Visit) -> Response:
    """Try, enable or end a webhook, by the button that was pressed."""
    form, webhooks = await request.form(), operations_of(request).webhooks
    id = field(form, "id")
    match field(form, "do"):
        case "test":
            error = await webhooks.test(visit.actor, id)
            said = f"It was not taken: {error}." if error else "It was taken."
        case "enable":
            await webhooks.enable(visit.actor, id)
            said = "It sends what happens from now on."
        case "delete":
            await webhooks.delete(visit.actor, id)
            said = "Nothing is sent there any more."
        case other:
            raise Refused("invalid", f"There is no “{other[:20]}” to do to a webhook.")
    return sent(request, visit, PAGE, said)


async def _page(request: Request, visit: Visit, **more: object) -> Response:
    operations = operations_of(request)
    team = await console_of(request).application.query.agents(visit.actor)
    values: Values = {
        "tokens": await operations.tokens.list(visit.actor),
        "webhooks": await operations.webhooks.list(visit.actor),
        "scopes": tuple(SCOPES),
        "kinds": sorted({f"{name.partition('.')[0]}.*" for name in TYPES.values()}),
        "agents": team,
        "days": USUAL_DAYS,
        "made": "",
        **more,
    }
    return await page(request, visit, "programs.html", values)
