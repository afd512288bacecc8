"""The admin's pages where rules are tried before they decide: compare, back-test, make a test."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from omniroute.application.rulebook import LIVE
from omniroute.application.workbench import FOLDER, Workbench
from omniroute.errors import ConfigError, Refused
from omniroute.web import forms
from omniroute.web.answers import Values, page, parts, sent
from omniroute.web.pages.admin import operations_of
from omniroute.web.visits import Visit

BACKTEST = "/admin/backtest"
DAYS = 30


async def compare(request: Request, visit: Visit) -> Response:
    """What one rule set does otherwise than another."""
    before = request.query_params.get("before", LIVE)
    after = request.query_params.get("after", FOLDER)
    found, trouble = None, ""
    try:
        found = await _bench(request).compare(visit.actor, before, after)
    except ConfigError as error:
        trouble = str(error)
    values: Values = {
        "before": before,
        "after": after,
        "sets": await _sets(request, visit),
        "found": found,
        "trouble": trouble,
    }
    return await page(request, visit, "compare.html", values)


async def backtest(request: Request, visit: Visit) -> Response:
    """How the last back-test stands, and the form for another."""
    asked = request.query_params.get("after", FOLDER)
    return await page(request, visit, "backtest.html", await _standing(request, visit, asked))


async def progress(request: Request, visit: Visit) -> Response:
    """The same, less what does not change."""
    return await parts(
        request, visit, "parts/backtest.html", await _standing(request, visit, FOLDER)
    )


async def start(request: Request, visit: Visit) -> Response:
    """Begin a back-test."""
    form = await request.form()
    days = forms.field(form, "days")
    if not days.isdecimal():
        raise Refused("invalid", "Say how many days, such as 30.")
    try:
        await _bench(request).start(visit.actor, forms.field(form, "after"), int(days))
    except ConfigError as error:
        return sent(request, visit, BACKTEST, f"These rules cannot be tried. {error}")
    return sent(request, visit, BACKTEST)


async def record(request: Request, visit: Visit) -> Response:
    """The decision about a thread as a test."""
    thread, name = request.path_params["thread"], request.query_params.get("name", "")
    made = await _bench(request).record(visit.actor, thread, name)
    return await page(request, visit, "record.html", {"thread": thread, "made": made})


async def save(request: Request, visit: Visit) -> Response:
    """Put it at the end of the recorded tests."""
    thread = request.path_params["thread"]
    name = forms.field(await request.form(), "name")
    made = await _bench(request).save(visit.actor, thread, name)
    said = f"Put at the end of tests/recorded.test.yaml: “{made.name}”."
    if made.faults:
        said += " The rules in the folder fail it by now."
    return sent(request, visit, f"/threads/{thread}/why", said)


async def _standing(request: Request, visit: Visit, asked: str) -> Values:
    trying = await _bench(request).trying(visit.actor)
    return {
        "trying": trying,
        "asked": trying.after if trying is not None and trying.running else asked,
        "days": trying.days if trying is not None else DAYS,
        "sets": await _sets(request, visit),
    }


async def _sets(request: Request, visit: Visit) -> list[tuple[str, str]]:
    """Every rule set there is, by name, with what to call it."""
    kept = await operations_of(request).rulebook.versions(visit.actor)
    named = [(LIVE, "live"), (FOLDER, "in the folder")]
    for view in kept:
        act = view.act
        said = f": {act.message}" if act is not None and act.message else ""
        state = f" ({view.state})" if view.state else ""
        named.append((view.version, f"{view.version}{state}{said}"))
    return named


def _bench(request: Request) -> Workbench:
    return operations_of(request).workbench
