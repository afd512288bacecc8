"""The methods of the Web API that are there, each with what it keeps to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from omniroute.testing.fakes import Methods
from omniroute_slack.testing.world import ApiError, Json, Room

if TYPE_CHECKING:
    from omniroute_slack.testing.server import FakeSlack

Do: TypeAlias = "Callable[[FakeSlack, Json], Json]"

BLOCKS, SECTION, TEXT, LABEL, VALUE = 50, 3000, 40_000, 75, 2000
FORM_ONLY = ("users.info", "conversations.info", "conversations.history", "conversations.replies",
             "files.getUploadURLExternal")  # fmt: skip
"""Methods that take no JSON: what comes so is not seen, as with Slack."""

TRIGGER = 3.0  # s for which a form may be opened


METHODS: Methods[Do] = Methods()
method = METHODS.enter


def room_of(fake: FakeSlack, given: Json, name: str = "channel", *, write: bool = False) -> Room:
    """The conversation that a call names, if the app may be there."""
    id = str(given.get(name, ""))
    room = fake.world.chat(id) if id in fake.world.users else fake.world.rooms.get(id)
    if room is None:
        raise ApiError("channel_not_found")
    if fake.world.bot["id"] not in room.members:
        raise ApiError("not_in_channel")
    if write and room.archived:
        raise ApiError("is_archived")
    other = next((fake.world.users[m] for m in room.members if m != fake.world.bot["id"]), None)
    if write and room.is_chat and other is not None and other["deleted"]:
        raise ApiError("account_inactive")
    return room


def message_of(room: Room, ts: object) -> Json:
    """A message that a call names."""
    found = room.messages.get(str(ts))
    if found is None:
        raise ApiError("message_not_found")
    return found


def check(given: Json) -> None:
    """A message's blocks and text, as Slack checks them."""
    blocks = given.get("blocks") or ()
    if not given.get("text") and not blocks:
        raise ApiError("no_text")
    if len(str(given.get("text", ""))) > TEXT:
        raise ApiError("msg_too_long")
    if len(blocks) > BLOCKS:
        raise ApiError("invalid_blocks")
    for block in blocks:
        if block.get("type") == "section" and not 1 <= len(block["text"]["text"]) <= SECTION:
            raise ApiError("invalid_blocks")
        elements = block.get("elements", ()) if block.get("type") == "actions" else ()
        names = [element.get("action_id") for element in elements]
        if len(set(names)) != len(names) or (block.get("type") == "actions" and not names):
            raise ApiError("invalid_blocks")
        for element in elements:
            if len(element["text"]["text"]) > LABEL or len(element.get("value", "")) > VALUE:
                raise ApiError("invalid_blocks")


def said(given: Json) -> Json:
    """What a message of the app's consists of."""
    names = ("blocks", "metadata")
    return {name: given[name] for name in names if given.get(name)}


@method("auth.test", errors="invalid_auth")
def auth_test(fake: FakeSlack, given: Json) -> Json:
    bot = fake.world.bot
    return {"url": f"{fake.url}/", "team": "Fake", "user": bot["name"], "team_id": fake.world.team,
            "user_id": bot["id"], "bot_id": bot["profile"]["bot_id"]}  # fmt: skip


@method("apps.connections.open", errors="invalid_auth", status="with the app-level token")
def connections_open(fake: FakeSlack, given: Json) -> Json:
    ticket = f"t{fake.world.number()}"
    fake.tickets.add(ticket)
    return {"url": f"{fake.url.replace('http', 'ws', 1)}/link?ticket={ticket}"}


@method(
    "chat.postMessage",
    errors="channel_not_found, not_in_channel, is_archived, account_inactive, no_text, "
    "msg_too_long, invalid_blocks, ratelimited",
    limits="one a second in a channel, short bursts more",
)
def post_message(fake: FakeSlack, given: Json) -> Json:
    room = room_of(fake, given, write=True)
    check(given)
    thread = str(given.get("thread_ts") or "")
    if thread and thread not in room.messages:
        raise ApiError("thread_not_found")
    fake.world.spend(room)
    bot = fake.world.bot
    about = {"bot_id": bot["profile"]["bot_id"], **said(given)}
    message = fake.says(room, bot["id"], str(given.get("text", "")), thread, **about)
    return {"channel": room.id, "ts": message["ts"], "message": message}


@method("chat.update", errors="message_not_found, cant_update_message, and as chat.postMessage")
def update(fake: FakeSlack, given: Json) -> Json:
    room = room_of(fake, given, write=True)
    message = message_of(room, given.get("ts"))
    if message["user"] != fake.world.bot["id"]:
        raise ApiError("cant_update_message")
    check(given)
    message.pop("blocks", None)
    message |= {"text": str(given.get("text", "")), **said(given)}
    fake.ring()
    return {"channel": room.id, "ts": message["ts"], "text": message["text"]}


@method("chat.delete", errors="message_not_found, cant_delete_message")
def delete(fake: FakeSlack, given: Json) -> Json:
    room = room_of(fake, given)
    message = message_of(room, given.get("ts"))
    if message["user"] != fake.world.bot["id"]:
        raise ApiError("cant_delete_message")
    del room.messages[message["ts"]]
    fake.ring()
    return {"channel": room.id, "ts": message["ts"]}


