"""What was said: customers' messages, replies with their delivery, notes; and the search index."""

from __future__ import annotations

from omniroute.application import words
from omniroute.application.projections.fold import Fold, Folding
from omniroute.application.projections.people import refresh_handle
from omniroute.core import events as e

OUTCOMES = {
    "rejected": "the channel does not take it",
    "not_authorised": "the channel no longer lets us in; an admin has to see to it",
    "bounced": "it came back undelivered",
    "complained": "it was reported as unwanted",
    "gave_up": "the channel could not be reached for two days",
}
"""Why a reply was not delivered, where the platform gave no words of its own."""

EXCERPT = 200  # characters kept beside a message for lists and cards


def customer_wrote(fold: Fold, event: e.CustomerWrote) -> None:
    """The answer goes to where the customer wrote last; a machine of theirs moves nothing."""
    refresh_handle(fold, event.handle)
    body = fold.body(event.message)
    excerpt = words.one_line(body.text, EXCERPT)
    turns, owner = _turns_and_owner(fold, event.thread)
    moves = not (event.automatic and turns)
    add_message(
        fold, event.thread, event.message, "customer", excerpt=excerpt, channel=event.channel,
        handle=event.handle, machine=event.automatic, moves=moves,
    )  # fmt: skip
    if not moves:
        fold.db.execute(
            "UPDATE threads SET turns = turns + 1, last_at = ? WHERE id = ?",
            (fold.at, event.thread),
        )
    else:
        fold.db.execute(
            "UPDATE threads SET turns = turns + 1, last_at = ?, channel = ?, handle = ?,"
            " message = ?, excerpt = ?, wrote_at = ?, waiting = 1,"
            " subject = CASE ? WHEN '' THEN subject ELSE ? END WHERE id = ?",
            (
                fold.at, event.channel, event.handle, event.message, excerpt, fold.at,
                *[words.one_line(body.subject, EXCERPT)] * 2, event.thread,
            ),
        )  # fmt: skip
    if owner:
        fold.touched.wrote.add(owner)


def participant_wrote(fold: Fold, event: e.ParticipantWrote) -> None:
    """It is read in the thread, and is no turn of the customer's."""
    refresh_handle(fold, event.handle)
    add_message(
        fold, event.thread, event.message, "participant", channel=event.channel,
        handle=event.handle, machine=event.automatic,
    )  # fmt: skip
    fold.db.execute(
        "UPDATE threads SET asides = asides + 1, last_at = ? WHERE id = ?", (fold.at, event.thread)
    )
    owner = _turns_and_owner(fold, event.thread)[1]
    if owner:
        fold.touched.wrote.add(owner)


def participants_changed(fold: Fold, event: e.ParticipantsChanged) -> None:
    """Who takes part is in the core's own row; that it changed is told in the timeline."""


def _turns_and_owner(fold: Fold, thread: int) -> tuple[int, str]:
    row = fold.db.execute("SELECT turns, agent FROM threads WHERE id = ?", (thread,)).fetchone()
    return (0, "") if row is None else (row[0], row[1])


def message_amended(fold: Fold, event: e.MessageAmended) -> None:
    """It is shown, found and excerpted as it is now."""
    row = fold.db.execute(
        "SELECT no, thread FROM messages WHERE id = ?", (event.message,)
    ).fetchone()
    if row is not None:
        _reads(fold, event.message, *row)


def _reads(fold: Fold, message: str, number: int, thread: int) -> None:
    """A message reads otherwise from now on."""
    body = fold.body(message)
    excerpt = words.one_line(body.text, EXCERPT)
    fold.db.execute("UPDATE messages SET excerpt = ? WHERE no = ?", (excerpt, number))
    fold.db.execute("UPDATE found SET text = ? WHERE rowid = ?", (body.text, number))
    fold.db.execute(
        "UPDATE threads SET excerpt = ? WHERE id = ? AND message = ?",
        (excerpt, thread, message),
    )
    fold.touch(thread)


PENDING = {"edited": "editing", "deleted": "deleting"}


def words_changed(fold: Fold, event: e.WordsChanged) -> None:
    """A note is changed at once; an answer once the customer's copy is."""
    row = fold.db.execute(
        "SELECT no, thread FROM messages WHERE id = ?", (event.message,)
    ).fetchone()
    if row is None:
        return
    state = PENDING.get(event.how, event.how) if event.effect else event.how
    fold.db.execute("UPDATE messages SET change = ?, reason = '' WHERE no = ?", (state, row[0]))
    _reads(fold, event.message, *row)


def change_settled(fold: Fold, event: e.ChangeSettled) -> None:
    """Of several changes the last says how it stands."""
    if event.outcome == "sent":
        fold.db.execute(
            "UPDATE messages SET change = ?, reason = ''"
            " WHERE id = ? AND change IN (?, 'unchanged')",
            (event.how, event.message, PENDING.get(event.how, event.how)),
        )
        return
    reason = fold.failure(event.effect) or OUTCOMES.get(event.outcome, event.outcome)
    fold.db.execute(
        "UPDATE messages SET change = 'unchanged', reason = ? WHERE id = ?",
        (reason, event.message),
    )


