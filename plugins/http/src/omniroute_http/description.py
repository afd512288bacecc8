"""The OpenAPI description, made of the typed values: ``python -m omniroute_http.description``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from omniroute_http import signing, wire
from omniroute_http.signing import OLDEST

Json = dict[str, Any]

INTRODUCTION: Final = f"""\
Programs tell what customers do by signed requests, and are told what they are answered: by requests
to a webhook of theirs, or because they ask.

Every request, in either direction, is a POST whose JSON body is signed as Standard Webhooks 1.0
says: `{signing.SIGNATURE}` is `v1,` and the base64 of an HMAC-SHA256 over
`{signing.ID}.{signing.TIMESTAMP}.body`, made with the bytes behind `{signing.PREFIX}` of the
integration's secret. The timestamp is in seconds and may be {OLDEST} off. The same `{signing.ID}`
again is the same request, and changes nothing.
"""
FAULTS: Final[Mapping[str, str]] = {
    "401": "Not signed, not by this secret, or too long ago.",
    "408": "The body did not arrive in time.",
    "413": "The body is too big.",
    "422": "Not understood; `text` names the field.",
    "503": "Not kept, or not ready; come again with the same id.",
}
TOLD: Final[Mapping[str, str]] = {
    "2XX": "Taken.",
    "401": "You do not know the signature; the admin is told.",
    "429": "Too fast; we wait for as long as `Retry-After` says.",
    "4XX": "This one will never be taken; `text` is shown to the agent who wrote it.",
    "5XX": "Not now; we come again with the same id.",
}


def description() -> Json:
    """The whole document, OpenAPI 3.1."""
    told = (
        wire.Message, wire.Edit, wire.Delete, wire.Reaction, wire.Delivered, wire.Seen, wire.Left,
        wire.Typing,
    )  # fmt: skip
    items = (wire.Answer, wire.Changed, wire.Removed, wire.Writing, wire.Ping)
    asked = (wire.Event, wire.Poll, wire.News, wire.Kept, wire.Problem, wire.Item)
    schemas, components = wire.schema(*asked, *told, wire.Undelivered, *items)
    event, poll, news, kept, problem, item = schemas[: len(asked)]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "OmniRoute: the http channel",
            "version": "1",
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {
                "url": "{server}/channels/http/{account}",
                "variables": {
                    "server": {"default": "https://desk.example"},
                    "account": {"default": "partners"},
                },
            }
        ],
        "security": [{"signature": []}],
        "paths": {
            "/{integration}/events": {
                "parameters": [INTEGRATION, *HEADERS],
                "post": _operation("tell", "Tell what somebody did", event, kept, problem),
            },
            "/{integration}/poll": {
                "parameters": [INTEGRATION, *HEADERS],
                "post": _operation("poll", "Ask for what is new", poll, news, problem, more={
                    "409": "There is a webhook; nothing waits.",
                }),
            },
        },
        "webhooks": {
            "item": {
                "post": {
                    "operationId": "item",
                    "summary": "We tell you something for a customer, or ask whether you are there",
                    "parameters": HEADERS,
                    "requestBody": {"required": True, "content": _json(item)},
                    "responses": {status: {"description": said} for status, said in TOLD.items()},
                }
            }
        },
        "components": {
            "schemas": components,
            "securitySchemes": {
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": signing.SIGNATURE,
                    "description": "HMAC-SHA256 as above; several, divided by blanks, may stand.",
                }
            },
        },
    }  # fmt: skip


INTEGRATION: Final[Json] = {
    "name": "integration",
    "in": "path",
    "required": True,
    "description": "The name of the integration in the settings.",
    "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,39}$"},
}
HEADERS: Final[list[Json]] = [
    {
        "name": signing.ID,
        "in": "header",
        "required": True,
        "description": "The same for each attempt at the same thing.",
        "schema": {"type": "string", "minLength": 1, "maxLength": signing.LONGEST_ID},
    },
    {
        "name": signing.TIMESTAMP,
        "in": "header",
        "required": True,
        "description": "When it was signed, in seconds since the epoch.",
        "schema": {"type": "integer"},
    },
]


def _operation(
    id: str, summary: str, asked: Json, answer: Json, problem: Json,
    *, more: Mapping[str, str] = {},
) -> Json:  # fmt: skip
    faults = {
        status: {"description": said, "content": _json(problem)}
        for status, said in sorted({**FAULTS, **more}.items())
    }
    return {
        "operationId": id,
        "summary": summary,
        "requestBody": {"required": True, "content": _json(asked)},
        "responses": {"200": {"description": "Done.", "content": _json(answer)}, **faults},
    }


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def written() -> bytes:
    """The document as the file beside the package has it."""
    return msgspec.json.format(msgspec.json.encode(description()), indent=1) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(written())
