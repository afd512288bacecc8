"""Which node writes the journal.

Of what an earlier writer was to send, the next cannot know whether it was sent: the notes about it
lie on the other's disk.  So the *term* grows with every change of the writer; what was decided in
an earlier term is repeated only with a mark.  A node that starts again on its own disk stays in
its term, since it has its notes.

A writer that stops in order *leaves*: what it may have sent without the journal's having it, it
says one by one, and of everything else the next one knows that it was not sent.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Tenure(msgspec.Struct, frozen=True, omit_defaults=True):
    """The writer by the name of its spool, and how many there were, with it; 0: nobody yet.

    *left* once it has stopped in order.  *since* is the first of the terms that all ended so, up to
    this one; 0 where the one before did not.
    """

    node: str = ""
    term: int = 0
    left: bool = False
    since: int = 0

    def leaves_in_doubt(self, node: str, term: int) -> bool:
        """Whether another than *node* may have sent what was decided in *term*, and not said so."""
        elsewhere = self.node != node and not self.left
        return elsewhere or term < (self.since or self.term)

    def followed_by(self, node: str, *, lost: bool = False) -> Tenure:
        """The next one; *lost* where the store has forgotten something of this one."""
        sure = self.left and not lost
        return Tenure(node, self.term + 1, since=(self.since or self.term) if sure else 0)


NOBODY: Final = Tenure()