def note_added(fold: Fold, event: e.NoteAdded) -> None:
    add_message(fold, event.thread, event.message, "note", agent=event.agent)


def reply_held(fold: Fold, event: e.ReplyHeld) -> None:
    held = event.held
    add_message(
        fold, event.thread, held.message, "reply", agent=held.agent, handle=held.handle,
        state="held", release_at=held.release,
    )  # fmt: skip
    fold.db.execute("UPDATE threads SET last_at = ? WHERE id = ?", (fold.at, event.thread))


def reply_withdrawn(fold: Fold, event: e.ReplyWithdrawn) -> None:
    _state(fold, event.message, "withdrawn")
    fold.db.execute(
        "DELETE FROM found WHERE rowid = (SELECT no FROM messages WHERE id = ?)", (event.message,)
    )


def reply_released(fold: Fold, event: e.ReplyReleased) -> None:
    known = fold.db.execute("SELECT 1 FROM messages WHERE id = ?", (event.message,)).fetchone()
    if known is None:
        add_message(
            fold, event.thread, event.message, "reply", agent=event.agent, handle=event.handle,
            state="sending",
        )  # fmt: skip
    else:
        _state(fold, event.message, "sending")
    fold.db.execute(
        "UPDATE messages SET effect = :effect, goes_by = COALESCE("
        "(SELECT channel FROM messages WHERE handle = :handle AND kind = 'customer'"
        " ORDER BY no DESC LIMIT 1), (SELECT kind FROM handles WHERE id = :handle), '')"
        " WHERE id = :message",
        {"effect": event.effect, "handle": event.handle, "message": event.message},
    )
    fold.db.execute(
        "UPDATE threads SET last_at = ?, replies = replies + 1, waiting = 0, due = 0 WHERE id = ?",
        (fold.at, event.thread),
    )


def automatic_reply_released(fold: Fold, event: e.AutomaticReplyReleased) -> None:
    add_message(
        fold, event.thread, event.message, "automatic", handle=event.handle, state="sending",
        canned=event.reply,
    )  # fmt: skip


def reply_sent(fold: Fold, event: e.ReplySent) -> None:
    fold.db.execute(
        "UPDATE messages SET state = 'sent', reason = '', repeat = ? WHERE id = ?",
        (event.repeat, event.message),
    )


def reply_failed(fold: Fold, event: e.ReplyFailed) -> None:
    if event.outcome == "withdrawn":  # before it left
        _state(fold, event.message, "withdrawn")
        return
    fold.db.execute(
        "UPDATE messages SET state = 'failed', reason = ? WHERE id = ?",
        (fold.failure(event.effect) or OUTCOMES.get(event.outcome, event.outcome), event.message),
    )


def reply_recalled(fold: Fold, event: e.ReplyRecalled) -> None:
    """Whether it could be stopped is told by its outcome."""


def _state(fold: Fold, message: str, state: str) -> None:
    fold.db.execute("UPDATE messages SET state = ?, release_at = 0 WHERE id = ?", (state, message))


def add_message(
    fold: Fold, thread: int, message: str, kind: str, *, excerpt: str | None = None,
    channel: str = "", handle: str = "", agent: str = "", canned: str = "", machine: bool = False,
    moves: bool = False, state: str = "", release_at: int = 0,
) -> None:  # fmt: skip
    """A row for what was said, and its words in the index."""
    body = fold.body(message)
    if excerpt is None:
        excerpt = words.one_line(body.text, EXCERPT)
    number = fold.db.execute(
        "INSERT OR REPLACE INTO messages (id, thread, seq, n, at, kind, channel, handle, agent,"
        " excerpt, canned, machine, moves, state, release_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            message, thread, fold.entry.seq, fold.number(), fold.at, kind, channel, handle, agent,
            excerpt, canned, machine, moves, state, release_at,
        ),
    ).lastrowid  # fmt: skip
    names = [file.name for file in body.files]
    for file in body.files:
        fold.db.execute(
            "INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?, ?)",
            (file.sha, message, file.name, file.media_type, file.size),
        )
    if handle and (reached := fold.reached(handle)) is not None:
        names += [reached.display, reached.value]
    fold.db.execute(
        "INSERT INTO found (rowid, text, subject, names) VALUES (?, ?, ?, ?)",
        (number, body.text, body.subject, " ".join(names)),
    )


FOLDS: dict[type[e.Event], Folding] = {
    e.CustomerWrote: customer_wrote,
    e.ParticipantWrote: participant_wrote,
    e.ParticipantsChanged: participants_changed,
    e.MessageAmended: message_amended,
    e.WordsChanged: words_changed,
    e.ChangeSettled: change_settled,
    e.NoteAdded: note_added,
    e.ReplyHeld: reply_held,
    e.ReplyWithdrawn: reply_withdrawn,
    e.ReplyReleased: reply_released,
    e.AutomaticReplyReleased: automatic_reply_released,
    e.ReplySent: reply_sent,
    e.ReplyFailed: reply_failed,
    e.ReplyRecalled: reply_recalled,
}
