"""The stage of a check: a platform, an account on it that listens, and an engine's manners.

What was kept is parsed and checked as the engine does, and known by its ids, so that what comes
twice counts once.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from omniroute.channel import Channel, Inbound, Outbound, Receipt, Site
from omniroute.runtime.inbounds import checked
from omniroute.settings import Secret, section
from omniroute.testing.asgi import Answered, ask
from omniroute.testing.fakes.serving import serving
from omniroute.testing.intake import Notebook, listening
from omniroute.testing.platform import NotShown, Platform, Request

ACCOUNT: Final = "main"
SECRET: Final = b"a secret of the site, of no value to anybody"


class Stage:
    """One account of a channel on a platform."""

    def __init__(
        self, kind: type[Channel], platform: Platform, folder: Path, patience: float
    ) -> None:
        self.kind, self.platform, self._folder = kind, platform, folder
        self.patience = patience  # s until a wait gives up
        self.notebook = Notebook()
        self.logged = _Logged()
        self.dead: list[str] = []  # why bytes could not be read
        self._unread: list[bytes] = []  # these bytes
        self._site: ASGIApp = Router()
        platform.app, platform.mount = self._serve, f"/channels/{kind.kind}/{ACCOUNT}"
        self.settings: Mapping[str, object] = {}
        self.channel: Channel

    # --- the account ---

    def open(
        self, settings: Mapping[str, object] | None = None, folder: str = "account"
    ) -> Channel:
        """Make the account anew, as a start does; with the same folder, unless another is named."""
        self.settings = self.platform.settings() if settings is None else settings
        self.channel = self.another(ACCOUNT, folder)
        self.mount()
        return self.channel

    def mount(self) -> None:
        """Have requests of the platform reach the channel that is now here."""
        routes = [Mount(self.platform.mount, routes=self.channel.routes())]
        self._site = ExceptionMiddleware(Router(routes=routes))  # an HTTPException is an answer

    def config(self) -> Any:
        """The settings as the channel gets them."""
        return section(self.settings, self.kind.Config, f"channels.{ACCOUNT}")

    def another(self, account: str, folder: str) -> Channel:
        """A further object of the channel, beside the one that listens."""
        home = self._folder / folder
        home.mkdir(exist_ok=True)
        site = Site(home, self.platform.our_url or "http://desk.example", secret=SECRET)
        make: Any = self.kind
        channel: Channel = make(account, self.config(), site)
        return channel

    def secrets(self) -> list[str]:
        """Every secret of the settings, those in tables of theirs too."""
        return list(_secrets(self.config()))

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Serve the account's routes over a socket, if the platform calls them there."""
        if not self.platform.calls_us:
            yield
            return
        app = Starlette(routes=[Mount("/", self._serve)])
        async with serving(app) as url:
            self.platform.our_url = url
            yield

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._site(scope, receive, send)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Task[None]]:
        """Have the account listen."""
        async with listening(self.channel, self.notebook) as task:
            yield task

    # --- what came in ---

    def read(self, channel: Channel | None = None) -> list[Inbound]:
        """Everything that customers did, in order, once for each id and kind of doing.

        As in the engine an id counts with the key under which it was kept, or with the bytes.
        """
        found: dict[tuple[str, str, str], Inbound] = {}
        self.dead.clear()
        self._unread.clear()
        for key, raw in self.notebook.kept.items():
            unique = hashlib.sha256(raw).hexdigest() if key.startswith("#") else key
            try:
                said = checked(channel or self.channel, (channel or self.channel).parse(raw))
            except Exception as error:  # noqa: BLE001 - a dead letter, as in the engine
                self.dead.append(f"{type(error).__name__}: {error}")
                self._unread.append(raw)
                continue
            for one in said:
                if isinstance(one, Inbound):
                    found.setdefault((one.external_id, one.kind, unique), one)
        return list(found.values())

    def messages(self) -> list[Inbound]:
        """What customers wrote."""
        return [one for one in self.read() if one.kind == "message"]

    async def hears(self, count: int, kind: str = "message", *, said: str = "") -> list[Inbound]:
        """The first *count* doings of a kind, once they are in.

        Bytes with the words *said* that cannot be read are not waited for any further.
        """

        def so() -> list[Inbound]:
            return [one for one in self.read() if one.kind == kind]

        try:
            await self.notebook.until_so(
                lambda: len(so()) >= count or self._died(said), self.patience
            )
        except TimeoutError:
            pass
        if len(so()) < count:
            found = f"waited for {count} of kind {kind}, read {[one.text for one in so()]}"
            letters = f"; dead letters: {self.dead}" if self.dead else ""
            raise AssertionError(
                f"{found} out of {len(self.notebook.kept)} things that were kept{letters}"
            )
        return so()

    def _died(self, said: str) -> bool:
        """Whether something with these words was kept, and could not be read."""
        return bool(said) and any(said.encode() in raw for raw in self._unread)

    async def heard(self, text: str, *, who: str = "joe") -> Inbound:
        """A customer writes *text*; the message that came of it."""
        before = len(self.messages())
        await self.platform.says(text, who=who)
        return (await self.hears(before + 1, said=text))[-1]

    # --- what goes out ---

    def answer(self, to: Inbound, text: str, key: str = "k1", **more: Any) -> Outbound:
        """An answer as the engine makes it."""
        return Outbound(
            key,
            to.conversation,
            to.sender,
            text,
            subject=f"Re: {to.subject}" if to.subject else "",
            in_reply_to=to.external_id,
            references=(to.external_id,),
            sender_name="Ana",
            **more,
        )

    async def send(self, out: Outbound) -> Receipt:
        """Send, within the time that the engine gives.

        Raises `NotShown` where answers go out over another kind of channel.
        """
        if getattr(self.channel, "answered_by", ""):
            raise NotShown("got")
        async with asyncio.timeout(self.patience):
            return await self.channel.send(out)

    async def exchange(self, text: str, answered: str) -> None:
        """Joe writes, and is answered where he can be."""
        message = await self.heard(text)
        try:
            await self.send(self.answer(message, answered))
        except NotShown:
            pass

    async def texts(self, who: str = "joe") -> list[str]:
        """The words that a customer got."""
        return [one.text for one in await self.platform.got(who)]

    # --- requests ---

    async def calls(self, request: Request, *, endless: bool = False) -> Answered:
        """Make a request to the account's routes; with *endless*, one whose body has no end."""
        path = self.platform.mount + request.path
        async with asyncio.timeout(self.patience):
            return await ask(
                self._serve, request.method, path, request.body, request.headers, endless=endless
            )


def _secrets(value: object) -> Iterator[str]:
    match value:
        case Secret():
            yield from [value.reveal()] if value else []
        case msgspec.Struct():
            yield from _secrets([getattr(value, name) for name in value.__struct_fields__])
        case dict():
            yield from _secrets(list(value.values()))
        case list() | tuple():
            for inner in value:
                yield from _secrets(inner)


class _Logged(logging.Handler):
    """Everything that a server's log would show."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, traceback included."""
        self.lines.append(self.format(record))

    @contextmanager
    def capturing(self) -> Iterator[None]:
        """Listen at the root, as the server's log does."""
        root = logging.getLogger()
        level = root.level
        root.addHandler(self)
        root.setLevel(logging.INFO)
        try:
            yield
        finally:
            root.removeHandler(self)
            root.setLevel(level)
