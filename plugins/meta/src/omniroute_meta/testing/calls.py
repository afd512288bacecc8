"""What a fake Meta answers: the calls of the Graph API that a business makes to talk to people.

Beside each stands what it keeps to.  A call that is not here answers 404 and is noted.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from omniroute_meta.testing.world import (
    BUSINESS,
    CAPTION,
    DAY,
    INSTAGRAM,
    LONGEST,
    PAGE,
    WHATSAPP,
    GraphError,
    Json,
    Message,
    Stored,
    Talk,
)

if TYPE_CHECKING:
    from omniroute_meta.testing.server import FakeMeta

TAKEN: Final = (
    "audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg", "audio/opus",
    "application/msword", "application/pdf", "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint", "image/jpeg", "image/png", "image/webp", "text/plain",
    "video/mp4", "video/3gpp",
)  # fmt: skip
"""Types of files that a business may send by WhatsApp; those of newer office files besides."""
_PLACE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_UNWANTED: Final = re.compile(r"\n|\t| {5}")  # in a value of a template


@dataclass
class Call:
    """One call; *name* is the last part of its path, by which faults find it."""

    method: str
    path: str
    token: str = ""
    given: Json = field(default_factory=dict)
    uploads: dict[str, Stored] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``messages``, ``media``, … or the id that was asked for."""
        return self.path.rpartition("/")[2]

    @classmethod
    async def read(cls, request: Request) -> Call:
        """A call as it came."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        call = cls(request.method, request.path_params["path"], token, dict(request.query_params))
        kind = request.headers.get("content-type", "")
        if kind.startswith("application/json"):
            call.given |= json.loads(await request.body() or b"{}")
        elif kind.startswith("multipart/"):
            async with request.form() as form:
                for name, value in form.multi_items():
                    if isinstance(value, UploadFile):
                        kind = value.content_type or "application/octet-stream"
                        data = await value.read()
                        call.uploads[name] = Stored(value.filename or name, kind, data)
                    else:
                        call.given[name] = value
        return call


def answer(fake: FakeMeta, call: Call) -> Response:
    """Do what a call asks.  Raises `GraphError`."""
    if call.token != fake.token:
        raise GraphError(401, 190, "Invalid OAuth access token")
    fake.calls.append((f"{call.method} {call.path}", call.given))
    fake.ring()
    number, given = fake.ids[WHATSAPP], call.given
    match call.method, call.path.split("/"):
        case "GET", ["media", id]:
            stored = _stored(fake, id)
            return Response(stored.data, media_type=stored.media_type)
        case "POST", [of, "messages"] if of == number:
            return JSONResponse(_to_whatsapp(fake, given))
        case "POST", [of, "media"] if of == number:
            file = call.uploads["file"]
            if file.media_type not in TAKEN:
                raise GraphError(400, 100, f"Param file must be of one of the types {TAKEN}")
            return JSONResponse({"id": fake.world.store(file.name, file.media_type, file.data)})
        case "POST", ["me", "messages"]:
            return JSONResponse(_to_person(fake, given))
        case "POST", ["me", "message_attachments"]:
            file = call.uploads["filedata"]
            id = fake.world.store(file.name, file.media_type, file.data)
            return JSONResponse({"attachment_id": id})
        case "GET", _:
            return JSONResponse(_looked_up(fake, call.path.split("/"), given))
    fake.unknown.append(f"{call.method} {call.path}")
    raise GraphError(404, 100, "the fake does not have this")


def _stored(fake: FakeMeta, id: str) -> Stored:
    if id not in fake.world.files:
        raise GraphError(400, 100, "no such object")
    return fake.world.files[id]


def _looked_up(fake: FakeMeta, path: list[str], given: Json) -> Json:
    match path:
        case [id] if id == fake.ids[WHATSAPP]:
            return {"id": id, "display_phone_number": "+1 555-078-3881", "verified_name": "Acme"}
        case [id, "subscribed_apps"] if id == BUSINESS:
            return {"data": [{"whatsapp_business_api_data": {"name": "the app"}}]}
        case [id, "message_templates"] if id == BUSINESS:
            return _page(fake.world.templates, int(given.get("after", 0)))
        case ["me"]:
            account = {"id": fake.ids[INSTAGRAM], "username": "acme"}
            page: Json = {"id": fake.ids[PAGE], "name": "Acme"}
            return {**page, "instagram_business_account": account}
        case ["me", "subscribed_apps"]:
            return {"data": [{"name": "the app", "subscribed_fields": ["messages"]}]}
        case [id] if id in fake.world.files:
            stored = fake.world.files[id]
            url = f"{fake.url}/media/{id}"
            about = {"mime_type": stored.media_type, "file_size": len(stored.data)}
            return {"id": id, "url": url, **about}
        case [id] if any(known == id for _, known in fake.world.talks):
            talk = next(talk for (_, known), talk in fake.world.talks.items() if known == id)
            return {"id": id, "name": talk.name, "username": talk.username}
    fake.unknown.append("GET " + "/".join(path))
    raise GraphError(404, 100, "the fake does not have this")


def _page(templates: list[Json], after: int) -> Json:
    """Two at a time, so that whoever asks has to turn the page."""
    paging: Json = {"cursors": {"after": str(after + 2)}}
    if after + 2 < len(templates):
        paging["next"] = "…"
    return {"data": templates[after : after + 2], "paging": paging}


def _to_whatsapp(fake: FakeMeta, given: Json) -> Json:
    """``messages`` of a number: text, files, templates and signs of typing.

    What WhatsApp finds out only later (a closed window, somebody who blocks) is told by a status.
    """
    if given.get("status") == "read":
        fake.signs.append(given)
        return {"success": True}
    talk = fake.world.talk(WHATSAPP, str(given.get("to") or given.get("recipient")))
    _keep_pace(fake, talk, GraphError(400, 131056, "Pair rate limit hit"))
    message = Message(f"wamid.out{fake.world.number()}", at=fake.world.now())
    message.opaque = str(given.get("biz_opaque_callback_data", ""))
    message.answers = str(given.get("context", {}).get("message_id", ""))
    kind = str(given.get("type"))
    said = given.get(kind, {})
    if kind == "text":
        message.text = said["body"]
        if not 1 <= len(message.text) <= LONGEST[WHATSAPP]:
            raise GraphError(400, 100, "Param text['body'] must be at most 4096 characters long")
    elif kind == "template":
        message.template, message.text = said["name"], _filled(fake, said)
    else:
        stored = _stored(fake, str(said.get("id")))
        message.text = said.get("caption", "")
        if len(message.text) > CAPTION:
            raise GraphError(400, 131009, "Parameter value is not valid")
        message.files.append((said.get("filename", stored.name), stored.data))
    _deliver(fake, talk, message)
    return {"messaging_product": "whatsapp", "messages": [{"id": message.id}]}


def _deliver(fake: FakeMeta, talk: Talk, message: Message) -> None:
    fake.status(talk, message, "sent")
    late = fake.world.now() - talk.wrote > DAY
    if talk.blocked or (late and not message.template):
        code = 131026 if talk.blocked else 131047
        fake.status(talk, message, "failed", {"code": code, "title": "failed"})
        return
    talk.got.append(message)
    fake.status(talk, message, "delivered")
    fake.ring()


def _filled(fake: FakeMeta, said: Json) -> str:
    """What a template says with its values; they must be as many as it has places."""
    language = said["language"]["code"]
    found = next(
        (
            one
            for one in fake.world.templates
            if (one["name"], one["language"]) == (said["name"], language)
            and one["status"] == "APPROVED"
        ),
        None,
    )
    if found is None:
        raise GraphError(404, 132001, "Template name does not exist in the translation")
    given = {part["type"]: part["parameters"] for part in said.get("components", ())}
    lines = []
    for part in found["components"]:
        text = part.get("text", "")
        places = list(dict.fromkeys(_PLACE.findall(text)))
        values = given.get(part["type"].lower(), [])
        if len(values) != len(places):
            raise GraphError(400, 132000, "Number of parameters does not match")
        if any(_UNWANTED.search(value["text"]) for value in values):
            raise GraphError(400, 132018, "Param text cannot have new-line/tab characters")
        for place, value in zip(places, values, strict=True):
            text = text.replace(f"{{{{{place}}}}}", value["text"])
        lines += [text] if text else []
    return "\n".join(lines)


def _to_person(fake: FakeMeta, given: Json) -> Json:
    """``me/messages`` of a page: text or one file, answers within a day, or a week by a tag."""
    id = str(given["recipient"]["id"])
    of = INSTAGRAM if (INSTAGRAM, id) in fake.world.talks else PAGE
    talk = fake.world.talk(of, id)
    if "sender_action" in given:
        fake.signs.append(given)
        return {"recipient_id": id}
    if talk.blocked:
        raise GraphError(400, 551, "This person isn't available right now.")
    _keep_pace(fake, talk, GraphError(429, 613, "Calls to this api have exceeded the rate limit."))
    tag = str(given.get("tag", ""))
    since = fake.world.now() - talk.wrote
    if since > (7 * DAY if tag == "HUMAN_AGENT" else DAY):
        fault = "This message is sent outside of allowed window."
        raise GraphError(400, 10, fault, subcode=2018278 if of == PAGE else 2534022)
    said = given["message"]
    message = Message(f"m_out{fake.world.number()}", tag=tag, at=fake.world.now())
    message.answers = str(given.get("reply_to", {}).get("mid", ""))
    message.text = said.get("text", "")
    size = len(message.text.encode() if of == INSTAGRAM else message.text)
    if size > LONGEST[of]:
        raise GraphError(400, 100, f"Length of param message[text] must be at most {LONGEST[of]}")
    if "attachment" in said:
        stored = _stored(fake, said["attachment"]["payload"]["attachment_id"])
        message.files.append((stored.name, stored.data))
    elif not message.text:
        raise GraphError(400, 100, "Message cannot be empty")
    talk.got.append(message)
    echo: Json = {"mid": message.id, "is_echo": True, "app_id": 1, "text": message.text}
    ours = fake.ids[of]
    item: Json = {"sender": {"id": ours}, "recipient": {"id": id}, "message": echo}
    fake.post(of, {"messaging": [{**item, "timestamp": int(fake.world.now() * 1000)}]})
    fake.ring()
    return {"recipient_id": id, "message_id": message.id}


def _keep_pace(fake: FakeMeta, talk: Talk, error: GraphError) -> None:
    if talk.pace is not None and talk.pace.spend(fake.world.now()):
        raise error
