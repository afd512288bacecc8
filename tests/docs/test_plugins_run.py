"""The two whole plugins of the reference, installed beside a real server, do what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.pages import page

from omniroute.cli.client import Client
from omniroute.testing.server_process import Browserless, ServerProcess, free_port, until

HOOKS, CHANNEL = page("reference/hooks.md"), page("reference/channel.md")
TEAM = "version: 1\nagents: {ana: {name: Ana Ruiz, email: ana@acme.example}}\n"
SECRET = "what the platform puts into each request"
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n"


def files(*names: str) -> dict[str, str]:
    found = {b.file: b.text for p in (HOOKS, CHANNEL) for b in p.blocks if b.file in names}
    assert found.keys() == set(names)
    return {str(name): text for name, text in found.items()}


def install(folder: Path, plugin: str, package: str, code: str) -> None:
    """What pip leaves behind, as far as Python looks at it."""
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").write_text(code)
    about = folder / f"{package}-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA.format(name=package.replace("_", "-")))
    (about / "entry_points.txt").write_text(f"[omniroute]\n{plugin} = {package}\n")


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with both plugins, on the settings and rules of the pages."""
    given = files(
        "pyproject.toml", "omniroute_orders/__init__.py", "routing_rules/rules.yaml",
        "omniroute_acme/__init__.py", "omniroute.toml",
    )  # fmt: skip
    entries = tomllib.loads(given["pyproject.toml"])["project"]["entry-points"]["omniroute"]
    assert entries == {"orders": "omniroute_orders"}
    site = tmp_path / "site"
    install(site, "orders", "omniroute_orders", given["omniroute_orders/__init__.py"])
    install(site, "acme", "omniroute_acme", given["omniroute_acme/__init__.py"])
    rules = tmp_path / "routing_rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(given["routing_rules/rules.yaml"])
    (rules / "team.yaml").write_text(TEAM)
    port = free_port()
    config = tmp_path / "omniroute.toml"
    hasty = "\n[replies]\nundo_seconds = 0\n"
    config.write_text(given["omniroute.toml"].replace("8420", str(port)) + hasty)
    known = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(site), known))))
    monkeypatch.setenv("ACME_SECRET", SECRET)
    server = ServerProcess(config)
    server.start()
    yield f"http://127.0.0.1:{port}"
    assert server.stop() == 0


def test_a_store_that_a_plugin_brings_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = [b.text for b in HOOKS.blocks if "def omniroute_stores" in b.text and "@" in b.text]
    install(tmp_path / "site", "kept", "omniroute_kept", code)
    known = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join(filter(None, (str(tmp_path / "site"), known)))
    monkeypatch.setenv("PYTHONPATH", path)
    rules = tmp_path / "routing_rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(files("routing_rules/rules.yaml")["routing_rules/rules.yaml"])
    (rules / "team.yaml").write_text(TEAM)
    config = tmp_path / "omniroute.toml"
    config.write_text('[server]\nport = 0\n[store]\nurl = "memory:"\n')
    server = ServerProcess(config)
    server.start()
    verdict = Client(tmp_path / "omniroute.db").get("/api/admin/verify")
    assert server.stop() == 0
    assert (verdict["ok"], verdict["records"]) == (True, 3)
    assert not (tmp_path / "omniroute.db").exists()


def post(url: str, said: object, secret: str) -> int:
    """What the platform does; the status it is answered."""
    headers = {"X-Acme-Secret": secret}
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{url}/channels/acme/main/", json.dumps(said).encode(), headers
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_message_of_the_platform_is_routed_by_the_plugin_s_fact(url: str, tmp_path: Path) -> None:
    local = Client(tmp_path / "omniroute.db")
    event = {"id": "e1", "user": "joe", "text": "Where is order 1182?", "at": 1_772_449_200}
    assert post(url, event, "a guess") == 401
    assert post(url, event, SECRET) == 200
    assert post(url, event, SECRET) == 200  # again, as platforms do
    until("the message is decided", 10, lambda: local.get("/api/threads"))
    (row,) = local.get("/api/threads")
    assert (row["queue"], row["channel"], row["turns"]) == ("returns", "acme", 1)
    (state,) = local.get("/api/admin/channels")
    assert state["found"] == "waits for requests of the platform"


def test_what_the_platform_cannot_mean_is_a_dead_letter(url: str, tmp_path: Path) -> None:
    local = Client(tmp_path / "omniroute.db")
    assert post(url, {"id": "e2"}, SECRET) == 200
    until("it is read", 10, lambda: local.get("/api/admin/dead-letters"))
    (letter,) = local.get("/api/admin/dead-letters")
    assert letter["why"] == "KeyError: 'user'"


def test_an_agent_s_answer_goes_out_by_the_plugin(url: str, tmp_path: Path) -> None:
    local = Client(tmp_path / "omniroute.db")
    post(url, {"id": "e3", "user": "joe", "text": "Hello", "at": 1_772_449_200}, SECRET)
    until("the message is decided", 10, lambda: local.get("/api/threads"))
    ana = Browserless(url)
    ana.sign_in(local.post("/api/admin/links", {"agent": "ana"})["url"].partition("link=")[2])
    assert ana.do({"do": "Take", "thread": 1})["ok"]
    assert ana.do({"do": "Reply", "thread": 1, "text": "Hello Joe", "seen": 1})["ok"]

    def states() -> list[str]:
        return [i["state"] for i in ana.get("/api/threads/1")["items"] if i["kind"] == "reply"]

    until("it is sent", 20, lambda: states() == ["sent"])
    (line,) = (tmp_path / "omniroute.channels" / "main" / "sent.jsonl").read_text().splitlines()
    assert json.loads(line) | {"id": ""} == {"id": "", "to": "joe", "text": "Hello Joe"}


def test_both_are_listed_where_the_command_line_looks(url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "omniroute", "channel", "list", "--config", "omniroute.toml"]
    listed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "acme  main" in listed.stdout
