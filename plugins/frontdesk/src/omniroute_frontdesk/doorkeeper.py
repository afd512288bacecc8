"""Who may open the pages: whoever has typed the key, as a colleague or to set a kiosk up."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, Literal, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from omniroute import Secret

Role: TypeAlias = Literal["staff", "kiosk", ""]
LASTS: Final = {"staff": 12 * 3600, "kiosk": 90 * 86_400}  # s


class Doorkeeper:
    """Cookies that say who sits before a screen; signed, so that nothing need be kept."""

    def __init__(self, account: str, key: Secret, secret: bytes, *, secure: bool) -> None:
        self._name, self._key, self._secure = f"omniroute_frontdesk_{account}", key, secure
        self._mac_key = hashlib.sha256(secret + key.reveal().encode()).digest()

    def knows(self, key: str) -> bool:
        """Whether it is the key."""
        return hmac.compare_digest(key.strip().encode(), self._key.reveal().encode())

    def let_in(self, response: Response, role: Role, path: str, now: int) -> None:
        """Let this browser in; *now* in s since the epoch."""
        said = f"{role}.{now + LASTS[role]}"
        response.set_cookie(
            self._name,
            f"{said}.{self._mac(said)}",
            max_age=LASTS[role],
            path=path,
            secure=self._secure,
            httponly=True,
            samesite="strict",  # so that no other site sends a form here
        )

    def role(self, request: Request, now: int) -> Role:
        """As whom this browser was let in; nobody, if it was not or not lately."""
        said, _, mac = request.cookies.get(self._name, "").rpartition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(said).encode()):
            return ""
        role, _, until = said.partition(".")
        if not until.isdecimal() or int(until) <= now:
            return ""
        return "staff" if role == "staff" else "kiosk"

    def _mac(self, said: str) -> str:
        return hmac.digest(self._mac_key, said.encode(), hashlib.sha256).hex()
