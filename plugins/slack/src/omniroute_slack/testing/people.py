"""People with Slack open: what they do in a conversation, and what they see there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from omniroute_slack.testing.world import Json, Room

if TYPE_CHECKING:
    from omniroute_slack.testing.server import FakeSlack


class Person:
    """Somebody with a Slack account."""

    def __init__(self, fake: FakeSlack, user: Json) -> None:
        self._fake, self.user = fake, user

    @property
    def id(self) -> str:
        """The account's id."""
        return str(self.user["id"])

    def chat(self, room: Room | None = None, thread: str = "") -> Chat:
        """The chat with the app, or what they see of a channel or a thread."""
        return Chat(self._fake, self, room or self._fake.world.chat(self.id), thread)

    def commands(self, text: str, room: Room | None = None, command: str = "/omni") -> str:
        """Use a slash command; the id under which its answer is kept (`answer`)."""
        return self._fake.commanded(self.id, room or self._fake.world.chat(self.id), command, text)

    def opens_home(self) -> None:
        """Open the app's Home."""
        self._fake.event({"type": "app_home_opened", "user": self.id, "tab": "home",
                          "channel": self._fake.world.chat(self.id).id})  # fmt: skip

    def home(self) -> list[str]:
        """What the app's Home shows."""
        view = self._fake.world.homes.get(self.id, {"blocks": ()})
        return [block["text"]["text"] for block in view["blocks"] if "text" in block]

    async def form(self, callback: str, within: float = 10.0) -> Json:
        """Wait for a form."""

        def found() -> list[Json]:
            views = self._fake.world.views.values()
            return [view for view in views if view["callback_id"] == callback]

        await self._fake.until(found, within)
        return found()[-1]

    def hands_in(self, view: Json, **values: str) -> None:
        """Fill a form in and send it; Slack itself insists on what is required."""
        state: Json = {}
        for block in view["blocks"]:
            if block["type"] != "input":
                continue
            name, element = block["block_id"], block["element"]
            given = values.get(name, element.get("initial_value", ""))
            assert given or block.get("optional"), f"“{name}” is required"
            if element["type"] == "static_select":
                known = [option["value"] for option in element["options"]]
                assert given in known, f"{given} is not among {known}"
                state[name] = {element["action_id"]: {"selected_option": {"value": given}}}
            else:
                state[name] = {element["action_id"]: {"value": given}}
        del self._fake.world.views[view["id"]]
        whole = {**view, "state": {"values": state}}
        self._fake.interaction(self.id, {"type": "view_submission", "view": whole})


