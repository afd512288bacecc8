"""Methods about the bot, its updates, chats, topics and files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omniroute_telegram.testing.calls import METHODS, Call, Upload, markup_of, method, room_of
from omniroute_telegram.testing.media import media
from omniroute_telegram.testing.methods import LONGEST_CAPTION, quoted, reachable, text_of
from omniroute_telegram.testing.updates import BY_DEFAULT
from omniroute_telegram.testing.world import ApiError, ChatRoom, Json, bad

if TYPE_CHECKING:
    from omniroute_telegram.testing.server import FakeTelegram

__all__ = ["METHODS"]

LARGEST_DOWNLOAD = 20 * 1024 * 1024
LARGEST_UPLOAD = 50 * 1024 * 1024
LONGEST_TOPIC = 128
COLOURS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)


@method("getMe", errors="401 Unauthorized")
async def get_me(fake: FakeTelegram, call: Call) -> object:
    return fake.world.bot


@method(
    "getUpdates",
    errors="409 another poller, 409 a webhook is set",
    limits="100 updates; an offset confirms what is before it; kept for 24 h",
)
async def get_updates(fake: FakeTelegram, call: Call) -> object:
    if "allowed_updates" in call.given:
        fake.updates.allowed = frozenset(call.json("allowed_updates") or BY_DEFAULT)
    return list(
        await fake.updates.get(
            call.number("offset", 0), call.number("limit", 100), call.number("timeout", 0)
        )
    )


@method(
    "setWebhook",
    status="partial: any address is taken, http as well",
    errors="400 the secret token has other characters than A-Z a-z 0-9 _ -",
    limits="secret_token 1 to 256 characters",
)
async def set_webhook(fake: FakeTelegram, call: Call) -> object:
    secret = call.text("secret_token", "")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise bad("secret token contains illegal characters")
    if "allowed_updates" in call.given:
        fake.updates.allowed = frozenset(call.json("allowed_updates") or BY_DEFAULT)
    url = call.text("url", "")
    fake.updates.webhook = {"url": url, "secret_token": secret} if url else {}
    fake.updates.news.set()
    return True


@method("deleteWebhook")
async def delete_webhook(fake: FakeTelegram, call: Call) -> object:
    fake.updates.webhook = {}
    if call.flag("drop_pending_updates"):
        fake.updates.waiting.clear()
    return True


@method("getWebhookInfo", status="partial: without the last error")
async def get_webhook_info(fake: FakeTelegram, call: Call) -> object:
    return fake.updates.info()


@method("setMyCommands", status="partial: kept and shown to nobody")
async def set_my_commands(fake: FakeTelegram, call: Call) -> object:
    fake.commands = [command["command"] for command in call.json("commands")]
    return True


@method("getChat", status="partial: what a chat is, without its settings", errors="400 not found")
async def get_chat(fake: FakeTelegram, call: Call) -> object:
    room = room_of(fake, call)
    return {
        **fake.world.chat_json(room),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }


@method("getChatMember", errors="400 chat not found, user not found")
async def get_chat_member(fake: FakeTelegram, call: Call) -> object:
    room, user = room_of(fake, call), call.number("user_id")
    if user not in fake.world.users:
        raise bad("user not found")
    status = room.members.get(user, "left")
    about: Json = {"status": status, "user": fake.world.users[user]}
    if status == "administrator":
        rights = (
            "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats "
            "can_restrict_members can_promote_members can_change_info can_invite_users "
            "can_post_stories can_edit_stories can_delete_stories can_pin_messages"
        )
        about |= dict.fromkeys(rights.split(), True) | {"can_manage_topics": fake.manages_topics}
    return about


# --- topics ---


@method(
    "createForumTopic",
    errors="400 the chat is not a forum, not enough rights; 429",
    limits="name 1 to 128 characters; about 20 a minute",
)
async def create_forum_topic(fake: FakeTelegram, call: Call) -> object:
    room = _forum(fake, call)
    name = call.text("name")
    if not 1 <= len(name) <= LONGEST_TOPIC:
        raise bad("topic name is invalid")
    fake.world.spend_topic(room)
    colour = COLOURS[room.last_id % len(COLOURS)]
    created = {"name": name, "icon_color": colour}
    note = fake.world.new_message(room, fake.world.bot, forum_topic_created=created)
    topic = note["message_id"]
    note |= {"message_thread_id": topic, "is_topic_message": True}
    room.topics[topic] = {"name": name, "closed": False}
    fake.changed(room)
    return {"message_thread_id": topic, **created}


@method("editForumTopic", errors="400 TOPIC_ID_INVALID, TOPIC_NOT_MODIFIED")
async def edit_forum_topic(fake: FakeTelegram, call: Call) -> object:
    topic = _topic(fake, call)
    if topic["name"] == call.text("name", topic["name"]):
        raise bad("TOPIC_NOT_MODIFIED")
    topic["name"] = call.text("name")
    return True


@method("closeForumTopic", errors="400 TOPIC_ID_INVALID, TOPIC_NOT_MODIFIED")
async def close_forum_topic(fake: FakeTelegram, call: Call) -> object:
    return _set_closed(_topic(fake, call), True)


@method("reopenForumTopic", errors="400 TOPIC_ID_INVALID, TOPIC_NOT_MODIFIED")
async def reopen_forum_topic(fake: FakeTelegram, call: Call) -> object:
    return _set_closed(_topic(fake, call), False)


def _set_closed(topic: Json, closed: bool) -> bool:
    if topic["closed"] is closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic["closed"] = closed
    return True


def _forum(fake: FakeTelegram, call: Call) -> ChatRoom:
    room = room_of(fake, call)
    if not room.is_forum:
        raise bad("the chat is not a forum")
    if not fake.manages_topics:
        raise bad("not enough rights to create a topic")
    return room


def _topic(fake: FakeTelegram, call: Call) -> Json:
    topic: Json | None = _forum(fake, call).topics.get(call.number("message_thread_id"))
    if topic is None:
        raise bad("TOPIC_ID_INVALID")
    return topic


# --- files ---


@method("getFile", errors="400 file is too big, invalid file_id", limits="20 MB; a path for 1 h")
async def get_file(fake: FakeTelegram, call: Call) -> object:
    id = call.text("file_id")
    stored = fake.world.files.get(id)
    if stored is None:
        raise bad("invalid file_id")
    if len(stored.data) > LARGEST_DOWNLOAD:
        raise bad("file is too big")
    return {
        "file_id": id,
        "file_unique_id": stored.unique_id,
        "file_size": len(stored.data),
        "file_path": f"documents/{id}",
    }


async def _send_file(fake: FakeTelegram, call: Call, kind: str) -> object:
    room, topic = room_of(fake, call), call.number("message_thread_id", 0)
    reachable(fake, room, topic)
    upload = call.uploads.get(kind) or _attached(call, call.text(kind, ""))
    caption, entities = text_of(call, "caption", LONGEST_CAPTION, "message caption is too long")
    content = {
        **_media(fake, kind, upload),
        "caption": caption,
        "caption_entities": entities,
        "reply_markup": markup_of(call),
        "reply_to_message": quoted(call, room),
    }
    fake.world.spend(room)
    return fake.says(room, fake.world.bot, topic, **content)


def _attached(call: Call, named: str) -> Upload:
    upload = call.uploads.get(named.removeprefix("attach://"))
    if upload is None:
        raise bad("there is no file in the request")
    return upload


def _media(fake: FakeTelegram, kind: str, upload: Upload) -> Json:
    if not upload.data:
        raise bad("file must be non-empty")
    if len(upload.data) > LARGEST_UPLOAD:
        raise ApiError(413, "Request Entity Too Large")
    return media(fake.world, kind, upload.name, upload.media_type, upload.data)


def _sender_of(kind: str) -> None:
    async def send(fake: FakeTelegram, call: Call) -> object:
        return await _send_file(fake, call, kind)

    method(
        f"send{kind.capitalize()}",
        errors="as sendMessage; 400 file must be non-empty, message caption is too long; 413",
        limits="50 MB; caption 1024 characters",
    )(send)


for _kind in ("photo", "document", "audio", "video", "voice", "animation"):
    _sender_of(_kind)


@method(
    "sendMediaGroup",
    errors="as sendDocument; 400 for one file or more than ten, for documents mixed with others",
    limits="2 to 10 files; counts as so many messages",
)
async def send_media_group(fake: FakeTelegram, call: Call) -> object:
    room, topic = room_of(fake, call), call.number("message_thread_id", 0)
    reachable(fake, room, topic)
    items = call.json("media") or []
    kinds = {item["type"] for item in items}
    if not 2 <= len(items) <= 10:
        raise bad("wrong number of files in the album")
    if len(kinds) > 1 and not kinds <= {"photo", "video"}:
        raise bad("document can't be mixed with other media types")
    group = str(fake.world.number())
    contents = []
    for item in items:
        captioned = Call("", {"caption": item.get("caption", ""),
                              "parse_mode": item.get("parse_mode", "")})  # fmt: skip
        caption, entities = text_of(
            captioned, "caption", LONGEST_CAPTION, "message caption is too long"
        )
        about = _media(fake, item["type"], _attached(call, item["media"]))
        contents.append(about | {"caption": caption, "caption_entities": entities})
    for _ in items:
        fake.world.spend(room)
    bot = fake.world.bot
    return [fake.says(room, bot, topic, media_group_id=group, **content) for content in contents]
