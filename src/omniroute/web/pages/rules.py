"""The admin's pages of the rules: how often each matches, versions and trials, a try.

Whatever changes something asks for a reason, which is kept with the version.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from omniroute.application.rulebook import Promotion, Reload, Rollback, TryOut
from omniroute.core.spans import parse_span
from omniroute.errors import ConfigError, Refused
from omniroute.web import forms
from omniroute.web.answers import Values, page, sent
from omniroute.web.pages.admin import operations_of
from omniroute.web.visits import Visit

DAYS = 7
WHERE = "/admin/rules"


async def show(request: Request, visit: Visit) -> Response:
    """What the live rules met in the last days, what is on trial, and the versions."""
    book = operations_of(request).rulebook
    usage = await book.usage(visit.actor, DAYS)
    values: Values = {
        "usage": usage,
        "most": max((max(rule.days) for rule in usage.rules), default=0),
        "trial": await book.trial(visit.actor),
        "versions": await book.versions(visit.actor),
    }
    return await page(request, visit, "rules.html", values)


async def version(request: Request, visit: Visit) -> Response:
    """One version: its files, and what was done with it."""
    named = request.path_params["version"]
    found = await operations_of(request).rulebook.version(visit.actor, named)
    return await page(request, visit, "rules_version.html", {"version": found})


async def promote(request: Request, visit: Visit) -> Response:
    """Have a version decide, or try it."""
    form = await request.form()
    mode = forms.field(form, "mode")
    asked = Promotion(
        mode=mode,
        version=forms.field(form, "version"),
        share=_share(forms.field(form, "share")) if mode == "canary" else 0.0,
        span=_span(forms.field(form, "span")) if mode == "shadow" else 0,
        message=_reason(forms.field(form, "message")),
    )
    done = await operations_of(request).rulebook.promote(visit.actor, asked)
    if mode == "live":
        return sent(request, visit, WHERE, f"Version {done.version} is live.")
    return sent(request, visit, WHERE, f"Version {done.version} is on trial: {mode}.")


async def rollback(request: Request, visit: Visit) -> Response:
    """Have the version before decide again."""
    form = await request.form()
    asked = Rollback(message=_reason(forms.field(form, "message")))
    done = await operations_of(request).rulebook.rollback(visit.actor, asked)
    return sent(request, visit, WHERE, f"Version {done.version} is live again.")


async def stop(request: Request, visit: Visit) -> Response:
    """End the trial."""
    reason = _reason(forms.field(await request.form(), "message"))
    await operations_of(request).rulebook.stop_trial(visit.actor, reason)
    return sent(request, visit, WHERE, "Nothing is on trial any more.")


async def try_it(request: Request, visit: Visit) -> Response:
    """The form in which a message is made up."""
    return await page(request, visit, "try.html", {"asked": TryOut(), "told": ""})


async def tried(request: Request, visit: Visit) -> Response:
    """Where that message would go now, rule by rule and agent by agent; nothing is kept."""
    form = await request.form()
    names = ("channel", "account", "language", "email", "name", "tier", "subject", "text")
    asked = TryOut(**{name: forms.field(form, name) for name in names})
    told = await operations_of(request).rulebook.explain(visit.actor, asked)
    return await page(request, visit, "try.html", {"asked": asked, "told": told})


def _reason(text: str) -> str:
    if not text:
        raise Refused("invalid", "Say in a line why; it is kept with the version.")
    return text


def _share(text: str) -> float:
    try:
        return float(text.removesuffix("%").strip()) / 100
    except ValueError:
        raise Refused("invalid", "A share is a number of percent, such as 10.") from None


def _span(text: str) -> int:
    try:
        return parse_span(text) if text else 0
    except ValueError:
        raise Refused("invalid", "A span is written as 24h or 7d.") from None


async def reload_rules(request: Request, visit: Visit) -> Response:
    """Read the folder again; the last good rules stay when it is broken."""
    reason = forms.field(await request.form(), "message")
    try:
        done = await operations_of(request).rulebook.reload(visit.actor, Reload(message=reason))
    except ConfigError as error:
        return sent(request, visit, WHERE, f"The rules stay as they were. {error}")
    said = f"Loaded: {done.rules} rules, version {done.version}."
    return sent(request, visit, WHERE, said)
