"""Threads that a record has begun, once it is known where they wait; those of a split, too."""

from __future__ import annotations

from typing import Final

from omniroute.application.projections.fold import Fold
from omniroute.application.projections.measuring.samples import sample
from omniroute.core import events as e

# Anew from the messages: since when nobody has answered, and whether anybody ever has.
_PARTED: Final = """
    INSERT INTO clocks (thread, began, asked_at, heard, live)
    SELECT id, since, CASE WHEN waiting THEN COALESCE((
        SELECT MIN(at) FROM messages AS said WHERE said.thread = threads.id
          AND said.kind = 'customer' AND said.moves AND said.at > COALESCE((
            SELECT MAX(at) FROM messages AS answer WHERE answer.thread = threads.id
              AND answer.kind = 'reply' AND answer.state NOT IN ('held', 'withdrawn')
          ), 0)
      ), 0) ELSE 0 END,
      CASE WHEN replies THEN 2 ELSE 0 END,
      COALESCE((SELECT live FROM clocks WHERE thread = :out_of), 0)
    FROM threads WHERE id = :thread
    ON CONFLICT (thread) DO UPDATE SET asked_at = excluded.asked_at, heard = excluded.heard
"""


def after(fold: Fold) -> None:
    """Count what is new, and set the clocks of what was parted."""
    for event in fold.entry.events:
        match event:
            case e.ThreadOpened(thread=thread):
                sample(fold, "opened", thread, agent="")
            case e.MatterSplit(thread=old, into=new) | e.ThreadDivided(thread=old, into=new):
                sample(fold, "opened", new, agent="")
                _part(fold, old, new)
            case e.ThreadUnfolded(thread=new, out_of=old):
                _part(fold, old, new)


def _part(fold: Fold, old: int, new: int) -> None:
    for thread in (new, old):
        fold.db.execute(_PARTED, {"thread": thread, "out_of": old})
