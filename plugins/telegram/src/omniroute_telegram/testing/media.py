"""Files as messages show them."""

from __future__ import annotations

from typing import Any

from omniroute_telegram.testing.world import Json, World


def media(world: World, kind: str, name: str, media_type: str, data: bytes) -> Json:
    """A file's part of a message."""
    id = world.keep(name, media_type, data)
    about: dict[str, Any] = {
        "file_id": id,
        "file_unique_id": world.files[id].unique_id,
        "file_size": len(data),
    }
    if kind == "photo":
        return {"photo": [about | {"width": 90, "height": 90}]}
    if kind == "document":
        return {"document": about | {"file_name": name, "mime_type": media_type}}
    spans = {"width": 100, "height": 100} if kind in ("video", "animation") else {}
    return {kind: about | spans | {"duration": 1, "mime_type": media_type}}
