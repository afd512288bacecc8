"""``omniroute.toml``: defaults, paths, and what is refused before anything is opened."""

from pathlib import Path

import pytest

from omniroute.errors import ConfigError
from omniroute.server.settings import Settings, load


def read(folder: Path, text: str) -> Settings:
    path = folder / "omniroute.toml"
    path.write_text(text)
    return load(path)


def test_an_empty_file_has_every_default(tmp_path: Path) -> None:
    settings = read(tmp_path, "")
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8420)
    assert settings.replies.undo_seconds == 5
    assert settings.channels == {}


def test_paths_are_those_of_the_file_s_folder(tmp_path: Path) -> None:
    settings = read(tmp_path, "[store]\npath = 'data/desk.db'\n[rules]\nfolder = '/etc/rules'\n")
    assert settings.store.path == tmp_path / "data" / "desk.db"
    assert settings.rules.folder == Path("/etc/rules")
    assert read(tmp_path, "").rules.folder == tmp_path / "routing_rules"


def test_the_public_address_begins_links(tmp_path: Path) -> None:
    for written in ("https://desk.example.org", "https://desk.example.org/"):
        settings = read(tmp_path, f"[server]\npublic_url = '{written}'\n")
        assert settings.server.public_url == "https://desk.example.org"
    settings = read(tmp_path, "[server]\npublic_url = 'http://[::1]:8420'\n")
    assert settings.server.public_url == "http://[::1]:8420"


@pytest.mark.parametrize(
    "url",
    [
        "desk.example.org",
        "ftp://desk.example.org",
        "https://",
        "https://example.org/desk",
        "https://example.org/?x",
        "https://example.org:port",
        "https://[::1",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_no_browser_opens(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, f"[server]\npublic_url = '{url}'\n")
    assert str(refused.value) == (
        f"server.public_url: “{url}” is no address of a site"
        " — write scheme and host only, such as https://desk.example.org"
    )


@pytest.mark.parametrize("name", ["help", "help-de", "eu_1", "x" * 63])
def test_names_of_accounts(tmp_path: Path, name: str) -> None:
    assert name in read(tmp_path, f"[channels.{name}]\nkind = 'webchat'\n").channels


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", ".", "-x", "Help", "é", "x" * 64])
def test_names_that_accounts_cannot_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be an account's name — use a to z"):
        read(tmp_path, f"[channels.'{name}']\nkind = 'webchat'\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("channels = 3", "channels: is a table by account — write [channels.help]"),
        ("[channels]\nhelp = 3", "channels.help: is a table — write [channels.help]"),
        ("[replies]\nundo_seconds = -1", "replies.undo_seconds: expected `float` >= 0.0"),
        ("[replies]\nundo_seconds = 1e9", "replies.undo_seconds: expected `float` <= 120.0"),
        ("[plugins]\nblocked = 'lang'", "plugins.blocked: expected `array`, got `str`"),
    ],
)
def test_values_that_cannot_be_meant(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert str(refused.value) == said


SECRET = "whsec_" + "k" * 32


def test_a_webhook(tmp_path: Path) -> None:
    text = f"[webhooks.crm]\nurl = 'https://crm.example/'\nsecret = '{SECRET}'\n"
    hook = read(tmp_path, text).webhooks["crm"]
    assert (hook.url, hook.events, hook.personal) == ("https://crm.example/", [], False)
    assert SECRET not in repr(hook)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("secret = ''", "webhooks.crm: a secret is whsec_ and 24 to 64 bytes in base64"),
        ("url = 'crm.example'", "webhooks.crm: that is no address that can be called"),
        ("events = ['thread.open']", "webhooks.crm: there is no event “thread.open”"),
        ("event = []", "webhooks.crm.event: no such setting — did you mean “events”?"),
    ],
)
def test_a_webhook_that_cannot_be(tmp_path: Path, more: str, said: str) -> None:
    lines = {"url": "url = 'https://crm.example/'", "secret": f"secret = '{SECRET}'"}
    lines[more.partition(" ")[0]] = more
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, "[webhooks.crm]\n" + "\n".join(lines.values()))
    assert str(refused.value).startswith(said)
    assert SECRET not in str(refused.value)


def test_webhooks_that_are_no_tables(tmp_path: Path) -> None:
    for text in ("webhooks = 3", "[webhooks]\nurl = 'https://crm.example/'"):
        with pytest.raises(ConfigError, match="is a table by name"):
            read(tmp_path, text)
    with pytest.raises(ConfigError, match="cannot be a webhook's name"):
        read(tmp_path, "[webhooks.'../x']\nurl = 'https://crm.example/'")
