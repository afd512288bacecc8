"""The console over the village, and somebody who uses it as a browser without scripts does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser

import httpx2 as httpx
from starlette.testclient import TestClient
from tests.web.bench import Bench
from tests.web.people import village
from tests.web.shelf import Shelf
from tests.web.village import Doorman

from omniroute.application.authorize import Actor
from omniroute.application.bindings import Audited, Binding
from omniroute.application.enrolment import Invitation
from omniroute.application.tokens import NewToken, TokenView
from omniroute.application.webhooks import NewWebhook, WebhookView
from omniroute.errors import Refused
from omniroute.web.app import build
from omniroute.web.ports import Accounts, Application, Operations, Tokens

MORNING = 1_772_442_900_000
"""Mon 2026-03-02 09:15 UTC."""

URL = "http://desk.example"


class Site:
    """A desk with its pages.  `sign_in`, then `get` and `post`."""

    def __init__(self, *, demo: bool = False, local: bool = False, url: str = URL) -> None:
        self.now = MORNING
        self.village = village(lambda: self.now)
        self.doorman = Doorman(self.village)
        self.operations = Workshop()
        self.closing = asyncio.Event()
        application: Application = self.village
        accounts: Accounts = self.doorman
        operations: Operations = self.operations
        self.app = build(
            application,
            accounts,
            {},
            organisation="Radhaus",
            public_url=url,
            clock=lambda: self.now,
            demo=demo,
            local=local,
            operations=operations,
            closing=self.closing,
        )
        self.client = TestClient(self.app, base_url=url, follow_redirects=False)
        self.token = ""

    def sign_in(self, agent: str = "ana") -> Site:
        """Come in by name and password, and learn the forms' token."""
        door = self.client.get("/sign-in")
        answer = self.client.post(
            "/sign-in",
            data={"token": token_in(door.text), "name": agent, "password": "open sesame"},
        )
        assert answer.status_code == 303, answer.text
        self.token = token_in(self.client.get("/settings").text)
        return self

    def get(self, path: str, **headers: str) -> httpx.Response:
        """A page."""
        return self.client.get(path, headers=_named(headers))

    def post(
        self, path: str, fields: Mapping[str, object] | None = None, **headers: str
    ) -> httpx.Response:
        """A form of a page, with its token."""
        given = {k: v if isinstance(v, list) else str(v) for k, v in (fields or {}).items()}
        data = {"token": self.token, **given}
        return self.client.post(path, data=data, headers=_named(headers))

    def by_script(
        self, path: str, fields: Mapping[str, object] | None = None, on: str = "/"
    ) -> httpx.Response:
        """A form sent by the page's script, from the page *on*."""
        return self.post(path, fields, hx_request="true", hx_current_url=URL + on)

    def done(self) -> list[object]:
        """The commands that reached the application."""
        return [command for _, command in self.village.done]


class Workshop:
    """The operations of an admin."""

    def __init__(self) -> None:
        self.retried: list[str] = []
        self.rulebook = Shelf()
        self.workbench = Bench()
        self.enrolment = Registry()
        self.tokens: Tokens = Keyring()
        self.webhooks = Callers()

    async def verify(self) -> Mapping[str, object]:
        return {"ok": True, "records": 212}

    async def channels(self) -> Sequence[Mapping[str, object]]:
        return [{"kind": "email", "account": "support", "ok": False, "found": "port is taken"}]

    async def dead_letters(self) -> Sequence[Mapping[str, object]]:
        return [{"id": 3, "channel": "email", "at": MORNING, "reason": "<b>unknown charset</b>"}]

    async def retry(self, id: str) -> Mapping[str, object]:
        if id != "3":
            raise Refused("unknown_letter", f"There is no dead letter “{id}”.")
        self.retried.append(id)
        return {"id": 3, "state": "new"}


