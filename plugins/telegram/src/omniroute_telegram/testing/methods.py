"""Methods that talk: messages, edits, deletions, reactions, answers to buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omniroute_telegram.testing import markup
from omniroute_telegram.testing.calls import METHODS, Call, markup_of, method, room_of
from omniroute_telegram.testing.world import ApiError, ChatRoom, Json, bad

if TYPE_CHECKING:
    from omniroute_telegram.testing.server import FakeTelegram

__all__ = ["METHODS"]

LONGEST_TEXT, LONGEST_CAPTION, LONGEST_ANSWER = 4096, 1024, 200
EDITABLE = 48 * 3600  # s in which a bot may delete
_EMOJI = (
    "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡"
    " 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪"
    " 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 🤷\u200d♀ 😡"
)
REACTIONS = frozenset(_EMOJI.split())
"""The emoji that a bot may react with (`ReactionTypeEmoji`)."""


def reachable(fake: FakeTelegram, room: ChatRoom, topic: int) -> None:
    """Raise what Telegram answers where the bot cannot write."""
    if room.blocked:
        raise ApiError(403, "Forbidden: bot was blocked by the user")
    me = fake.world.bot["id"]
    if room.type != "private" and me not in room.members:
        raise ApiError(403, "Forbidden: bot was kicked from the supergroup chat")
    if topic and topic not in room.topics:
        raise bad("message thread not found")
    if topic and room.topics[topic].get("closed") and room.members.get(me) != "administrator":
        raise bad("TOPIC_CLOSED")


def quoted(call: Call, room: ChatRoom) -> Json | None:
    """The message that is answered."""
    asked = call.json("reply_parameters") or {}
    id = int(asked.get("message_id", 0) or call.given.get("reply_to_message_id", 0) or 0)
    if not id:
        return None
    found = room.messages.get(id)
    if found is None and not asked.get("allow_sending_without_reply"):
        raise bad("message to be replied not found")
    return found and {k: v for k, v in found.items() if k != "reply_to_message"}


def text_of(call: Call, name: str, limit: int, fault: str) -> tuple[str, list[Json]]:
    """A text with its entities; raises for what is empty or too long."""
    text, entities = markup.read(call.text(name, ""), call.text("parse_mode", ""))
    text = text.strip()
    if markup.utf16(text) > limit:
        raise bad(fault)
    return text, entities or call.json(f"{name}_entities" if name != "text" else "entities") or []


@method(
    "sendMessage",
    errors="400 chat not found, message text is empty, message is too long, can't parse entities, "
    "message to be replied not found, message thread not found, BUTTON_DATA_INVALID; "
    "403 blocked, kicked; 429",
    limits="4096 characters; callback_data 64 bytes; 30/s, 1/s a chat, 20/min a group",
)
async def send_message(fake: FakeTelegram, call: Call) -> object:
    room, topic = room_of(fake, call), call.number("message_thread_id", 0)
    reachable(fake, room, topic)
    text, entities = text_of(call, "text", LONGEST_TEXT, "message is too long")
    if not text:
        raise bad("message text is empty")
    content = {
        "text": text,
        "entities": entities,
        "reply_markup": markup_of(call),
        "reply_to_message": quoted(call, room),
    }
    fake.world.spend(room)
    return fake.says(room, fake.world.bot, topic, **content)


@method(
    "editMessageText",
    errors="400 message to edit not found, message can't be edited, message is not modified, "
    "message is too long",
    limits="own messages only",
)
async def edit_message_text(fake: FakeTelegram, call: Call) -> object:
    room, message = own_message(fake, call, "edit")
    text, entities = text_of(call, "text", LONGEST_TEXT, "message is too long")
    if not text:
        raise bad("message text is empty")
    return changed(fake, room, message, text=text, entities=entities, reply_markup=markup_of(call))


@method("editMessageReplyMarkup", errors="as editMessageText")
async def edit_message_reply_markup(fake: FakeTelegram, call: Call) -> object:
    room, message = own_message(fake, call, "edit")
    return changed(fake, room, message, reply_markup=markup_of(call))


@method("editMessageCaption", errors="as editMessageText", limits="1024 characters")
async def edit_message_caption(fake: FakeTelegram, call: Call) -> object:
    room, message = own_message(fake, call, "edit")
    text, entities = text_of(call, "caption", LONGEST_CAPTION, "message caption is too long")
    content = {"caption": text, "caption_entities": entities, "reply_markup": markup_of(call)}
    return changed(fake, room, message, **content)


def own_message(fake: FakeTelegram, call: Call, what: str) -> tuple[ChatRoom, Json]:
    """A message of the bot's that a call names."""
    room = room_of(fake, call)
    message = room.messages.get(call.number("message_id"))
    if message is None:
        raise bad(f"message to {what} not found")
    if message["from"]["id"] != fake.world.bot["id"] and what == "edit":
        raise bad("message can't be edited")
    return room, message


