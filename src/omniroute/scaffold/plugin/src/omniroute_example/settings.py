"""The settings of an account, one sentence each: README, errors and the console are made of it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from omniroute import Secret


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account on Example."""

    token: Annotated[
        Secret,
        msgspec.Meta(
            description="The token with which we call Example, from its developers' page.",
        ),
    ]
    signing_secret: Annotated[
        Secret,
        msgspec.Meta(
            description="The secret with which Example signs its requests, from there too.",
        ),
    ]
    api_url: Annotated[
        str,
        msgspec.Meta(
            description="Where Example's API is; another for tests.",
        ),
    ] = "https://api.example.invalid"
