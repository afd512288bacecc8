"""Who looks at a page: their time zone, their wishes, and times told their way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.requests import HTTPConnection

ZONE_COOKIE = "omniroute_zone"  # set by the page's script; a guess of ours until then
WISHES_COOKIE = "omniroute_wishes"

WISHES = ("letters", "notify", "sound")
"""What can be switched in the settings: single-letter keys, notifications, a sound."""

DEFAULT_WISHES = frozenset({"letters"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """The time it is for somebody, and what they wished for."""

    now: int
    zone: tzinfo = UTC
    zone_name: str = ""  # empty: not known yet
    wishes: frozenset[str] = DEFAULT_WISHES

    def moment(self, at: int) -> datetime:
        """The instant *at* in the viewer's zone."""
        return datetime.fromtimestamp(at / 1000, self.zone)

    def iso(self, at: int) -> str:
        """For ``<time datetime>``."""
        return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")

    def clock(self, at: int) -> str:
        """``10:15``."""
        return f"{self.moment(at):%H:%M}"

    def day(self, at: int) -> str:
        """``Today``, ``Yesterday``, ``Monday 2 March``, with the year when it is another."""
        moment, today = self.moment(at), self.moment(self.now)
        if moment.date() == today.date():
            return "Today"
        if moment.date() == today.date() - timedelta(days=1):
            return "Yesterday"
        year = f" {moment:%Y}" if moment.year != today.year else ""
        return f"{moment:%A} {moment.day} {moment:%B}{year}"

    def when(self, at: int) -> str:
        """``10:15`` today, else ``2 Mar 10:15``, with the year when it is another."""
        moment, today = self.moment(at), self.moment(self.now)
        if moment.date() == today.date():
            return f"{moment:%H:%M}"
        year = f" {moment:%Y}" if moment.year != today.year else ""
        return f"{moment.day} {moment:%b}{year} {moment:%H:%M}"

    def full(self, at: int) -> str:
        """``Monday 2 March 2026, 10:15:02 CET``."""
        moment = self.moment(at)
        return f"{moment:%A} {moment.day} {moment:%B %Y, %H:%M:%S %Z}"

    def field(self, at: int) -> str:
        """For ``<input type=datetime-local>``."""
        return f"{self.moment(at):%Y-%m-%dT%H:%M}"

    def from_field(self, text: str) -> int:
        """The instant that such a field names here.  Raises `ValueError`."""
        return int(datetime.fromisoformat(text).replace(tzinfo=self.zone).timestamp() * 1000)

    def tomorrow(self, hour: int, days: int = 1) -> int:
        """*hour* o'clock, *days* after today, here."""
        day = self.moment(self.now).date() + timedelta(days=days)
        moment = datetime(day.year, day.month, day.day, hour, tzinfo=self.zone)
        return int(moment.timestamp() * 1000)


def viewer(connection: HTTPConnection, now: int) -> Viewer:
    """The viewer that a request's cookies describe."""
    name = connection.cookies.get(ZONE_COOKIE, "")
    zone: tzinfo = UTC
    try:
        zone = ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        name = ""
    wished = connection.cookies.get(WISHES_COOKIE)
    wishes = DEFAULT_WISHES if wished is None else frozenset(wished.split("."))
    return Viewer(now=now, zone=zone, zone_name=name, wishes=wishes & frozenset(WISHES))