@method("chat.postEphemeral", errors="user_not_in_channel, and as chat.postMessage")
def post_ephemeral(fake: FakeSlack, given: Json) -> Json:
    room = room_of(fake, given, write=True)
    check(given)
    if given.get("user") not in room.members:
        raise ApiError("user_not_in_channel")
    ts = fake.world.stamp()
    room.ephemeral.append({"user": given["user"], "text": given["text"], "ts": ts,
                           "thread_ts": given.get("thread_ts", ""), **said(given)})  # fmt: skip
    fake.ring()
    return {"message_ts": ts}


@method("conversations.open", errors="user_not_found", status="partial: chats of two")
def conversations_open(fake: FakeSlack, given: Json) -> Json:
    if given.get("users") not in fake.world.users:
        raise ApiError("user_not_found")
    return {"channel": {"id": fake.world.chat(str(given["users"])).id}}


@method("conversations.info", errors="channel_not_found")
def conversations_info(fake: FakeSlack, given: Json) -> Json:
    room = room_of(fake, given)
    return {"channel": {"id": room.id, "name": room.name, "is_im": room.is_chat}}


@method("conversations.history", errors="channel_not_found", status="partial: no pages")
def history(fake: FakeSlack, given: Json) -> Json:
    room, most = room_of(fake, given), int(given.get("limit", 100))
    return {"messages": list(fake.world.visible(room))[::-1][:most], "has_more": False}


@method("conversations.replies", errors="thread_not_found", status="partial: no pages")
def replies(fake: FakeSlack, given: Json) -> Json:
    room, most = room_of(fake, given), int(given.get("limit", 100))
    if str(given.get("ts")) not in room.messages:
        raise ApiError("thread_not_found")
    return {"messages": list(fake.world.visible(room, str(given["ts"])))[:most], "has_more": False}


@method("users.info", errors="user_not_found")
def users_info(fake: FakeSlack, given: Json) -> Json:
    found = fake.world.users.get(str(given.get("user")))
    if found is None:
        raise ApiError("user_not_found")
    return {"user": found}


@method("reactions.add", errors="message_not_found, already_reacted")
def react(fake: FakeSlack, given: Json) -> Json:
    return _reaction(fake, given, added=True)


@method("reactions.remove", errors="message_not_found, no_reaction")
def unreact(fake: FakeSlack, given: Json) -> Json:
    return _reaction(fake, given, added=False)


def _reaction(fake: FakeSlack, given: Json, *, added: bool) -> Json:
    room = room_of(fake, given)
    message = message_of(room, given.get("timestamp"))
    name, bot = str(given["name"]), fake.world.bot["id"]
    users = message.setdefault("reactions", {}).setdefault(name, [])
    if (bot in users) == added:
        raise ApiError("already_reacted" if added else "no_reaction")
    (users.append if added else users.remove)(bot)
    fake.ring()
    return {}


@method("views.open", errors="expired_trigger_id, invalid_arguments", limits="3 s after a press")
def views_open(fake: FakeSlack, given: Json) -> Json:
    until, user = fake.world.triggers.pop(str(given.get("trigger_id")), (0.0, ""))
    if until < fake.world.clock():
        raise ApiError("expired_trigger_id")
    view = given.get("view") or {}
    title = view.get("title", {}).get("text", "")
    if view.get("type") != "modal" or not 1 <= len(title) <= 24 or not view.get("blocks"):
        raise ApiError("invalid_arguments")
    for block in view["blocks"]:
        if block["type"] == "input" and block["element"].get("options") == []:
            raise ApiError("invalid_arguments")
    id = f"V{fake.world.number()}"
    fake.world.views[id] = {**view, "id": id, "for": user}
    fake.ring()
    return {"view": fake.world.views[id]}


@method("views.publish", errors="user_not_found, invalid_arguments")
def views_publish(fake: FakeSlack, given: Json) -> Json:
    if given.get("user_id") not in fake.world.users:
        raise ApiError("user_not_found")
    if (given.get("view") or {}).get("type") != "home":
        raise ApiError("invalid_arguments")
    fake.world.homes[given["user_id"]] = given["view"]
    fake.ring()
    return {"view": given["view"]}


@method("files.getUploadURLExternal", errors="invalid_arguments")
def upload_url(fake: FakeSlack, given: Json) -> Json:
    if not given.get("filename") or not int(given.get("length", 0)):
        raise ApiError("invalid_arguments")
    file = fake.world_file(str(given["filename"]))
    return {"upload_url": f"{fake.url}/upload/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal", errors="channel_not_found, file_not_found")
def complete_upload(fake: FakeSlack, given: Json) -> Json:
    room = room_of(fake, given, "channel_id", write=True)
    files = [fake.world.files.get(one["id"]) for one in given.get("files", ())]
    if not files or any(file is None or not file.data for file in files):
        raise ApiError("file_not_found")
    fake.world.spend(room)
    found: list[Any] = [fake.file_json(file) for file in files if file is not None]
    bot, thread = fake.world.bot, str(given.get("thread_ts") or "")
    about = {"bot_id": bot["profile"]["bot_id"], "subtype": "file_share", "files": found}
    fake.says(room, bot["id"], str(given.get("initial_comment") or ""), thread, **about)
    return {"files": found}


@method("files.delete", errors="file_not_found")
def delete_file(fake: FakeSlack, given: Json) -> Json:
    id = str(given.get("file", ""))
    if fake.world.files.pop(id, None) is None:
        raise ApiError("file_not_found")
    for room in fake.world.rooms.values():
        for ts, message in list(room.messages.items()):
            if any(file["id"] == id for file in message.get("files", ())):
                left = [file for file in message["files"] if file["id"] != id]
                message["files"] = left
                if not left and not message["text"]:
                    del room.messages[ts]
    return {}
