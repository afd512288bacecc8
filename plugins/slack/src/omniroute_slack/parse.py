"""From an envelope to what a customer said.  Pure; the only place that looks into events.

Slack vouches for the account that writes, and for the e-mail address of an account of our own
workspace once its owner has confirmed it; never for a name, nor for what another workspace says.
A message has one id everywhere, its channel and its time stamp, in whatever workspace it is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from omniroute import Address, File, Inbound
from omniroute_slack.envelope import Envelope, Fetched, Json, part, text_at
from omniroute_slack.formatting import to_html, to_text

KIND: Final = "slack"
SPOKEN: Final = ("", "file_share", "me_message", "thread_broadcast")
"""Subtypes of messages that somebody wrote; the others are notices of Slack's."""

_TS: Final = re.compile(r"\d{1,12}(\.\d{1,9})?")
_EMOJI: Final[Mapping[str, str]] = {
    "+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "heart": "❤️", "tada": "🎉",
    "pray": "🙏", "eyes": "👀", "white_check_mark": "✅", "heavy_check_mark": "✔️", "smile": "😄",
    "joy": "😂", "cry": "😢", "rage": "😡", "clap": "👏", "fire": "🔥", "100": "💯", "x": "❌",
    "raised_hands": "🙌", "ok_hand": "👌", "wave": "👋", "thinking_face": "🤔",
}  # fmt: skip


def read(envelope: Envelope) -> list[Inbound]:
    """The customer's messages; none for what is an agent's, a machine's, or no message."""
    if envelope.desk or envelope.form != "event":
        return []
    event = part(envelope.payload, "event")
    match text_at(event, "type"):
        case "message" | "app_mention":
            return list(_message(event, envelope))
        case "reaction_added" | "reaction_removed":
            return list(_reaction(event, envelope))
    return []


def message_id(channel: str, ts: str) -> str:
    """A message's id within the account: time stamps are unique in a channel only."""
    return f"{channel}/{ts}"


def conversation_of(event: Json) -> str:
    """Where an answer belongs: a chat of two, or a message's own thread elsewhere."""
    channel, thread = text_at(event, "channel"), text_at(event, "thread_ts")
    if is_chat(event):
        return f"{channel}/{thread}" if thread else channel
    return f"{channel}/{thread or text_at(event, 'ts')}"


def is_chat(event: Json) -> bool:
    """Whether it is a chat of a person with the app."""
    kind = text_at(event, "channel_type")
    return kind == "im" if kind else text_at(event, "channel").startswith("D")


def time_of(ts: str) -> datetime | None:
    """The moment that a time stamp names."""
    if not _TS.fullmatch(ts):
        return None
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def is_a_persons(message: Json, me: str = "") -> bool:
    """Not of this or another app, nor of Slack itself."""
    user = text_at(message, "user")
    machine = text_at(message, "bot_id") or text_at(message, "subtype") == "bot_message"
    return bool(user) and not machine and user not in (me, "USLACKBOT")


def attachments(message: Json) -> Iterator[Json]:
    """The files of a message."""
    files = message.get("files")
    for file in files if isinstance(files, list) else ():
        if isinstance(file, dict) and text_at(file, "id"):
            yield file


def _message(event: Json, envelope: Envelope) -> Iterator[Inbound]:
    subtype = text_at(event, "subtype")
    if subtype == "message_changed":
        yield from _change(event, envelope)
    elif subtype == "message_deleted":
        yield from _deletion(event, part(event, "previous_message"), envelope)
    elif subtype in SPOKEN:
        yield from _spoken(event, event, envelope, "message")


def _change(event: Json, envelope: Envelope) -> Iterator[Inbound]:
    """An edit; Slack tells of an unfurled link and of a thread's end in the same way."""
    message, before = part(event, "message"), part(event, "previous_message")
    if text_at(message, "subtype") == "tombstone":
        yield from _deletion({**event, "deleted_ts": text_at(message, "ts")}, before, envelope)
    elif text_at(message, "subtype") in SPOKEN and message.get("text") != before.get("text"):
        yield from _spoken(message, event, envelope, "edit")


