"""Every door beside the console: what channels serve to the world, and what opens it.

No account of the team opens any of them: they are for customers, for platforms that sign, and for
mails' links.  Each is tried with an admin's session and a program's token, and with nothing of what
it asks for.  The rows are held against the channels' own routes, so a route without a row fails.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from tests.server.test_probes import Past

from omniroute import Channel
from omniroute.plugins import Plugins
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.proofs import Proofs
from omniroute.server.channels import open_channels
from omniroute.server.metrics import Metrics
from omniroute.server.probes import probes
from omniroute.server.settings import load
from omniroute.settings import Secret
from omniroute.web.app import assemble

NOWHERE = "http://127.0.0.1:9"  # the platforms cannot be reached; nobody needs them here
SETTINGS = f"""
[server]
public_url = "https://desk.example"
[channels.help]
kind = "email"
addresses = ["help@desk.example"]
listen_port = 0
desk_address = "desk@desk.example"
[channels.site]
kind = "webchat"
[channels.contact]
kind = "contactform"
[channels.lobby]
kind = "frontdesk"
key = "the key of the lobby"
[channels.shop]
kind = "http"
integrations = {{ shop = {{ secret = "whsec_b2Ygbm8gdmFsdWUgdG8gYW55Ym9keSwgcmVhbGx5" }} }}
[channels.team]
kind = "slack"
bot_token = "xoxb-1"
signing_secret = "a secret of Slack, for tests"
api_url = "{NOWHERE}/"
[channels.bot]
kind = "telegram"
token = "123456:ABCDEFGHIJKLMNOPQRSTUVWXYZ"
updates = "webhook"
api_url = "{NOWHERE}"
[channels.number]
kind = "sms"
account_sid = "AC00000000000000000000000000000000"
auth_token = "00000000000000000000000000000000"
number = "+15005550006"
api_url = "{NOWHERE}"
[channels.page]
kind = "messenger"
token = "a token of a page"
app_secret = "a secret of an app"
verify_token = "made up by the admin"
page_id = "1234567890"
api_url = "{NOWHERE}"
"""
DOORS = """
    GET    email        /desk/{token}               token
    POST   email        /desk/{token}               token
    GET    email        /question/{key}/{mac}       token
    POST   email        /question/{key}/{mac}       token
    POST   webchat      /messages                   session
    DELETE webchat      /session                    open
    GET    webchat      /session                    open
    POST   webchat      /session                    open
    POST   webchat      /writing                    session
    POST   webchat      /answers                    session
    POST   webchat      /files                      session
    GET    webchat      /files/{id}                 session
    GET    webchat      /lines                      session
    GET    webchat      /stream                     session
    POST   webchat      /proof                      session
    POST   webchat      /proof/link                 session
    GET    webchat      /                           open
    GET    webchat      /chat.js                    open
    GET    webchat      /api.js                     open
    GET    webchat      /composer.js                open
    GET    webchat      /asking.js                  open
    GET    webchat      /files.js                   open
    GET    webchat      /live.js                    open
    GET    webchat      /log.js                     open
    GET    webchat      /outbox.js                  open
    GET    webchat      /prove.js                   open
    GET    webchat      /store.js                   open
    GET    webchat      /chat.css                   open
    GET    webchat      /theme.css                  open
    GET    webchat      /widget.js                  open
    GET    webchat      /example                    open
    GET    webchat      /example.js                 open
    GET    webchat      /example.css                open
    GET    contactform  /                           open
    POST   contactform  /                           form
    GET    contactform  /sent                       open
    GET    contactform  /confirm/{token}            open
    POST   contactform  /confirm/{token}            token
    GET    contactform  /style.css                  open
    GET    frontdesk    /                           key
    POST   frontdesk    /                           key
    GET    frontdesk    /visits                     key
    GET    frontdesk    /visits/{id}                key
    POST   frontdesk    /visits/{id}                key
    POST   frontdesk    /visits/{id}/code           key
    POST   frontdesk    /visits/{id}/link           key
    POST   frontdesk    /sign-in                    key
    GET    frontdesk    /confirm/{token}            open
    POST   frontdesk    /confirm/{token}            token
    GET    frontdesk    /style.css                  open
    POST   http         /{integration}/events       signature
    POST   http         /{integration}/poll         signature
    GET    http         /openapi.json               open
    POST   slack        /hook                       signature
    POST   telegram     /hook                       signature
    POST   sms          /message                    signature
    POST   sms          /status                     signature
    GET    sms          /files/{until}/{sha}/{mark}/{kind}/{name}  token
    POST   sms          /call                       signature
    POST   sms          /call/choice                signature
    POST   sms          /call/left                  signature
    POST   sms          /call/ended                 signature
    POST   sms          /call/voicemail             signature
    POST   sms          /call/transcript            signature
    GET    messenger    /hook                       signature
    POST   messenger    /hook                       signature
