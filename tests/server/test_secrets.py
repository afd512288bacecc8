"""Secrets stand in a file, the environment or the settings, and in nothing that anybody reads.

Every secret that settings know is a canary here, and everything that can fail does: platforms
cannot be reached, callers sign nothing, databases are not there, addresses cannot be read.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from pathlib import Path

import httpx2 as httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.cli.terminal import omniroute
from tests.server.test_doors import SETTINGS, Watched

from omniroute import Address, Channel, Outbound
from omniroute.errors import ConfigError, OmniRouteError
from omniroute.plugins import Plugins
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.proofs import Proofs
from omniroute.server.archiving import open_archive
from omniroute.server.channels import open_channels
from omniroute.server.settings import SECTIONS, Settings, load
from omniroute.server.stores import BuiltIn, open_store
from omniroute.settings import Secret

CANARY, TEXT = "c4nary", "what an agent writes"
HIDDEN = {
    "key = \"the key of the lobby\"": 'key = "c4nary of the lobby"',
    "whsec_b2Ygbm8gdmFsdWUgdG8gYW55Ym9keSwgcmVhbGx5": "whsec_" + "c4nary" * 8,
    "xoxb-1": "xoxb-c4nary",
    "a secret of Slack, for tests": "c4nary of Slack, for tests",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ": "c4naryABCDEFGHIJKLMNOP",
    'auth_token = "000000': 'auth_token = "c4nary',
    "a token of a page": "c4nary of a page",
    "a secret of an app": "c4nary of an app",
    "made up by the admin": "c4nary by the admin",
    'kind = "webchat"': 'kind = "webchat"\nsecret = "c4nary of the shop that signs its visitors"',
    "smtp_port = 0\n": "",
    'desk_address = "desk@desk.example"':
        'smtp_host = "127.0.0.1"\nsmtp_port = 9\nsmtp_username = "u"\nsmtp_password = "c4nary"',
    "[channels.help]": '[server]\nmetrics_token = "c4nary"\n[channels.help]',
}  # fmt: skip
URLS = (
    "postgresql://desk:c4nary@127.0.0.1:9/x",
    "postgresql://desk:c4nary@host:port/x",
    "postgresql://desk:c4nary@[::1/x",
    "postgresql://desk:c4nary/9@127.0.0.1:9/x",
    "postgresql://127.0.0.1:9/x?password=c4nary",
    "redis://:c4nary@127.0.0.1:9/0",
    "redis://:c4nary/9@127.0.0.1:9/0",
    "redis://:c4nary?9@127.0.0.1:9/0",
    "redis://:c4nary#9@127.0.0.1:9/0",
    "redis+sentinel://:c4nary@127.0.0.1:9/main",
    "redis+sentinel://:c4nary/9@127.0.0.1:9/main",
    "redis+cluster://:c4nary@127.0.0.1:9",
    "mysql://desk:c4nary@127.0.0.1:9/x",
)


def settings(folder: Path) -> Settings:
    text = SETTINGS
    for usual, canary in HIDDEN.items():
        text = text.replace(usual, canary)
    text = text.replace('[server]\npublic_url = "https://desk.example"\n', "", 1)
    text = text.replace("[server]\n", '[server]\npublic_url = "https://desk.example"\n')
    (folder / "omniroute.toml").write_text(text)
    return load(folder / "omniroute.toml")


async def test_incident_21_no_secret_is_anywhere_whatever_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    found, plugins, keyed = settings(tmp_path), Plugins(), Keyed(b"k" * 32)
    plugins.load_installed()
    proofs = Proofs(tmp_path / "proofs.db", keyed, SystemClock())
    url = found.server.public_url
    channels = open_channels(found, plugins.channels(), keyed, tmp_path / "own", url, proofs)
    said = [repr(found.server), repr(channels)]
    said += [repr(vars(channel)) for channel in channels.values()]
    mounts = [Mount(f"/{kind}", routes=list(each.routes())) for (kind, _), each in channels.items()]
    listening = [asyncio.create_task(each.listen(Watched())) for each in channels.values()]
    transport = httpx.ASGITransport(app=Starlette(routes=mounts))
    async with httpx.AsyncClient(transport=transport, base_url=url) as http:
        for kind in ("slack", "telegram", "messenger"):
            said.append((await http.post(f"/{kind}/hook", content=b"{}")).text)
        said.append((await http.post("/http/shop/events", content=b"{}")).text)
        said.append((await http.post("/frontdesk/sign-in", data={"key": "guess"})).text)
        said.append((await http.post("/webchat/session", json={"token": "e30.e30.e30"})).text)
    for channel in channels.values():
        said += [await failing(channel, "check"), await failing(channel, "send")]
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    proofs.close()
    assert [text for text in (*said, caplog.text) if CANARY in text] == []
    assert TEXT not in caplog.text
    assert [path for path in files_in(tmp_path) if CANARY.encode() in path.read_bytes()] == []


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".toml"]


def test_incident_21_no_secret_is_printed_by_the_doctor(tmp_path: Path) -> None:
    settings(tmp_path)
    ran = omniroute("doctor", "--config", tmp_path / "omniroute.toml")
    assert ran.code == 1
    assert "cannot be reached" in ran.out
    assert CANARY not in ran.out + ran.err


async def failing(channel: Channel, what: str) -> str:
    """All that is told where a channel fails, as a log would have it."""
    where = "joe@mail.example" if channel.kind == "email" else "+15005550009"
    out = Outbound("e-1", "1", Address(channel.kind, where), TEXT)
    try:
        return repr(await (channel.check() if what == "check" else channel.send(out)))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is logged
        return "".join(traceback.format_exception(error))


@pytest.mark.parametrize("setting", ["url", "archive"])
@pytest.mark.parametrize("url", URLS)
def test_incident_21_an_address_of_a_database_tells_no_password(
    tmp_path: Path, url: str, setting: str
) -> None:
    (tmp_path / "omniroute.toml").write_text(f'[store]\n{setting} = "{url}"\n')
    found, plugins = load(tmp_path / "omniroute.toml"), Plugins()
    plugins.register(BuiltIn(), "built in")
    with pytest.raises(OmniRouteError) as error:
        open_archive(found) if setting == "archive" else open_store(found, plugins).head()
    told = "".join(traceback.format_exception(error.value))
    assert [text for text in (repr(found), repr(error.value), told) if CANARY in text] == []


def test_incident_21_a_password_that_ends_the_address_is_said_to_do_so(tmp_path: Path) -> None:
    (tmp_path / "omniroute.toml").write_text('[store]\nurl = "redis://:a/b@127.0.0.1/0"\n')
    with pytest.raises(ConfigError) as error:
        open_store(load(tmp_path / "omniroute.toml"), Plugins())
    assert "in a password write / as %2F" in str(error.value)


def test_every_setting_that_sounds_secret_is_one() -> None:
    for section in SECTIONS.values():
        for field in msgspec.structs.fields(section):
            if field.name.endswith(("token", "password", "secret", "key")) or field.name == "url":
                assert isinstance(field.default, Secret), f"{section.__name__}.{field.name}"