def _spoken(message: Json, event: Json, envelope: Envelope, kind: str) -> Iterator[Inbound]:
    sent, user = time_of(text_at(message, "ts")), text_at(message, "user")
    profile = envelope.users.get(user)
    if sent is None or not is_a_persons(message, envelope.me) or (profile and profile.bot):
        return
    if kind == "edit":
        edited = text_at(part(message, "edited"), "ts") or text_at(event, "event_ts")
        sent = time_of(edited) or sent
    channel, ts = text_at(event, "channel"), text_at(message, "ts")
    where = {**message, "channel": channel, "channel_type": text_at(event, "channel_type")}
    thread = text_at(message, "thread_ts")
    names = {id: known.name for id, known in envelope.users.items()}
    files, unread = _files(message, envelope.files)
    yield Inbound(
        external_id=message_id(channel, ts),
        conversation=conversation_of(where),
        sender=account_of(user, envelope),
        text=_without_call(to_text(text_at(message, "text"), names), envelope, names),
        sent_at=sent,
        html=to_html(text_at(message, "text"), names),
        in_reply_to=message_id(channel, thread) if thread and thread != ts else "",
        also_known_as=tuple(_also(user, envelope)),
        files=files,
        unread=unread,
        kind=kind,
        place="" if is_chat(where) else "topic",
    )


def _without_call(text: str, envelope: Envelope, names: Mapping[str, str]) -> str:
    """What was said, less the app's own name at its head: that only calls us."""
    call = f"@{names.get(envelope.me) or envelope.me}"
    return text[len(call) :].lstrip(" ,:") if envelope.me and text.startswith(call) else text


def _deletion(event: Json, before: Json, envelope: Envelope) -> Iterator[Inbound]:
    ts = text_at(event, "deleted_ts") or text_at(before, "ts")
    happened = time_of(text_at(event, "event_ts")) or time_of(ts)
    if happened is None or not is_a_persons(before, envelope.me):
        return
    channel = text_at(event, "channel")
    yield Inbound(
        external_id=message_id(channel, ts),
        conversation=conversation_of({**before, **event, "ts": ts}),
        sender=account_of(text_at(before, "user"), envelope),
        text="",
        sent_at=happened,
        kind="delete",
    )


def _reaction(event: Json, envelope: Envelope) -> Iterator[Inbound]:
    item, user = part(event, "item"), text_at(event, "user")
    happened = time_of(text_at(event, "event_ts"))
    if text_at(item, "type") != "message" or happened is None or user in ("", envelope.me):
        return
    name = text_at(event, "reaction")
    emoji = _EMOJI.get(name.partition("::")[0], f":{name}:")
    yield Inbound(
        external_id=message_id(text_at(item, "channel"), text_at(item, "ts")),
        conversation=text_at(item, "channel"),
        sender=account_of(user, envelope),
        text=emoji if text_at(event, "type") == "reaction_added" else "",
        sent_at=happened,
        kind="reaction",
    )


def account_of(user: str, envelope: Envelope) -> Address:
    """An account as the engine knows it."""
    profile = envelope.users.get(user)
    return Address(KIND, user, verified=True, display=profile.name if profile else "")


def _also(user: str, envelope: Envelope) -> Iterator[Address]:
    profile = envelope.users.get(user)
    if profile is not None and profile.email:
        yield Address("email", profile.email.lower(), profile.confirmed, profile.name)


def _files(message: Json, fetched: Mapping[str, Fetched]) -> tuple[tuple[File, ...], str]:
    """The files that came along, and what to say of those that did not."""
    files, faults = [], []
    for file in attachments(message):
        name = text_at(file, "name") or text_at(file, "title") or text_at(file, "id")
        found = fetched.get(text_at(file, "id"), Fetched(fault="it was not fetched"))
        if found.fault:
            faults.append(f"“{name}”: {found.fault}")
        else:
            media_type = text_at(file, "mimetype") or "application/octet-stream"
            files.append(File(name, media_type, found.data))
    return tuple(files), "; ".join(faults)
