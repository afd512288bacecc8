"""What stands in ``omniroute.toml``, section by section.

Every field carries its description; ``docs/reference/settings.md`` is checked against them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec

from omniroute.application.webhooks import check_types, check_url, key_of
from omniroute.errors import ConfigError, Refused, did_you_mean
from omniroute.kinds import PACKAGES
from omniroute.server.logs import Form
from omniroute.settings import Secret, read, says, section


class Web(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[server]``: where the console and the channels' pages are served."""

    host: Annotated[str, says("Address to serve HTTP on.")] = "127.0.0.1"
    port: Annotated[int, says("Port to serve HTTP on; 0 takes any free one.", 0, 65535)] = 8420
    public_url: Annotated[
        str, says("Address under which browsers reach it; made of host and port unless set.")
    ] = ""
    organisation: Annotated[str, says("Name that customers and agents read.")] = "OmniRoute"
    node_url: Annotated[
        str, says("Where the other machines of the desk reach this one; else its host and port.")
    ] = ""
    private_hosts: Annotated[
        list[str],
        says("Hosts that webhooks may go to though they are not in the public internet."),
    ] = []
    log_format: Annotated[
        Form, says("What is written to standard error: lines for people, or JSON, one a line.")
    ] = "text"
    log_events: Annotated[
        bool, says("Whether each event of the journal is a line of the log, by ids alone.")
    ] = False
    metrics_token: Annotated[
        Secret, says("Who sends it as a bearer may read `/metrics`; unset, only the local socket.")
    ] = Secret("")


class Storage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[store]``: where everything is kept."""

    path: Annotated[Path, says("The database; its companions lie beside it.")] = Path(
        "omniroute.db"
    )
    url: Annotated[
        Secret,
        says("PostgreSQL, Redis or a plugin's store, by URL; else the SQLite at `path`."),
    ] = Secret("")
    archive: Annotated[
        Secret,
        says("Where the journal is copied for search and reports: a file, or `postgresql://…`."),
    ] = Secret("")
    keep_closed_hours: Annotated[
        float,
        msgspec.Meta(
            description="On Redis with an archive: how long closed threads, and records of the"
            " journal, stay in Redis as well.",
            ge=0.05,
            le=87_600,
        ),
    ] = 1.0


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[rules]``: where the rules and the team are written down."""

    folder: Annotated[Path, says("Folder of the rule files and of team.yaml.")] = Path(
        "routing_rules"
    )


class Replies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[replies]``: how answers leave."""

    undo_seconds: Annotated[
        float, msgspec.Meta(description="How long an answer can be taken back.", ge=0, le=120)
    ] = 5.0


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[identity]``: who is who."""

    shared: Annotated[
        list[str],
        says("Addresses that several people write from: `info@x.example`, `phone +4930123456`."),
    ] = []


class Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[webhooks.NAME]``: where events are sent."""

    url: Annotated[str, says("Where each event is POSTed: https, in the public internet.")]
    secret: Annotated[Secret, says("Signs what is sent: `whsec_` and 24 to 64 bytes in base64.")]
    events: Annotated[
        list[str], says("Which: `thread.assigned`, or `thread.*`; all unless named.")
    ] = []
    personal: Annotated[bool, says("Whether events tell what was said, and by whom.")] = False


class PluginsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[plugins]``: which of the installed plugins are used."""

    blocked: Annotated[list[str], says("Installed plugins that shall not be loaded.")] = []


class Settings(msgspec.Struct, frozen=True):
    """The whole file.  *webhooks* are by name.

    *channels* is for the plugins to read: table by account, raw.
    """

    server: Web = Web()
    store: Storage = Storage()
    rules: Rules = Rules()
    replies: Replies = Replies()
    identity: Identity = Identity()
    plugins: PluginsSection = PluginsSection()
    channels: dict[str, dict[str, Any]] = {}
    webhooks: dict[str, Webhook] = {}


ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")

SECTIONS: dict[str, type] = {
    "server": Web,
    "store": Storage,
    "rules": Rules,
    "replies": Replies,
    "identity": Identity,
    "plugins": PluginsSection,
}


HOMES: Final = {
    field.encode_name: name
    for name, kind in SECTIONS.items()
    for field in msgspec.structs.fields(kind)
}
"""The section in which a setting stands."""