class Keyring:
    """One token, which nobody can use."""

    def __init__(self) -> None:
        about = ("c0ffee", "the CRM", ("threads:read",), "", "di", MORNING, MORNING + 1)
        self.tokens = [TokenView(*about)]

    async def make(
        self, by: Actor, name: str, scopes: Sequence[str], agent: str = "", days: int = 90
    ) -> NewToken:
        about = TokenView("f00d", name, tuple(scopes), agent, by.id, MORNING, MORNING + days)
        self.tokens.append(about)
        return NewToken("omni_f00d_secret", about)

    async def list(self, by: Actor) -> Sequence[TokenView]:
        return self.tokens

    async def revoke(self, by: Actor, id: str) -> None:
        self.tokens = [token for token in self.tokens if token.id != id]


class Callers:
    """One webhook, which takes everything."""

    def __init__(self) -> None:
        self.all = [
            WebhookView("beef", "https://crm.example/", ("thread.*",), False, "di", MORNING)
        ]

    async def make(
        self, by: Actor, url: str, types: tuple[str, ...] = (), personal: bool = False
    ) -> NewWebhook:
        view = WebhookView("cafe", url, types, personal, by.id, MORNING)
        self.all.append(view)
        return NewWebhook("whsec_c2VjcmV0", view)

    async def list(self, by: Actor) -> Sequence[WebhookView]:
        return self.all

    async def delete(self, by: Actor, id: str) -> None:
        self.all = [view for view in self.all if view.id != id]

    async def enable(self, by: Actor, id: str) -> WebhookView:
        for view in self.all:
            if view.id == id:
                return view
        raise Refused("unknown_webhook", f"There is no webhook {id!r}.")

    async def test(self, by: Actor, id: str) -> str:
        return ""


class Registry:
    """Who may work from where."""

    desks = ("slack", "telegram")

    def __init__(self) -> None:
        self.bound = [Binding("slack", "U0001", "bo", "<b>Bo</b> Berg", MORNING)]
        self.log = [Audited(MORNING, "bound", "bo", "slack", "U0001", "bo")]
        self.gone: set[str] = set()

    async def invite(self, by: Actor, agent: str, desk: str = "") -> Invitation:
        if desk not in self.desks:
            raise Refused("no_such_desk", f"No desk is called “{desk}”.")
        self.log.append(Audited(MORNING, "invited", agent, desk, "", by.id))
        return Invitation(agent, desk, "c0de", f"In {desk}, write: join c0de")

    async def accounts(self, by: Actor, agent: str) -> Sequence[Binding]:
        return [one for one in self.bound if one.agent == agent]

    async def audit(self, by: Actor, agent: str) -> Sequence[Audited]:
        return [one for one in self.log if one.agent == agent]

    async def revoke(self, by: Actor, agent: str, kind: str = "", value: str = "") -> int:
        left = [one for one in self.bound if (one.kind, one.value) != (kind, value)]
        count, self.bound = len(self.bound) - len(left), left
        return count

    async def inactive(self, by: Actor) -> Sequence[str]:
        return sorted(self.gone)

    async def deactivate(self, by: Actor, agent: str) -> None:
        if by.id == agent:
            raise Refused("forbidden", "Have another admin do this.")
        self.gone.add(agent)

    async def activate(self, by: Actor, agent: str) -> None:
        self.gone.discard(agent)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def token_in(html: str) -> str:
    """The forms' token of a page."""
    found = re.search(r'name="token" value="([0-9a-f]+)"', html)
    assert found, html
    return found[1]


class Text(HTMLParser):
    """What a page says, as a reader has it: text without tags, blanks made one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def text_of(html: str) -> str:
    """What *html* says."""
    reader = Text()
    reader.feed(html)
    reader.close()
    return " ".join(" ".join(reader.pieces).split())


def part(html: str, id: str) -> str:
    """What the element with *id* says, up to the next element of its kind that closes it."""
    found = re.search(rf'<(\w+)[^>]*\bid="{re.escape(id)}"', html)
    assert found, f"no element {id}"
    tag, depth, end = found[1], 0, found.start()
    for edge in re.finditer(rf"<(/?){tag}\b", html[found.start() :]):
        depth += -1 if edge[1] else 1
        end = html.index(">", found.start() + edge.end()) + 1
        if depth == 0:
            break
    return html[found.start() : end]