"""
"""``open`` to whoever comes; else what it takes: a page before a link's button changes nothing."""

ANSWERS = {
    "open": {200}, "form": {422}, "session": {401, 404}, "key": {403}, "signature": {401, 403},
    "token": {404, 410},
}  # fmt: skip
ROWS = {(row.split()[1], row.split()[0], row.split()[2]): row.split()[3]
        for row in DOORS.strip().splitlines()}  # fmt: skip
FORGED = {
    "Cookie": "omniroute=c2Vzc2lvbg; __Host-omniroute=c2Vzc2lvbg; omniroute_chat_site=bm9uZQ",
    "Authorization": "Bearer omni_0123456789ab_bm9ib2R5cw",
    "X-Chat-Session": "bm9uZQ",
    "X-Slack-Signature": "v0=" + 64 * "0",
    "X-Slack-Request-Timestamp": "1795632040",
    "X-Telegram-Bot-Api-Secret-Token": "guessed",
    "X-Twilio-Signature": "Z3Vlc3NlZA==",
    "X-Hub-Signature-256": "sha256=" + 64 * "0",
    "webhook-id": "msg_1", "webhook-timestamp": "1795632040", "webhook-signature": "v1,Z3Vlc3M=",
}  # fmt: skip


class Watched:
    """An intake that nothing may reach."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.listening = asyncio.Event()

    def ready(self) -> None:
        self.listening.set()

    def writing(self, sender: object) -> None: ...

    async def accept(self, raw: bytes, *, key: str = "") -> None:
        self.taken.append(raw)


class Street:
    """What the world may reach, and what came in from there."""

    def __init__(self, channels: dict[tuple[str, str], Channel]) -> None:
        self.channels, self.intake = channels, Watched()
        self.doors: dict[tuple[str, str, str], str] = {}
        mounts = []
        for (kind, account), channel in channels.items():
            base, routes = f"/channels/{kind}/{account}", list(channel.routes())
            mounts.append(Mount(base, routes=routes))
            for route in routes:
                assert isinstance(route, Route)
                plain = re.sub(r"{(\w+):\w+}", r"{\1}", route.path)
                for method in (route.methods or set()) - {"HEAD", "OPTIONS"}:
                    self.doors[kind, method, plain] = base + _filled(plain)
        self.app = Starlette(routes=mounts)


def _filled(path: str) -> str:
    values = {"integration": "shop", "until": "9999999999", "kind": "image/png"}
    return re.sub(r"{(\w+)}", lambda found: values.get(found[1], "x"), path)


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    (tmp_path / "omniroute.toml").write_text(SETTINGS)
    settings, plugins, keyed = load(tmp_path / "omniroute.toml"), Plugins(), Keyed(b"k" * 32)
    plugins.load_installed()
    proofs = Proofs(tmp_path / "proofs.db", keyed, SystemClock())
    url = settings.server.public_url
    street = Street(
        open_channels(settings, plugins.channels(), keyed, tmp_path / "channels", url, proofs)
    )
    ears = {kind: Watched() for kind, _ in street.channels}
    listening = [
        asyncio.create_task(channel.listen(ears[kind]))
        for (kind, _), channel in street.channels.items()
    ]
    street.intake = ears["webchat"]
    async with asyncio.timeout(15):
        for kind in ("webchat", "email", "contactform", "frontdesk", "http"):
            await ears[kind].listening.wait()
    yield street
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    proofs.close()
    assert [raw for ear in ears.values() for raw in ear.taken] == []


async def test_every_door_has_a_row_and_every_row_is_a_door(street: Street) -> None:
    assert set(street.doors) == set(ROWS)


async def test_incident_22_who_signs_nothing_is_let_in_nowhere(street: Street) -> None:
    """What was kept is looked at in the end: nothing."""
    transport = httpx.ASGITransport(app=street.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://desk.example") as http:
        for (kind, method, path), where in street.doors.items():
            for headers in ({}, FORGED):
                begins = (kind, method, path) == ("webchat", "POST", "/session")
                said: dict[str, str] | None = {} if begins else None
                answer = await http.request(method, where, headers=headers, json=said)
                wanted = ANSWERS[ROWS[kind, method, path]]
                assert answer.status_code in wanted, (method, kind, path, answer.text[:200])
                http.cookies.clear()


def test_the_site_is_its_probes_its_files_the_channels_and_the_console() -> None:
    """The console's own rows are in tests/web/rest/test_matrix.py."""
    door: list[BaseRoute] = [Route("/", lambda request: None)]
    metrics = Metrics(Past().reading, lambda: 0)
    site = assemble(
        Starlette(), {"/channels/webchat/site": door}, probes=probes(dict, metrics, Secret("x"))
    )
    assert [getattr(route, "path", "") for route in site.routes] == [
        "/healthz", "/readyz", "/metrics", "/static", "/channels/webchat/site", "",
    ]  # fmt: skip