def load(path: Path) -> Settings:
    """Read a settings file; relative paths in it are relative to its folder."""
    tables = read(path)
    found: dict[str, Any] = {}
    for name, values in tables.items():
        if name == "channels":
            found[name] = _channels(values)
        elif name == "webhooks":
            found[name] = _webhooks(values)
        elif name not in SECTIONS:
            raise _no_section(name, values)
        elif not isinstance(values, dict):
            raise ConfigError(name, "is a section", f"write it as [{name}]")
        else:
            found[name] = section(values, SECTIONS[name], name, HOMES)
    settings = Settings(**found)
    home = path.resolve().parent
    return msgspec.structs.replace(
        settings,
        server=msgspec.structs.replace(
            settings.server, public_url=_public(settings.server.public_url)
        ),
        store=msgspec.structs.replace(
            settings.store,
            path=home / settings.store.path,
            archive=_anchored(home, settings.store.archive),
        ),
        rules=Rules(home / settings.rules.folder),
    )


def _no_section(name: str, values: object) -> ConfigError:
    """What to do about a table, or a setting, that stands where none is read."""
    known = (*SECTIONS, "channels", "webhooks")
    if not isinstance(values, dict):
        fix = f"it belongs in [{HOMES[name]}]" if name in HOMES else did_you_mean(name, HOMES)
        return ConfigError(name, "a setting outside of every section", fix or _listed(known))
    if name in PACKAGES or "kind" in values:
        return ConfigError(f"[{name}]", "no such section", f"write [channels.{name}]")
    hint = f"{did_you_mean(name, known)} {_listed(known)}".strip()
    return ConfigError(f"[{name}]", "no such section", hint)


def _listed(sections: Sequence[str]) -> str:
    return f"sections are: {', '.join(sorted(sections))}"


def _anchored(home: Path, archive: Secret) -> Secret:
    """A file's name as one from the folder of the settings; a URL as it is."""
    place = archive.reveal()
    return Secret(str(home / place)) if place and "://" not in place else archive


def check_readable(place: str, url: str) -> None:
    """Raise `ConfigError` for a URL whose parts cannot be told apart.

    Whatever reads it afterwards may quote what it takes for a port or a path, and that would be the
    half of a password.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigError(
            place, "is no URL that can be read", "postgresql://user:password@host/name"
        ) from None
    rest = f"{parts.path}{parts.query}{parts.fragment}"
    if "@" in rest and "@" not in parts.netloc:
        fix = "in a password write / as %2F, ? as %3F, # as %23 and @ as %40"
        raise ConfigError(place, "its password ends the address before the host", fix)


def _public(url: str) -> str:
    """The address as links begin with it.  Raises `ConfigError` for what browsers cannot open."""
    if url and not _is_site(url):
        fix = "write scheme and host only, such as https://desk.example.org"
        raise ConfigError("server.public_url", f"“{url}” is no address of a site", fix)
    return url.rstrip("/")


def _is_site(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    return parts.scheme in ("http", "https") and bool(host) and bare


def _webhooks(values: object) -> dict[str, Webhook]:
    if not isinstance(values, dict) or not all(isinstance(v, dict) for v in values.values()):
        raise ConfigError("webhooks", "is a table by name", "write [webhooks.crm]")
    return {name: _webhook(name, table) for name, table in values.items()}


def _webhook(name: str, table: Mapping[str, object]) -> Webhook:
    place = f"webhooks.{name}"
    if not ACCOUNT.fullmatch(name):
        raise ConfigError(place, "cannot be a webhook's name", "use a to z, 0 to 9, - and _")
    found = section(table, Webhook, place)
    try:
        check_url(found.url)
        check_types(found.events)
        key_of(found.secret.reveal())
    except Refused as error:
        fault, _, fix = error.text.partition(" — ")
        raise ConfigError(place, fault[:1].lower() + fault[1:], fix) from None
    return found


def _channels(values: object) -> dict[str, dict[str, Any]]:
    if not isinstance(values, dict):
        raise ConfigError("channels", "is a table by account", "write [channels.help]")
    for account, table in values.items():
        if not ACCOUNT.fullmatch(account):
            fix = "use a to z, 0 to 9, - and _: it names a folder and stands in addresses"
            raise ConfigError(f"channels.{account!r}", "cannot be an account's name", fix)
        if not isinstance(table, dict):
            raise ConfigError(f"channels.{account}", "is a table", f"write [channels.{account}]")
    return values
