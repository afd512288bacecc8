"""A store that an earlier version has written, brought forward.

The journal is what is kept; the core's rows are what its events make of it.  Where this version
makes other rows of the same events, those of the store are made anew, once, by folding the journal
from its beginning; the number of the form stands beside them, and the words that the newest
version writes in: see `omniroute.runtime.vocabulary`.
"""

from __future__ import annotations

import logging
from contextlib import closing
from typing import Final

from omniroute import __version__
from omniroute.core.inputs import RowsRemade
from omniroute.runtime import vocabulary
from omniroute.runtime.clock import Clock
from omniroute.runtime.loading import CORE_ROWS, PAGE, fold
from omniroute.runtime.record import VERSION, Entry, encode
from omniroute.runtime.rows import MARK
from omniroute.runtime.vocabulary import Words, words_of
from omniroute.stores.api import GENESIS, Corrupt, Reader, Store, verify_chain
from omniroute.stores.tiered import TieredStore, beginning, check_archive

log = logging.getLogger(__name__)

ROW: Final = "u/form"
FORM: Final = 3
"""Of the core's rows.  One more whenever old events fold into rows that read otherwise."""

OURS: Final = words_of(__version__, FORM)


def signed(words: Words = OURS) -> dict[str, bytes]:
    """The rows by which another version knows what is written here."""
    return {ROW: str(words.form).encode(), vocabulary.ROW: encode(words)}


def bring_forward(store: Store, clock: Clock, words: Words = OURS) -> int:
    """Make the rows what this version folds, if another has written them; how many were not.

    Raises `Unavailable` where a newer version has written what this one does not know, `Corrupt`
    naming the record where the journal is damaged, and what a commit raises.
    """
    head = store.head()
    if head == GENESIS:
        return 0
    found = store.get([ROW, vocabulary.ROW, MARK], head)
    if MARK in found:
        fix = "start a node with store.archive, which goes on with it"
        raise Corrupt(f"row {MARK}", "the store is being made from an archive", fix)
    if not isinstance(store, TieredStore):
        with closing(store.reader()) as reader:
            check_archive(reader, None)
    complete = vocabulary.check(words, found.get(vocabulary.ROW))
    rows: dict[str, bytes | None] = {}
    if found.get(ROW) != str(words.form).encode():
        log.warning("an earlier version has written this store: its rows are made anew")
        rows = _made_anew(store)
    elif complete:
        return 0
    at = clock.now()
    entry = Entry(VERSION, at, RowsRemade(f"rows/{words.form}/{head[0]}", at), ())
    store.commit(head, [encode(entry)], {**rows, **signed(words)})
    if rows:
        log.warning("%d rows were made anew", len(rows))
    return len(rows)


def _made_anew(store: Store) -> dict[str, bytes | None]:
    with closing(store.reader()) as reader, reader.snapshot() as still:
        if (fault := verify_chain(still, begins=beginning(still).record)) is not None:
            raise fault
        return _otherwise(still)


def _otherwise(reader: Reader) -> dict[str, bytes | None]:
    """What the journal makes of each row that is another; None where there should be none."""
    folded = {key: row for key, row in fold(reader).changed().items() if row is not None}
    found: dict[str, bytes | None] = {}
    for prefix in CORE_ROWS:
        after = ""
        while rows := reader.scan(prefix, after, PAGE):
            for key, row in rows:
                if (expected := folded.pop(key, None)) != row:
                    found[key] = expected
            after = rows[-1][0]
    return found | folded
