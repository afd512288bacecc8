"""The API described as OpenAPI 3.1, out of the types that read requests and write answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from omniroute import __version__
from omniroute.application.authorize import SCOPES
from omniroute.web.rest.calls import KEY, PREFIX, Operation
from omniroute.web.rest.problems import MEDIA_TYPE, Problem

Json = dict[str, Any]

SCOPES_SAY = {
    "threads:read": "Read threads, what was said in them, and why they went where they went.",
    "threads:write": "Do to threads what the agent may whom the token acts for.",
    "customers:read": "Look people up.",
    "customers:write": "Say that addresses are one person's, or two people's.",
    "customers:personal": "Take records in, give out all that is kept of a person, and erase it.",
    "agents:read": "See the team.",
    "agents:write": "Set a status.",
    "events:read": "Read the record of what happened.",
    "stats:read": "Read figures.",
    "stats:agents": "Read what single agents did; beside stats:read.",
    "webhooks": "Have events sent somewhere.",
}
"""What each scope lets do."""

GROUPS = {
    "threads": "Pieces of work for customers, and every verb on them.",
    "customers": "Who somebody is taken for, and what is kept of them.",
    "me": "Who asks.",
    "agents": "The team.",
    "events": "What happened.",
    "stats": "Figures.",
    "reports": "Figures over a period, in groups.",
    "tokens": "Who else may call.",
    "webhooks": "Where events are sent.",
}


def scope_of(operation: Operation) -> str:
    """The scope that a token needs for it; empty where any will do, or none does."""
    return next((scope for scope, named in SCOPES.items() if operation.action in named), "")


def describe(operations: Sequence[Operation]) -> Json:
    """The whole description."""
    kinds = [each.takes for each in operations if each.takes is not None and not each.in_query]
    kinds += [each.answers for each in operations if each.answers is not bytes]
    queries = [each.takes for each in operations if each.takes is not None and each.in_query]
    made, components = msgspec.json.schema_components(
        [*kinds, *queries, Problem], ref_template="#/components/schemas/{name}"
    )
    refs = dict(zip(map(id, [*kinds, *queries]), made, strict=False))
    paths: dict[str, Json] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _described(each, refs, components)
    hidden = {_name(refs[id(query)]) for query in queries}
    schemas = {name: value for name, value in sorted(components.items()) if name not in hidden}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "OmniRoute",
            "version": __version__,
            "summary": "One customer, one thread, the right agent, whatever the channel.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}],
        "tags": [
            {"name": name, "description": about}
            for name, about in GROUPS.items()
            if any(each.group == name for each in operations)
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "\n".join(
                        [
                            "A token that an admin made (`omniroute token create`), with scopes:\n",
                            *(f"- `{scope}`: {said}" for scope, said in SCOPES_SAY.items()),
                        ]
                    ),
                }
            },
            "responses": {
                "Problem": {
                    "description": "It was not done, and why.",
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
            },
        },
    }


def _described(operation: Operation, refs: dict[int, Json], components: Json) -> Json:
    first, _, rest = operation.about.partition("\n\n")
    scope = scope_of(operation)
    needs = f"Needs the scope `{scope}`." if scope else ""
    if operation.action is not None and not scope:
        needs = "For admins who are signed in; no token may do this."
    found: Json = {
        "operationId": operation.name,
        "tags": [operation.group],
        "summary": " ".join(first.split()).rstrip("."),
        "description": "\n\n".join(filter(None, (" ".join(rest.split()), needs))),
        "parameters": [*_in_path(operation), *_in_query(operation, refs, components)],
        "responses": {
            "200": {
                "description": "Done.",
                "content": _BYTES
                if operation.answers is bytes
                else {"application/json": {"schema": refs[id(operation.answers)]}},
            },
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    if operation.repeatable:
        found["parameters"].append(_KEY)
    if operation.raw:
        found["requestBody"] = {"required": True, "content": {"*/*": {"schema": _FILE}}}
    elif operation.takes is not None and not operation.in_query:
        schema = refs[id(operation.takes)]
        required = bool(components[_name(schema)].get("required"))
        body = {"required": required, "content": {"application/json": {"schema": schema}}}
        found["requestBody"] = body
    return {name: value for name, value in found.items() if value not in ("", [])}


_FILE: Json = {"type": "string", "format": "binary"}
_BYTES: Json = {"application/octet-stream": {"schema": _FILE}}

_KEY: Json = {
    "name": KEY,
    "in": "header",
    "description": "The same key again gets the same answer and changes nothing.",
    "schema": {"type": "string", "maxLength": 128},
}


def _in_path(operation: Operation) -> list[Json]:
    number = {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": number if name == "thread" else {"type": "string", "minLength": 1},
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]


def _in_query(operation: Operation, refs: dict[int, Json], components: Json) -> list[Json]:
    if operation.takes is None or not operation.in_query:
        return []
    schema = components[_name(refs[id(operation.takes)])]
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "schema": {key: value for key, value in about.items() if key != "description"},
            **({"description": about["description"]} if "description" in about else {}),
            **({"required": True} if name in required else {}),
        }
        for name, about in schema["properties"].items()
    ]


def _name(ref: Json) -> str:
    return str(ref["$ref"]).rpartition("/")[2]
