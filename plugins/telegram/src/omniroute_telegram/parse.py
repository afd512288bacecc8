"""From an envelope to what a customer said.  Pure; the only place that looks into updates.

Telegram vouches for the account that writes, and for its own telephone number when somebody shares
it; never for a name, a user name, or another person's number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from telegram import CallbackQuery, Message, MessageReactionUpdated, ReactionTypeEmoji, Update, User

from omniroute import Address, File, Inbound
from omniroute_telegram.envelope import Envelope, Fetched

KIND: Final = "telegram"
CHOICE: Final = "q:"  # what stands before the key of a question, and the answer
FORMATS: Final = frozenset(
    ("bold", "italic", "underline", "strikethrough", "code", "pre", "text_link", "blockquote")
)
"""Entities that make text look different; links and mentions found by Telegram do not."""

FILES: Final = ("document", "video", "audio", "voice", "animation", "video_note")
_TYPES: Final = {"voice": "audio/ogg", "video_note": "video/mp4", "photo": "image/jpeg"}
_OTHERS: Final = ("poll", "dice", "game", "story", "invoice", "paid_media", "checklist", "giveaway")


def read(envelope: Envelope) -> list[Inbound]:
    """The customer's messages; none for what is an agent's, a machine's, or no message.

    Raises `ValueError` for updates that cannot be read.
    """
    if envelope.desk:
        return []
    updates = [update_of(raw) for raw in envelope.updates]
    if press := next((u.callback_query for u in updates if u.callback_query), None):
        return _choice(press, envelope)
    if reaction := next((u.message_reaction for u in updates if u.message_reaction), None):
        return _reaction(reaction, envelope)
    edits = [update.edited_message for update in updates if update.edited_message]
    if edits:
        return [_inbound([m], envelope, "edit") for m in edits if _is_a_persons(m)]
    messages = [u.message for u in updates if u.message and _is_a_persons(u.message)]
    messages = [message for message in messages if _says_something(message)]
    return [_inbound(messages, envelope, "message")] if messages else []


def choice_data(key: str, value: str) -> str:
    """What a button of a question tells us: at most 64 bytes."""
    return f"{CHOICE}{key}:{value}"


def is_choice(data: str) -> bool:
    """Whether a button was a customer's, and no agent's."""
    return data.startswith(CHOICE)


def _choice(press: CallbackQuery, envelope: Envelope) -> list[Inbound]:
    """What somebody pressed below a question of ours."""
    if not is_choice(press.data or ""):
        return []
    key, _, value = (press.data or "").removeprefix(CHOICE).rpartition(":")
    chat = press.message.chat.id if press.message is not None else press.from_user.id
    return [
        Inbound(
            external_id=f"press/{press.id}",
            conversation=str(chat),
            sender=account_of(press.from_user),
            text=value,
            sent_at=datetime.fromtimestamp(envelope.at / 1000, UTC),
            kind="choice",
            answers=key,
        )
    ]


def update_of(raw: dict[str, Any]) -> Update:
    """An update as the SDK reads it.  Raises `ValueError` for one that it cannot read."""
    try:
        return Update.de_json(raw, None)
    except (TypeError, AttributeError, LookupError, ArithmeticError) as error:
        raise ValueError(f"an update that cannot be read: {error}") from None


def message_id(message: Message) -> str:
    """A message's id within the account: numbers are unique in a chat only."""
    return f"{message.chat.id}/{message.message_id}"


def conversation_of(message: Message) -> str:
    """Where an answer belongs: the chat, and in a group with topics the topic."""
    topic = message.message_thread_id if message.is_topic_message else None
    return f"{message.chat.id}/{topic}" if topic else str(message.chat.id)


def account_of(user: User) -> Address:
    """An account as the engine knows it."""
    return Address(KIND, str(user.id), verified=True, display=user.full_name)


def _is_a_persons(message: Message) -> bool:
    """Not of this or another bot, not posted in the name of a channel or a group."""
    sender = message.from_user
    if sender is None or sender.is_bot or message.via_bot is not None:
        return False
    return message.sender_chat is None and not message.is_automatic_forward


def _says_something(message: Message) -> bool:
    """Not a notice of the platform's, such as a new member; and not the press of Start."""
    if (message.text or "").partition(" ")[0].partition("@")[0] == "/start":
        return False
    shown = (message.text, message.caption, message.photo, message.sticker, message.location,
             message.contact, message.venue)  # fmt: skip
    return any(shown) or any(getattr(message, kind, None) for kind in (*FILES, *_OTHERS))


