"""The settings of each kind of account, one sentence each."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec

from omniroute import ConfigError, Secret, says

MIB: Final = 1024 * 1024
API: Final = "https://graph.facebook.com/v24.0"
_NUMBER: Final = re.compile(r"\d{5,20}", re.ASCII)


class Common(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every account needs."""

    token: Annotated[
        Secret,
        says("The access token: a system user's for a number, else that of the page."),
    ]
    app_secret: Annotated[
        Secret, says("The app's secret (App settings, Basic), with which Meta signs its calls.")
    ]
    verify_token: Annotated[
        Secret, says("What you type beside the webhook's address in the app; make it up.")
    ]
    max_file: Annotated[
        int, says("Largest file taken from a customer, in bytes.", at_least=0, at_most=100 * MIB)
    ] = 25 * MIB
    api_url: Annotated[
        str, says("Where the Graph API is, with its version; another for tests.")
    ] = API


class WhatsApp(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One WhatsApp number."""

    phone_number_id: Annotated[
        str, says("The id of the number, from the app's page WhatsApp, API Setup; not the number.")
    ]
    business_account_id: Annotated[
        str, says("The id of the WhatsApp business account, from there too; for its templates.")
    ] = ""
    templates: Annotated[
        tuple[str, ...],
        says("The templates that agents are offered; all approved ones unless set."),
    ] = ()


class Messenger(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One Facebook page."""

    page_id: Annotated[str, says("The id of the page, from its page About, Page transparency.")]
    human_agent: Annotated[
        bool,
        says("Whether the app may answer for seven days: Meta has granted it Human Agent."),
    ] = False


class Instagram(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One professional account of Instagram, with the token of its Facebook page."""

    account_id: Annotated[
        str, says("The id of the professional account; `check` of the page's token shows it.")
    ]
    human_agent: Annotated[
        bool,
        says("Whether the app may answer for seven days: Meta has granted it Human Agent."),
    ] = False


def check(config: Common, place: str, **ids: str) -> None:
    """Raise `ConfigError` for what types cannot say; *ids* are those that Meta gives."""
    for name, value in ids.items():
        if value and not _NUMBER.fullmatch(value):
            fix = "copy the id, which has digits alone; a telephone number or a name is none"
            raise ConfigError(f"{place}.{name}", "this is no id of Meta's", fix)
    for name in ("app_secret", "verify_token"):
        if len(getattr(config, name).reveal()) < 8:
            raise ConfigError(f"{place}.{name}", "is shorter than 8 characters")
