"""The settings of a Telegram account, one sentence each."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec

from omniroute import ConfigError, Secret, says

MIB: Final = 1024 * 1024
_TOKEN: Final = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{10,100}")


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One bot: customers write to it, and agents may work with it."""

    token: Annotated[Secret, says("The bot's token, from @BotFather.")]
    updates: Annotated[
        Literal["polling", "webhook"],
        says("How messages come in: `polling` needs no public address, `webhook` is called by it."),
    ] = "polling"
    webhook_secret: Annotated[
        Secret | None, says("What Telegram shows with each call; made from the token unless set.")
    ] = None
    team_group: Annotated[
        int,
        says(
            "Number of the team's group (it begins with -100), with topics on and the bot an"
            " admin: each thread gets a topic there. Without it agents work in the bot's chat."
        ),
    ] = 0
    start_secret: Annotated[
        Secret | None,
        says("Shared with your site's backend, which signs `start` links that say who comes."),
    ] = None
    start_kind: Annotated[
        str, says("Name space of the logins in `start` links, such as webchat:site.")
    ] = "login"
    max_file: Annotated[
        int, says("Largest file taken from a customer, in bytes.", at_least=0, at_most=20 * MIB)
    ] = 20 * MIB
    api_url: Annotated[
        str, says("Where the Bot API is; another for a local Bot API server, or for tests.")
    ] = "https://api.telegram.org"


def check(config: Config, place: str) -> None:
    """Raise `ConfigError` for what types cannot say."""
    if not _TOKEN.fullmatch(config.token.reveal()):
        fix = "copy the whole token that @BotFather gave, such as 123456:ABC-DEF…"
        raise ConfigError(f"{place}.token", "this is no bot token", fix)
    if config.team_group > 0:
        fix = "it begins with -100; the bot writes it when you send /group there"
        raise ConfigError(f"{place}.team_group", "a group's number is negative", fix)
    for name in ("start_secret", "webhook_secret"):
        secret = getattr(config, name)
        if secret is not None and len(secret.reveal()) < 16:
            fix = "make one with `openssl rand -hex 24`"
            raise ConfigError(f"{place}.{name}", "is shorter than 16 characters", fix)
