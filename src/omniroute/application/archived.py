"""Finding threads in the archive: by number, by a name or an address, by what was said."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from omniroute.stores.archive import Asker

NUMBER: Final = re.compile(r"#?(\d{1,18})")

_FIELDS: Final = """
    SELECT threads.id, threads.phase, threads.queue, threads.channel, threads.opened_at,
      COALESCE((SELECT MIN(NULLIF(name, '')) FROM handles JOIN addresses
        ON addresses.handle = handles.id WHERE handles.customer = threads.customer), '') AS name
    FROM threads WHERE threads.id = (SELECT shown_in FROM threads AS asked WHERE asked.id = $1)
"""
_BY_PERSON: Final = """
    SELECT DISTINCT threads.shown_in AS id FROM addresses
    JOIN handles ON handles.id = addresses.handle
    JOIN threads ON threads.customer = handles.customer
    WHERE LOWER(addresses.name) LIKE $1 ESCAPE '!' OR LOWER(addresses.address) LIKE $1 ESCAPE '!'
    ORDER BY id DESC LIMIT $2
"""
_OF: Final = "SELECT thread FROM messages WHERE id = $1"


class Found(msgspec.Struct, frozen=True):
    """A thread, and where in it something was found; the passage is empty for a name or number."""

    id: int
    phase: str
    queue: str
    channel: str
    opened_at: int  # ms since the epoch
    name: str
    passage: str = ""


def search(archive: Asker, text: str, limit: int = 20) -> list[Found]:
    """At most *limit* threads, each once: the one by that number, people's, then by their words."""
    text = text.strip()[:200]
    places: dict[int, str] = {}
    if number := NUMBER.fullmatch(text):
        places[int(number[1])] = ""
    if text:
        like = "%" + re.sub(r"([!%_])", r"!\1", text.lower()) + "%"
        for row in archive.ask(_BY_PERSON, like, limit):
            places.setdefault(row["id"], "")
    for hit in archive.found(text.split()[:12], limit * 5):
        for row in archive.ask(_OF, hit["id"]):
            places.setdefault(row["thread"], hit["passage"])
    found: dict[int, Found] = {}
    for thread, passage in places.items():
        for row in archive.ask(_FIELDS, thread):
            found.setdefault(row["id"], Found(**row, passage=passage))
        if len(found) == limit:
            break
    return list(found.values())
