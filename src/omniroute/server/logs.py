"""What the server writes to standard error: lines for people, or one JSON object a line.

No line holds what somebody wrote, their name or address, or a secret; what concerns a thread names
its number.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

import msgspec

Form: TypeAlias = Literal["text", "json"]

PLAIN: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """``at`` (UTC), ``level``, ``logger``, ``text``; ``thread`` and ``trace`` where there are."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        at = datetime.fromtimestamp(record.created, UTC)
        said: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
        }
        if (thread := getattr(record, "about_thread", None)) is not None:
            said["thread"] = thread
        if record.exc_info:
            said["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(said).decode()


def set_up(form: Form) -> None:
    """Have everything of this process logged so, from INFO on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(PLAIN))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