def changed(fake: FakeTelegram, room: ChatRoom, message: Json, **content: object) -> Json:
    """Change a message; Telegram refuses what changes nothing."""
    new = {**message, **content}
    new = {key: value for key, value in new.items() if value not in (None, [], "")}
    old = {key: value for key, value in message.items() if key != "edit_date"}
    if {k: v for k, v in new.items() if k != "edit_date"} == old:
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    new["edit_date"] = int(fake.world.clock())
    room.messages[message["message_id"]] = new
    fake.changed(room)
    return new


@method(
    "deleteMessage",
    errors="400 message to delete not found, message can't be deleted",
    limits="48 hours, except for administrators of a supergroup",
)
async def delete_message(fake: FakeTelegram, call: Call) -> object:
    room, message = own_message(fake, call, "delete")
    mine = message["from"]["id"] == fake.world.bot["id"]
    admin = room.members.get(fake.world.bot["id"]) == "administrator"
    if not (mine or admin) or (not admin and fake.world.clock() - message["date"] > EDITABLE):
        raise bad("message can't be deleted")
    del room.messages[message["message_id"]]
    fake.changed(room)
    return True


@method(
    "setMessageReaction",
    errors="400 message to react not found, REACTION_INVALID; 429",
    limits="one reaction of a bot a message; the listed emoji only; counted as a message here, "
    "since Telegram does not say",
)
async def set_message_reaction(fake: FakeTelegram, call: Call) -> object:
    room = room_of(fake, call)
    id = call.number("message_id")
    if id not in room.messages:
        raise bad("message to react not found")
    wanted = [reaction.get("emoji", "") for reaction in call.json("reaction") or []]
    if len(wanted) > 1 or any(emoji not in REACTIONS for emoji in wanted):
        raise bad("REACTION_INVALID")
    reachable(fake, room, 0)
    fake.world.spend(room)
    fake.react(room, id, fake.world.bot, wanted[0] if wanted else "")
    return True


@method(
    "answerCallbackQuery",
    errors="400 query is too old, text is too long (MESSAGE_TOO_LONG)",
    limits="200 characters; once",
)
async def answer_callback_query(fake: FakeTelegram, call: Call) -> object:
    id = call.text("callback_query_id")
    if id not in fake.world.callbacks:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    text = call.text("text", "")
    if markup.utf16(text) > LONGEST_ANSWER:
        raise bad("MESSAGE_TOO_LONG")
    fake.answered(id, text, call.flag("show_alert"))
    return True


@method("sendChatAction", errors="400 chat not found; 403", limits="shown for 5 seconds")
async def send_chat_action(fake: FakeTelegram, call: Call) -> object:
    room = room_of(fake, call)
    reachable(fake, room, call.number("message_thread_id", 0))
    fake.actions.append((room.id, call.text("action")))
    return True


@method("pinChatMessage", status="partial: nothing is said about it", errors="400 not found")
async def pin_chat_message(fake: FakeTelegram, call: Call) -> object:
    room = room_of(fake, call)
    if call.number("message_id") not in room.messages:
        raise bad("message to pin not found")
    return True
