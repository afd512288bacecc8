"""People on a fake Meta: what they do is posted to the webhook, signed, in Meta's own form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from omniroute_meta.testing.world import INSTAGRAM, WHATSAPP, Json, Message, Talk

if TYPE_CHECKING:
    from omniroute_meta.testing.server import FakeMeta


class Person:
    """Somebody with WhatsApp, Messenger or Instagram.  Each method gives the event it made."""

    def __init__(self, fake: FakeMeta, of: str, talk: Talk, *, hides: bool = False) -> None:
        self._fake, self.of, self.talk = fake, of, talk
        self.hides = hides  # their telephone number, behind a user name

    @property
    def got(self) -> Sequence[Message]:
        """What they have got."""
        return self.talk.got

    def says(self, text: str, *, answers: str = "") -> Json:
        """They write."""
        if self.of == WHATSAPP:
            more = {"context": {"id": answers}} if answers else {}
            return self._sends({"type": "text", "text": {"body": text}, **more})
        more = {"reply_to": {"mid": answers}} if answers else {}
        return self._sends({"text": text, **more})

    def sends(self, name: str, data: bytes, text: str, media_type: str) -> Json:
        """They send a file, with words or without."""
        id = self._fake.world.store(name, media_type, data)
        if self.of == WHATSAPP:
            file: Json = {"id": id, "mime_type": media_type, "filename": name}
            return self._sends(
                {"type": "document", "document": file | ({"caption": text} if text else {})}
            )
        link = {"url": self._fake.link(id)}
        words = {"text": text} if text else {}
        return self._sends({**words, "attachments": [{"type": "file", "payload": link}]})

    def shares_contact(self, name: str, phone: str) -> Json:
        """They send somebody's card (WhatsApp)."""
        card = {"name": {"formatted_name": name}, "phones": [{"phone": phone}]}
        return self._sends({"type": "contacts", "contacts": [card]})

    def reacts(self, to: str, emoji: str) -> Json:
        """They react; with no *emoji*, no more."""
        if self.of == WHATSAPP:
            said = {"message_id": to, "emoji": emoji}
            return self._sends({"type": "reaction", "reaction": said})
        how = {"action": "react", "reaction": "other", "emoji": emoji}
        return self._does({"reaction": {"mid": to, **(how if emoji else {"action": "unreact"})}})

    def edits(self, event: Json, text: str) -> Json:
        """They change what they wrote."""
        if self.of == WHATSAPP:
            said = {"type": "text", "text": {"body": text}}
            edit = {"original_message_id": event["id"], "message": said}
            return self._sends({"type": "edit", "edit": edit})
        mid = event["message"]["mid"]
        return self._does({"message_edit": {"mid": mid, "text": text, "num_edit": 1}})

    def deletes(self, event: Json) -> Json:
        """They take back what they wrote (WhatsApp, Instagram)."""
        if self.of == WHATSAPP:
            revoke = {"original_message_id": event["id"]}
            return self._sends({"type": "revoke", "revoke": revoke})
        return self._does({"message": {"mid": event["message"]["mid"], "is_deleted": True}})

    def reads(self) -> None:
        """They read what they have got."""
        if self.of == WHATSAPP:
            for message in self.got:
                self._fake.status(self.talk, message, "read")
        elif self.of == INSTAGRAM:
            self._does({"read": {"mid": self.got[-1].id}})
        else:
            self._does({"read": {"watermark": int(self._fake.world.now() * 1000)}})

    def blocks(self) -> None:
        """They want no more messages."""
        self.talk.blocked = True

    def _sends(self, content: Json) -> Json:
        """A message; it opens the window."""
        self.talk.wrote = self._fake.world.now()
        number = self._fake.world.number()
        if self.of == WHATSAPP:
            item = {"id": f"wamid.{number}", "timestamp": str(int(self.talk.wrote)), **content}
            if self.talk.scoped:
                item["from_user_id"] = self.talk.scoped
            if not self.hides:
                item["from"] = self.talk.id
            self._fake.post(self.of, self._value("messages", item))
            return item
        return self._does({"message": {"mid": f"m_{number}", **content}})

    def _does(self, content: Json) -> Json:
        now = int(self._fake.world.now() * 1000)
        ours = self._fake.ids[self.of]
        item = {"sender": {"id": self.talk.id}, "recipient": {"id": ours}, "timestamp": now}
        item |= content
        self._fake.post(self.of, {"messaging": [item]})
        return item

    def _value(self, name: str, item: Json) -> Json:
        contact: Json = {"profile": {"name": self.talk.name}}
        if self.talk.scoped:
            contact["user_id"] = self.talk.scoped
        if not self.hides:
            contact["wa_id"] = self.talk.id
        return self._fake.change(name, item, contacts=[contact])
