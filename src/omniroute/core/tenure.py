"""Which node writes the journal.

Of what an earlier writer was to send, the next cannot know whether it was sent: the notes about it
lie on the other's disk.  So the *term* grows with every change of the writer; what was decided in
an earlier term is repeated only with a mark.  A node that starts again on its own disk stays in
its term, since it has its notes.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Tenure(msgspec.Struct, frozen=True, omit_defaults=True):
    """The writer by the name of its spool, and how many there were, with it; 0: nobody yet."""

    node: str = ""
    term: int = 0


NOBODY: Final = Tenure()
