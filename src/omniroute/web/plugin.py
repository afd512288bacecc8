"""What the console offers as a plugin, through the same hook as anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from omniroute.desk import Desk
from omniroute.hookspecs import hookimpl
from omniroute.web.desk import WebDesk


@hookimpl
def omniroute_desks() -> Sequence[type[Desk]]:
    """The web desk."""
    return [WebDesk]
