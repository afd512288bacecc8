"""What travels, as typed values: reading, writing and the OpenAPI description are made of them.

Times are RFC 3339 with a zone, bytes are base64.  A field that is not known is a mistake and said
to be one; new ones come with a default.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Kind: TypeAlias = Annotated[str, Meta(pattern="^[a-z][a-z0-9_:.-]{0,60}$")]


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Anything that comes in."""


class Known(Value, frozen=True):
    """A further address of a person.

    `kind` is its name space: `email`, `phone`, or a name of your own. `verified` counts where the
    admin lets the integration vouch for this kind, and is otherwise a suggestion.
    """

    kind: Kind
    value: Annotated[str, Meta(min_length=1, max_length=320)]
    verified: bool = False


class Person(Value, frozen=True):
    """Who did it. `id` is yours, is never given to another person, and is what answers name."""

    id: Id
    name: Annotated[str, Meta(max_length=200)] = ""
    also: Annotated[list[Known], Meta(max_length=20)] = []


class Attached(Value, frozen=True):
    """A file. `name` is shown to people; `data` is base64."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    data: bytes
    type: Annotated[str, Meta(pattern="^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+$")] = (
        "application/octet-stream"
    )


class Doing(Value, frozen=True, kw_only=True, tag_field="type"):
    """What somebody did. Without `conversation` it is that of the person, without `at` now."""

    person: Person = msgspec.field(name="from")
    conversation: Annotated[str, Meta(max_length=200)] = ""
    at: Annotated[datetime, Meta(tz=True)] | None = None


class Message(Doing, frozen=True, tag="message"):
    """Somebody wrote. The same `id` again is the same message.

    `place` is `shared` where others read along, and `topic` where the conversation is about one
    matter besides.  `automatic` marks what no person wrote.
    """

    id: Id
    text: Annotated[str, Meta(max_length=100_000)] = ""
    subject: Annotated[str, Meta(max_length=500)] = ""
    files: Annotated[list[Attached], Meta(max_length=20)] = []
    in_reply_to: Annotated[str, Meta(max_length=200)] = ""
    automatic: bool = False
    place: Literal["", "shared", "topic"] = ""


class Edit(Doing, frozen=True, tag="edit"):
    """A message says something else now."""

    message: Id
    text: Annotated[str, Meta(max_length=100_000)]


class Delete(Doing, frozen=True, tag="delete"):
    """A message was taken back."""

    message: Id


class Reaction(Doing, frozen=True, tag="reaction"):
    """Somebody reacted to a message, theirs or ours; an empty `text` takes it back."""

    message: Id
    text: Annotated[str, Meta(max_length=40)]


class Delivered(Doing, frozen=True, tag="delivered"):
    """A message of ours has reached its reader. `message` is our `id`."""

    message: Id


class Seen(Doing, frozen=True, tag="read"):
    """A message of ours was read. `message` is our `id`."""

    message: Id


class Left(Doing, frozen=True, tag="left"):
    """Somebody went away without an answer."""


class Typing(Doing, frozen=True, tag="typing"):
    """Somebody is writing right now. It is shown to agents, and not kept."""


class Undelivered(Value, frozen=True, tag_field="type", tag="undelivered"):
    """A message of ours that you had taken did not reach its reader. `message` is our `id`."""

    message: Id
    reason: Annotated[str, Meta(min_length=1, max_length=1000)]
    permanent: bool = True


Event: TypeAlias = (
    Message | Edit | Delete | Reaction | Delivered | Seen | Left | Typing | Undelivered
)
"""What an integration tells, one a request."""


class Poll(Value, frozen=True):
    """Asks for what came after `after`, and says that all up to there has arrived.

    `after` is the `cursor` of the answer before, empty at first. Where there is nothing yet we
    answer as soon as there is, or after `wait` seconds.
    """

    after: Annotated[str, Meta(max_length=80)] = ""
    wait: Annotated[int, Meta(ge=0, le=30)] = 25


# --- what goes out; whoever reads it leaves out what they do not know ---


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """For whom it is: the `id` of a `Person`, and the name that we know."""

    id: str
    name: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="message"):
    """A message for a customer. The same `id` again is the same message: show it once.

    `author` is the name of the agent, `automatic` says that no person wrote it, `quotes` is the
    message that it answers in particular.  With `repeat` it may have reached you before.
    """

    id: str
    conversation: str
    to: Reader
    text: str
    author: str = ""
    subject: str = ""
    files: list[Attached] = []
    in_reply_to: str = ""
    quotes: str = ""
    automatic: bool = False
    repeat: bool = False


class Changed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="edit"):
    """A message of ours says something else now. It may be told twice."""

    message: str
    conversation: str
    text: str


class Removed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="delete"):
    """A message of ours is taken back. It may be told twice."""

    message: str
    conversation: str


class Writing(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="typing"):
    """Somebody is writing to the customer, for the next seconds."""

    conversation: str
    to: Reader


class Ping(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ping"):
    """Are you there, and do you know the secret?  A webhook answers 204 and does nothing."""


Item: TypeAlias = Answer | Changed | Removed | Writing | Ping
"""What an integration is told, one a request of a webhook, or several an answer to a poll."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a poll. `items` are in order; keep `cursor` for the next one."""

    items: list[Answer | Changed | Removed | Writing]
    cursor: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an event: it is kept for good."""

    kept: Literal[True] = True


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was not done: `error` for programs, `text` for people."""

    error: str
    text: str


def schema(*kinds: Any) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    """JSON schemas of *kinds*, and of what they are made of, by name."""
    return msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
