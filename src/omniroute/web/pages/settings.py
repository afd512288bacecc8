"""What one may wish for: notifications, a sound, single-letter keys.  Kept in the browser."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from omniroute.web.answers import console_of, page, sent
from omniroute.web.viewer import WISHES, WISHES_COOKIE
from omniroute.web.visits import Visit

YEAR = 365 * 24 * 3600


async def show(request: Request, visit: Visit) -> Response:
    """The settings as they are."""
    return await page(request, visit, "settings.html")


async def save(request: Request, visit: Visit) -> Response:
    """Keep the settings for a year.  The page's script reads them too."""
    form = await request.form()
    wished = ".".join(wish for wish in WISHES if form.get(wish) == "on")
    response = sent(request, visit, "/settings", "Settings saved for this browser.")
    response.set_cookie(
        WISHES_COOKIE, wished or "none", max_age=YEAR, samesite="lax",
        secure=console_of(request).https,
    )  # fmt: skip
    return response