def _reaction(reaction: MessageReactionUpdated, envelope: Envelope) -> list[Inbound]:
    if reaction.user is None or reaction.user.is_bot:
        return []
    emoji = [r.emoji for r in reaction.new_reaction if isinstance(r, ReactionTypeEmoji)]
    return [
        Inbound(
            external_id=f"{reaction.chat.id}/{reaction.message_id}",
            conversation=str(reaction.chat.id),
            sender=account_of(reaction.user),
            text=" ".join(emoji) or ("★" if reaction.new_reaction else ""),
            sent_at=reaction.date,
            kind="reaction",
        )
    ]


def _inbound(messages: Sequence[Message], envelope: Envelope, kind: str) -> Inbound:
    """One message, or an album as one."""
    first = messages[0]
    assert first.from_user is not None
    quoted = first.reply_to_message
    if quoted is not None and quoted.forum_topic_created is not None:
        quoted = None  # every message of a topic answers the one that made it
    files, unread = _files(messages, envelope.files)
    proved = tuple(proof.address() for proof in envelope.proved)
    return Inbound(
        external_id=message_id(first),
        conversation=conversation_of(first),
        sender=account_of(first.from_user),
        text="\n\n".join(text for message in messages if (text := text_of(message))),
        sent_at=(first.edit_date if kind == "edit" else None) or first.date,
        html="<br><br>".join(html for message in messages if (html := _html(message))),
        quoted=(quoted.text or quoted.caption or "") if quoted is not None else "",
        in_reply_to=message_id(quoted) if quoted is not None else "",
        also_known_as=(*proved, *_number(first)),
        files=files,
        unread=unread,
        kind=kind,
        place=_place(first),
    )


def _place(message: Message) -> str:
    """Who else reads there: nobody, a group, or those of a topic."""
    if message.chat.type not in ("group", "supergroup"):
        return ""
    return "topic" if message.is_topic_message else "shared"


def text_of(message: Message) -> str:
    """The words of a message, or what stands for them."""
    text = message.text or message.caption or ""
    if text:
        return text
    if message.sticker is not None:
        return message.sticker.emoji or "(a sticker)"
    if message.contact is not None:
        name = f"{message.contact.first_name} {message.contact.last_name or ''}".strip()
        return f"Contact: {name}, {message.contact.phone_number}"
    if message.venue is not None:
        return f"{message.venue.title}, {message.venue.address}"
    if message.location is not None:
        return f"Location: {message.location.latitude:.5f}, {message.location.longitude:.5f}"
    if message.poll is not None:
        return f"Poll: {message.poll.question}"
    other = next((kind for kind in _OTHERS if getattr(message, kind, None)), "")
    return f"({other.replace('_', ' ')})" if other else ""


def _html(message: Message) -> str:
    """The formatted version, where there is any formatting; the engine sanitises it."""
    entities = message.entities or message.caption_entities
    if not any(entity.type in FORMATS for entity in entities):
        return ""
    return (message.text_html if message.text else message.caption_html).replace("\n", "<br>")


def _number(message: Message) -> Iterator[Address]:
    """The sender's own telephone number, if they shared it: Telegram has verified it."""
    contact, sender = message.contact, message.from_user
    if contact is not None and sender is not None and contact.user_id == sender.id:
        digits = "".join(filter(str.isdigit, contact.phone_number))
        if digits:
            yield Address("phone", f"+{digits}", verified=True, display=sender.full_name)


def attachments(message: Message) -> Iterator[tuple[str, str, str, int]]:
    """The files of a message: id, name, media type, size."""
    if message.photo:
        largest = message.photo[-1]
        name = f"photo-{message.message_id}.jpg"
        yield largest.file_id, name, _TYPES["photo"], largest.file_size or 0
    for kind in FILES:
        file = getattr(message, kind, None)
        if file is None or (kind == "document" and message.animation is not None):
            continue  # an animation comes as a document, too
        media_type = getattr(file, "mime_type", None) or _TYPES.get(kind, "")
        name = getattr(file, "file_name", None) or f"{kind}-{message.message_id}"
        yield file.file_id, name, media_type or "application/octet-stream", file.file_size or 0


def _files(
    messages: Sequence[Message], fetched: dict[str, Fetched]
) -> tuple[tuple[File, ...], str]:
    """The files that came along, and what to say of those that did not."""
    files, faults = [], []
    for message in messages:
        for id, name, media_type, _ in attachments(message):
            found = fetched.get(id, Fetched(fault="it was not fetched"))
            if found.fault:
                faults.append(f"“{name}”: {found.fault}")
            else:
                files.append(File(name, media_type, found.data))
    return tuple(files), "; ".join(faults)
