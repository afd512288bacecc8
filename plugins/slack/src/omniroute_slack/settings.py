"""The settings of a Slack account, one sentence each."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec

from omniroute import ConfigError, Secret, says

MIB: Final = 1024 * 1024
_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,30}")


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One app in one workspace: customers write to it, and agents may work with it."""

    bot_token: Annotated[Secret, says("The app's bot token (xoxb-…), from “OAuth & Permissions”.")]
    app_token: Annotated[
        Secret | None,
        says("An app-level token (xapp-…) for Socket Mode, which needs no public address."),
    ] = None
    signing_secret: Annotated[
        Secret | None,
        says("The app's signing secret, where Slack is to call us by HTTP instead."),
    ] = None
    triage_channel: Annotated[
        str,
        says(
            "Id of a channel (it begins with C) where each thread is shown to the team; what is"
            " written under a card there is a note. Without it agents see their own work only."
        ),
    ] = ""
    command: Annotated[str, says("The slash command of the app's manifest.")] = "/omni"
    max_file: Annotated[
        int, says("Largest file taken from a customer, in bytes.", at_least=0, at_most=100 * MIB)
    ] = 20 * MIB
    api_url: Annotated[str, says("Where the Web API is; another for tests.")] = (
        "https://slack.com/api/"
    )


def check(config: Config, place: str) -> None:
    """Raise `ConfigError` for what types cannot say."""
    for name, prefix in (("bot_token", "xoxb-"), ("app_token", "xapp-")):
        secret = getattr(config, name)
        if secret is not None and not secret.reveal().startswith(prefix):
            fix = "copy it from the app's page at api.slack.com/apps"
            raise ConfigError(f"{place}.{name}", f"this does not begin with {prefix}", fix)
    if config.app_token is None and config.signing_secret is None:
        fix = "set app_token for Socket Mode, or signing_secret to be called by HTTP"
        raise ConfigError(place, "nothing says how messages come in", fix)
    if config.signing_secret is not None and len(config.signing_secret.reveal()) < 16:
        fix = "copy it from “Basic Information”, App Credentials"
        raise ConfigError(f"{place}.signing_secret", "is shorter than 16 characters", fix)
    if config.triage_channel and not _CHANNEL.fullmatch(config.triage_channel):
        fix = "open the channel's details in Slack; the id stands at the bottom"
        raise ConfigError(f"{place}.triage_channel", "this is no channel's id", fix)
