"""Whose words are whose in a thread, and what follows when the thread is parted by them.

Functions on values: `evolve` keeps the books with them, `separating` decides by them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from omniroute.core.events import CustomerWrote
from omniroute.core.model import Fold, HandleId, Thread, Urgency, Voice


def heard(voices: tuple[Voice, ...], wrote: CustomerWrote, at: int) -> tuple[Voice, ...]:
    """*voices* after a message.  A machine's moves only the count, as in the thread itself."""
    same = [voice for voice in voices if voice.handle == wrote.handle] if voices else ()
    old = same[0] if same else None
    machine = wrote.automatic and bool(voices)
    if old is None:
        new = Voice(
            wrote.handle, at, 0 if machine else at, wrote.message, wrote.channel, wrote.live, 1,
            waiting=not machine,
        )  # fmt: skip
        return (*voices, new)
    if machine:
        new = replace(old, turns=old.turns + 1)
    else:
        new = replace(
            old, at=at, message=wrote.message, channel=wrote.channel, live=wrote.live,
            turns=old.turns + 1, waiting=True, failed="", before=replace(old, before=None),
        )  # fmt: skip
    return tuple(new if voice is old else voice for voice in voices)


def answered(voices: tuple[Voice, ...], handle: HandleId) -> tuple[Voice, ...]:
    """*voices* after a reply to *handle*."""
    return tuple(
        replace(v, replies=v.replies + 1, waiting=False, before=_at_rest(v.before))
        if v.handle == handle
        else v
        for v in voices
    )


def arrived(voices: tuple[Voice, ...], handle: HandleId, failed: str) -> tuple[Voice, ...]:
    """*voices* once it is known how our message to *handle* failed; empty: it did not."""
    return tuple(replace(v, failed=failed) if v.handle == handle else v for v in voices)


def settled(voices: tuple[Voice, ...]) -> tuple[Voice, ...]:
    """*voices* after the thread was resolved: nobody waits."""
    return tuple(
        [replace(v, waiting=False, before=_at_rest(v.before)) if v.waiting else v for v in voices]
    )


def _at_rest(voice: Voice | None) -> Voice | None:
    return replace(voice, waiting=False) if voice is not None and voice.waiting else voice


def unsaid(voices: tuple[Voice, ...], handle: HandleId) -> tuple[Voice, ...]:
    """*voices* without the last message of *handle*; without the voice where it was all it said."""
    found = []
    for voice in voices:
        if voice.handle != handle:
            found.append(voice)
        elif voice.before is not None:
            found.append(replace(voice.before, turns=voice.turns - 1, replies=voice.replies))
        elif voice.turns > 1:  # what was before it is not known any more
            found.append(replace(voice, turns=voice.turns - 1))
    return tuple(found)


def together(one: Iterable[Voice], other: Iterable[Voice]) -> tuple[Voice, ...]:
    """The voices of two threads that became one: its own first, so the very first opened it."""
    known = {voice.handle: voice for voice in one}
    for voice in other:
        mine = known.get(voice.handle)
        known[voice.handle] = voice if mine is None else _summed(mine, voice)
    return tuple(known.values())


def _summed(a: Voice, b: Voice) -> Voice:
    last = max(a, b, key=lambda v: v.at)
    return replace(
        last,
        since=min(a.since, b.since),
        turns=a.turns + b.turns,
        replies=a.replies + b.replies,
        waiting=a.waiting or b.waiting,
    )


def latest(voices: Iterable[Voice]) -> Voice:
    """Whoever wrote last; of several at one moment, whoever came last."""
    return max(voices, key=lambda v: (v.at, v.since))


def of(voices: Iterable[Voice], handles: Collection[HandleId]) -> tuple[Voice, ...]:
    """The voices of *handles*."""
    return tuple(voice for voice in voices if voice.handle in handles)


def last_heard(thread: Thread, voices: tuple[Voice, ...]) -> Thread:
    """*thread* with *voices*: whoever wrote last is who is answered."""
    if not voices:
        return thread
    last = latest(voices)
    return replace(
        thread,
        voices=voices,
        handle=last.handle,
        message=last.message,
        channel=last.channel,
        live=last.live,
    )


def spoken_by(thread: Thread, voices: tuple[Voice, ...]) -> Thread:
    """*thread* with the conversation that *voices* make, and nobody else's."""
    if not voices:
        return thread
    elsewhere = sum(v.replies for v in thread.voices) - sum(v.replies for v in voices)
    return replace(
        last_heard(thread, voices),
        turns=sum(voice.turns for voice in voices),
        replies=thread.replies - elsewhere,
        waiting=any(voice.waiting for voice in voices),
    )


def urgency(thread: Thread) -> Urgency:
    """What makes *thread* urgent as it stands."""
    return Urgency(thread.priority, thread.deadline, thread.routing_since, thread.tags)


def by_itself(thread: Thread) -> Urgency:
    """What makes *thread* urgent without what was folded into it, as far as that is known."""
    now = urgency(thread)
    if thread.own is not None and now == joined(thread.own, thread.folds):
        return thread.own
    return now


def joined(own: Urgency, folds: Iterable[Fold]) -> Urgency:
    """The most urgent of all: the highest priority, the least deadline and age; and every tag.

    What is resolved makes nothing urgent.
    """
    total = own
    for fold in folds:
        other = fold.urgency
        tags = tuple(dict.fromkeys((*total.tags, *other.tags)))
        if fold.resolved:
            total = replace(total, tags=tags)
        else:
            total = Urgency(
                max(total.priority, other.priority),
                min(total.deadline, other.deadline),
                min(total.routing_since, other.routing_since),
                tags,
            )
    return total


def inside(thread: Thread, folded: Fold, handles: Collection[HandleId]) -> tuple[Fold, ...]:
    """What goes with *folded* when these handles leave *thread*."""
    return tuple(f for f in thread.folds if f.handle in handles and f is not folded)


def as_urgent(thread: Thread, now: Urgency, own: Urgency, folds: tuple[Fold, ...]) -> Thread:
    """*thread* with *folds* in it: as urgent as *now*, and by itself as *own*."""
    return replace(
        thread,
        priority=now.priority,
        deadline=now.deadline,
        routing_since=now.routing_since,
        tags=now.tags,
        own=own if folds else None,
        folds=folds,
    )


def without(thread: Thread, gone: Collection[Fold]) -> Urgency:
    """What makes *thread* urgent without *gone*; what was changed since by hand stays."""
    assert thread.own is not None
    folds = [fold for fold in thread.folds if fold not in gone]
    before, now = joined(thread.own, thread.folds), joined(thread.own, folds)
    brought = set(before.tags) - set(now.tags)

    def kept(current: int, was: int, new: int) -> int:
        return new if current == was else current

    return Urgency(
        kept(thread.priority, before.priority, now.priority),
        kept(thread.deadline, before.deadline, now.deadline),
        kept(thread.routing_since, before.routing_since, now.routing_since),
        tuple(tag for tag in thread.tags if tag not in brought),
    )
