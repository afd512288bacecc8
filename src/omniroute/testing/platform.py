"""What the kit needs of a platform: the adapter that an integrator writes over their fake.

Each method is one line over a fake that exists.  What a platform cannot do is left out and named,
with the reason, in `ChannelConformance.absent`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar, Literal, NoReturn, Self, TypeAlias

from starlette.types import ASGIApp

How: TypeAlias = Literal["rate", "unauthorised", "rejected", "away", "lost"]
"""How a platform fails: it asks to wait, does not know the credentials, refuses this message,
cannot be reached, or takes the message while its answer is lost."""


@dataclass(frozen=True, slots=True)
class Got:
    """What a customer got, as they read it."""

    text: str
    files: tuple[tuple[str, bytes], ...] = ()  # name and bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the platform to our webhook; *path* begins below the account's mount."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = "/"
    method: str = "POST"


class NotShown(Exception):
    """The adapter does not show this: a method of `Platform`, or one way of it (``fails:rate``)."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Platform:
    """A platform as the kit plays it.  *who* is ``joe`` or ``mia``: two customers.

    It is an async context manager; inside, whatever it serves is served.  Before a channel is made
    the kit sets *app*, on which `Channel.routes` are mounted as in a real server, and, where
    *calls_us* is true, *our_url*, at which that is served over a socket.  *mount* is where the
    account's routes begin, on both.
    """

    calls_us: ClassVar[bool] = False
    lives_in_the_folder: ClassVar[bool] = False  # the account's: where that is lost, all is
    app: ASGIApp
    our_url: str = ""
    mount: str = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what is served."""

    def settings(self) -> Mapping[str, object]:
        """A table ``[channels.NAME]`` with which an account of this platform is opened."""
        self.missing("settings")

    def wrong_settings(self) -> Mapping[str, object]:
        """The same with credentials that the platform does not know."""
        self.missing("wrong_settings")

    # --- customers ---

    async def says(self, text: str, *, who: str = "joe") -> None:
        """A customer writes."""
        self.missing("says")

    async def sends_file(self, name: str, data: bytes, text: str, *, who: str = "joe") -> None:
        """A customer sends a file, with words or without."""
        self.missing("sends_file")

    async def edits(self, text: str) -> None:
        """Joe changes what he wrote last."""
        self.missing("edits")

    async def deletes(self) -> None:
        """Joe takes back what he wrote last."""
        self.missing("deletes")

    async def forges(self, text: str) -> str:
        """Somebody writes *text* under a name that nobody vouches for.

        The value of the address that must not come out as verified.
        """
        self.missing("forges")

    async def machine_says(self, text: str) -> None:
        """A machine writes: a bot, an out-of-office notice."""
        self.missing("machine_says")

    async def got(self, who: str = "joe") -> Sequence[Got]:
        """What a customer got from us, as it is now, oldest first."""
        self.missing("got")

    # --- the platform itself ---

    async def again(self) -> None:
        """The platform tells us of the last event once more, as if it had not heard our yes."""
        self.missing("again")

    async def comes_again(self) -> None:
        """What we have not acknowledged is due again; nothing is to be done where it comes soon."""

    async def something_new(self) -> None:
        """An event of a kind that did not exist when the channel was written."""
        self.missing("something_new")

    async def breaks(self) -> None:
        """Every open connection breaks."""
        self.missing("breaks")

    def fails(self, how: How, *, after: float = 0.0, times: int = 1) -> None:
        """The next *times* messages that we send meet this; *after* is how long to wait, in s."""
        self.missing("fails")

    async def request(self, text: str) -> Request:
        """A request to our webhook, as the platform signs it, of Joe who writes *text*."""
        self.missing("request")

    async def forged_request(self, text: str) -> Request:
        """The same with a signature that is wrong."""
        self.missing("forged_request")

    def nowhere(self) -> str:
        """A conversation that does not exist."""
        return "nowhere-at-all"

    def missing(self, what: str) -> NoReturn:
        """What this platform cannot play: a method, or one way of it, as ``fails:rate``."""
        raise NotShown(what)


def shows(platform: type[Platform], what: str) -> bool:
    """Whether an adapter has a method of its own of this name."""
    return getattr(platform, what) is not getattr(Platform, what)


@dataclass(frozen=True, slots=True)
class Seen:
    """What an agent sees of ours: words, and the labels of buttons below them."""

    text: str
    buttons: tuple[str, ...] = ()


class DeskPlatform(Platform):
    """A platform on which Ana works, too; what she does comes in as customers' doings do."""

    def account(self) -> str:
        """Ana's account, as `Address.value` has it."""
        self.missing("account")

    async def seen(self) -> Sequence[Seen]:
        """What Ana sees of ours now, oldest first, with what only she can read."""
        self.missing("seen")

    async def presses(self, label: str) -> None:
        """Ana presses the newest button that begins with *label*."""
        self.missing("presses")

    async def writes(self, text: str) -> None:
        """Ana writes where she works on the thread that she has accepted."""
        self.missing("writes")

    async def notes(self, text: str) -> None:
        """Ana writes a note there, for colleagues alone."""
        self.missing("notes")
