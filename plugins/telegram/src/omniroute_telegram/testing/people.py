"""People with telephones: what they do in a chat, and what they see there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from omniroute_telegram.testing.media import media
from omniroute_telegram.testing.world import ChatRoom, Json

if TYPE_CHECKING:
    from omniroute_telegram.testing.server import FakeTelegram


class Person:
    """Somebody with a Telegram account."""

    def __init__(self, fake: FakeTelegram, user: Json) -> None:
        self._fake, self.user = fake, user

    @property
    def id(self) -> int:
        """The account's number."""
        return int(self.user["id"])

    def chat(self, room: ChatRoom | None = None, topic: int = 0) -> Chat:
        """The chat with the bot, or what this person sees of a group or one of its topics."""
        return self._fake.chat(self, room, topic)

    def blocks(self, blocked: bool = True) -> None:
        """Block the bot, or let it write again."""
        room = self._fake.world.private(self.user)
        room.blocked = blocked
        member: Json = {"user": self._fake.world.bot, "status": "kicked" if blocked else "member"}
        if blocked:
            member["until_date"] = 0
        self._fake.updates.put(
            "my_chat_member",
            {
                "chat": self._fake.world.chat_json(room),
                "from": self.user,
                "date": int(self._fake.world.clock()),
                "old_chat_member": {"user": self._fake.world.bot, "status": "member"},
                "new_chat_member": member,
            },
        )


class Chat:
    """A chat as one person sees it."""

    def __init__(self, fake: FakeTelegram, person: Person, room: ChatRoom, topic: int = 0) -> None:
        self._fake, self.person, self.room, self.topic = fake, person, room, topic

    # --- what they do ---

    def says(self, text: str, *, quotes: Json | None = None, **content: Any) -> Json:
        """Write; *quotes* is the message they answer."""
        entities = list(content.pop("entities", ()))
        if text.startswith("/"):
            length = len(text.split()[0])
            entities.append({"type": "bot_command", "offset": 0, "length": length})
        if quotes is not None:
            content["reply_to_message"] = {
                key: value for key, value in quotes.items() if key != "reply_to_message"
            }
        return self._put(text=text, entities=entities, **content)

    def sends(
        self, data: bytes, name: str, media_type: str, caption: str = "", kind: str = "document",
        **content: Any,
    ) -> Json:  # fmt: skip
        """Send a file; *kind* is photo, document, voice and so on."""
        about = media(self._fake.world, kind, name, media_type, data)
        return self._put(**about, caption=caption, **content)

    def sends_album(self, *photos: bytes, caption: str = "") -> Sequence[Json]:
        """Send several pictures at once: an album, which comes as one update each."""
        group = str(self._fake.world.number())
        return [
            self.sends(
                photo, "photo.jpg", "image/jpeg", "" if n else caption, "photo",
                media_group_id=group,
            )
            for n, photo in enumerate(photos)
        ]  # fmt: skip

    def shares_contact(self, phone: str, *, of: Person | None = None) -> Json:
        """Share a telephone number: one's own, or somebody else's."""
        owner = of or self.person
        contact = {
            "phone_number": phone,
            "first_name": owner.user["first_name"],
            "user_id": owner.id,
        }
        return self._put(contact=contact)

    def edits(self, message: Json, text: str) -> Json:
        """Change what one wrote."""
        known = self.room.messages[message["message_id"]]
        field = "text" if "text" in known else "caption"
        known |= {field: text, "edit_date": int(self._fake.world.clock())}
        self._fake.updates.put("edited_message", dict(known))
        self._fake.changed(self.room)
        return known

    def reacts(self, message: Json, emoji: str) -> None:
        """React to a message; an empty emoji takes it back."""
        self._fake.react(self.room, message["message_id"], self.person.user, emoji)

    async def presses(self, label: str, message: Json | None = None, within: float = 10.0) -> str:
        """Press the button that begins with *label*, on the latest message that has one.

        What the bot answers in the small window.
        """
        found = None if message is None else self._button(message, label)
        if message is None:
            for candidate in reversed(self.messages()):
                if (found := self._button(candidate, label)) is not None:
                    message = candidate
                    break
        assert found is not None, f"no button “{label}” in {self.texts()} {self.buttons()}"
        assert message is not None
        id = self._fake.presses(self.person.user, message, found)
        return await self._fake.answer(id, within)

    def _button(self, message: Json, label: str) -> str | None:
        for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
            for button in row:
                if button["text"].startswith(label) and "callback_data" in button:
                    return str(button["callback_data"])
        return None

    def _put(self, **content: Any) -> Json:
        return self._fake.says(self.room, self.person.user, self.topic, **content)

    # --- what they see ---

    def messages(self) -> list[Json]:
        """Everything here, oldest first."""
        topic = self.topic if self.room.is_forum else None
        return list(self._fake.world.visible(self.room, topic))

    def texts(self) -> list[str]:
        """The words of everything here."""
        return [str(m.get("text") or m.get("caption") or "") for m in self.messages()]

    def from_bot(self) -> list[str]:
        """What the bot wrote here."""
        bot = self._fake.world.bot["id"]
        return [
            str(m.get("text") or m.get("caption") or "")
            for m in self.messages()
            if m["from"]["id"] == bot
        ]

    def buttons(self) -> list[str]:
        """The labels of the buttons on the latest message that has some."""
        for message in reversed(self.messages()):
            rows = message.get("reply_markup", {}).get("inline_keyboard", ())
            if rows:
                return [button["text"] for row in rows for button in row]
        return []

    def reactions(self, message: Json) -> list[str]:
        """The reactions to a message."""
        return list(self.room.reactions.get(message["message_id"], {}).values())

    async def sees(self, text: str, within: float = 10.0) -> Json:
        """Wait for a message that holds *text*."""

        def found() -> Json | None:
            return next(
                (m for m in reversed(self.messages())
                 if text in str(m.get("text") or m.get("caption") or "")),
                None,
            )  # fmt: skip

        try:
            await self._fake.until(lambda: found() is not None, within)
        except TimeoutError:
            raise AssertionError(f"“{text}” is not among {self.texts()}") from None
        message = found()
        assert message is not None
        return message