class Chat:
    """A conversation as one person sees it."""

    def __init__(self, fake: FakeSlack, person: Person, room: Room, thread: str = "") -> None:
        self._fake, self.person, self.room, self.thread_ts = fake, person, room, thread

    # --- what they do ---

    def says(self, text: str, **content: Any) -> Json:
        """Write, with Slack's own entities as a client makes them."""
        more = {"client_msg_id": f"m{self._fake.world.number()}", **content}
        return self._fake.says(self.room, self.person.id, text, self.thread_ts, **more)

    def calls(self, text: str) -> Json:
        """Write with the app's name at the head."""
        return self.says(f"<@{self._fake.world.bot['id']}> {text}")

    def sends(self, data: bytes, name: str, media_type: str, text: str = "") -> Json:
        """Send a file."""
        file = self._fake.world_file(name, media_type)
        file.data = data
        return self.says(text, subtype="file_share", files=[self._fake.file_json(file)])

    def edits(self, message: Json, text: str) -> Json:
        """Change what one wrote."""
        before = dict(message)
        message |= {
            "text": text,
            "edited": {"user": self.person.id, "ts": self._fake.world.stamp()},
        }
        self._fake.told(self.room, subtype="message_changed", message=dict(message),
                        previous_message=before)  # fmt: skip
        return message

    def deletes(self, message: Json) -> None:
        """Take back what one wrote."""
        self.room.messages.pop(message["ts"])
        self._fake.told(self.room, subtype="message_deleted", deleted_ts=message["ts"],
                        previous_message=message)  # fmt: skip

    def reacts(self, message: Json, name: str, added: bool = True) -> None:
        """React to a message, or take it back."""
        users = message.setdefault("reactions", {}).setdefault(name, [])
        (users.append if added else users.remove)(self.person.id)
        self._fake.event(
            {
                "type": "reaction_added" if added else "reaction_removed",
                "user": self.person.id,
                "reaction": name,
                "item": {"type": "message", "channel": self.room.id, "ts": message["ts"]},
            }
        )

    def presses(self, label: str, message: Json | None = None) -> Json:
        """Press the button that begins with *label*, on the latest message that has one."""
        mine = [one for one in self.room.ephemeral if one["user"] == self.person.id]
        for candidate in [message] if message else [*reversed(mine), *reversed(self.everything())]:
            for button in buttons_of(candidate):
                if button["text"]["text"].startswith(label):
                    self._fake.pressed(self.person.id, self.room, candidate, button)
                    return candidate
        raise AssertionError(f"no button “{label}” in {self.texts()}")

    def uses(self, shortcut: str, message: Json) -> None:
        """Use a shortcut of the app's on a message."""
        self._fake.shortcut(self.person.id, self.room, message, shortcut)

    # --- what they see ---

    def thread(self, message: Json) -> Chat:
        """The thread under a message."""
        return Chat(self._fake, self.person, self.room, message["ts"])

    def messages(self) -> list[Json]:
        """What stands here, oldest first: of a thread with its head."""
        return list(self._fake.world.visible(self.room, self.thread_ts))

    def everything(self) -> list[Json]:
        """The same, with every thread of a conversation if it is no thread."""
        if self.thread_ts:
            return self.messages()
        return [self.room.messages[ts] for ts in sorted(self.room.messages)]

    def texts(self) -> list[str]:
        """The words of everything here."""
        return [str(message["text"]) for message in self.everything()]

    def from_app(self) -> list[str]:
        """What the app wrote here."""
        bot = self._fake.world.bot["id"]
        return [str(m["text"]) for m in self.everything() if m["user"] == bot]

    def asides(self) -> list[str]:
        """What only they can read here."""
        return [str(m["text"]) for m in self.room.ephemeral if m["user"] == self.person.id]

    def buttons(self) -> list[str]:
        """The labels of the buttons on the latest message that has some."""
        for message in reversed(self.everything()):
            if found := buttons_of(message):
                return [button["text"]["text"] for button in found]
        return []

    def reactions(self, message: Json) -> list[str]:
        """The reactions at a message."""
        now = self.room.messages.get(message["ts"], {})
        return [name for name, users in now.get("reactions", {}).items() if users]

    async def sees(self, text: str, within: float = 10.0) -> Json:
        """Wait for a message that holds *text*."""

        def found() -> list[Json]:
            return [m for m in self.everything() if text in str(m["text"])]

        try:
            await self._fake.until(found, within)
        except TimeoutError:
            raise AssertionError(f"“{text}” is not among {self.texts()}") from None
        return found()[-1]

    async def reads_aside(self, text: str, within: float = 10.0) -> str:
        """Wait for something that only they can read."""

        def found() -> list[str]:
            return [said for said in self.asides() if text in said]

        try:
            await self._fake.until(found, within)
        except TimeoutError:
            raise AssertionError(f"“{text}” is not among {self.asides()}") from None
        return found()[-1]

    async def has(self, message: Json, reaction: str, within: float = 10.0) -> None:
        """Wait for a reaction at a message."""
        await self._fake.until(lambda: reaction in self.reactions(message), within)


def buttons_of(message: Json | None) -> Sequence[Json]:
    """The buttons of a message."""
    blocks = (message or {}).get("blocks", ())
    return [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
