"""The signed token by which a site's backend says who a visitor is: a JWT, HS256.

It carries ``aud``, ``exp`` (at most a day ahead), ``sub`` (the visitor's id at the site) and
``jti`` (a nonce, good once), and if the site likes ``email`` and ``name``.  Whether a nonce has
been used is for the mailbox to know; everything else is decided here, purely.
"""

from __future__ import annotations

import math
import secrets as random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jwt
from jwt.exceptions import InvalidJTIError, InvalidSubjectError, MissingRequiredClaimError

from omniroute import Secret
from omniroute_webchat.addresses import normalised
from omniroute_webchat.parse import clean_line

LONGEST_LIFE = 24 * 3600  # s; whatever lives longer is refused, so that no token is eternal
LONGEST_TOKEN = 4096  # characters
LONGEST_ID = 255  # characters of a sub or a nonce

Reason = Literal[
    "disabled",  # the chat has no secret, so nobody can be identified
    "malformed",  # not a token at all
    "algorithm",  # signed in a way we do not accept, such as "none"
    "signature",  # made by somebody who does not hold the secret
    "audience",  # meant for somebody else
    "claims",  # exp, sub or jti is missing or makes no sense
    "lifetime",  # good for longer than a day
    "not_yet",  # good only later (nbf)
    "expired",
    "replayed",  # its nonce has been used
]


@dataclass(frozen=True, slots=True)
class Claims:
    """Who the visitor is, vouched for by the site."""

    sub: str
    email: str
    name: str
    nonce: str
    expires: int  # s since the epoch


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a token vouches for nobody.

    *sub* is set when the site did sign the token and only its time or its nonce is over: enough to
    tell whether it speaks of the same person as a session that is identified already.
    """

    reason: Reason
    sub: str = ""


class _Unfit(Exception):
    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason


def sign(
    secret: Secret | str,
    sub: str,
    audience: str = "omniroute",
    *,
    email: str = "",
    name: str = "",
    lifetime: int = 3600,
    now: float | None = None,
    nonce: str | None = None,
) -> str:
    """A token for the visitor *sub*, good once and for *lifetime* seconds.

    This is what a site's backend does, in whatever language; here for demos and tests.
    """
    issued = int(time.time() if now is None else now)
    claims: dict[str, Any] = {
        "aud": audience,
        "sub": sub,
        "iat": issued,
        "exp": issued + lifetime,
        "jti": random.token_urlsafe(16) if nonce is None else nonce,
    }
    claims |= {key: value for key, value in (("email", email), ("name", name)) if value}
    key = secret.reveal() if isinstance(secret, Secret) else secret
    return jwt.encode(claims, key, algorithm="HS256")


def verify(token: str, secrets: Sequence[str], audience: str, now: float) -> Claims | Refusal:
    """Read *token* at *now* (s since the epoch); never raises, whatever it is given."""
    if not secrets:
        return Refusal("disabled")
    if len(token) > LONGEST_TOKEN:
        return Refusal("malformed")
    try:
        return _judge(_decode_with_any(token, secrets, audience), now)
    except _Unfit as unfit:
        return Refusal(unfit.reason)


def _decode_with_any(token: str, secrets: Sequence[str], audience: str) -> dict[str, Any]:
    *former, last = secrets
    for secret in former:
        try:
            return _decode(token, secret, audience)
        except _Unfit as unfit:
            if unfit.reason != "signature":
                raise
    return _decode(token, last, audience)


def _decode(token: str, secret: str, audience: str) -> dict[str, Any]:
    options: Any = {
        "require": ["aud", "exp", "jti", "sub"],
        # Times are judged against the `now` handed in, not against a clock of the library.
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
    }
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], audience=audience, options=options)
    except jwt.InvalidSignatureError:
        raise _Unfit("signature") from None
    except jwt.InvalidAlgorithmError:
        raise _Unfit("algorithm") from None
    except jwt.InvalidAudienceError:
        raise _Unfit("audience") from None
    except (MissingRequiredClaimError, InvalidSubjectError, InvalidJTIError):
        raise _Unfit("claims") from None
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError):
        # JSON of hostile shape gets past the library's own errors.
        raise _Unfit("malformed") from None
    return dict(claims)


def _judge(claims: dict[str, Any], now: float) -> Claims | Refusal:
    sub, nonce, expires = claims["sub"], claims["jti"], claims["exp"]
    if not (_is_id(sub) and _is_id(nonce) and _is_time(expires)):
        return Refusal("claims")
    begins = claims.get("nbf", 0)
    if not _is_time(begins):
        return Refusal("claims")
    if begins > now:
        return Refusal("not_yet", sub)
    if expires <= now:
        return Refusal("expired", sub)
    if expires > now + LONGEST_LIFE:
        return Refusal("lifetime", sub)
    return Claims(
        sub=sub,
        email=normalised(email) if isinstance(email := claims.get("email"), str) else "",
        name=clean_line(name)[:100] if isinstance(name := claims.get("name"), str) else "",
        nonce=nonce,
        expires=math.ceil(expires),
    )


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value == clean_line(value)


def _is_time(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value < 2**53  # neither infinite nor "not a number"
