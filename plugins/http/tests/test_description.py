"""The OpenAPI description says what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from omniroute.testing.asgi import ask
from omniroute_http import wire
from omniroute_http.description import description, written

if TYPE_CHECKING:
    from plugins.http.tests.conftest import House

FILE = Path(__file__).parents[1] / "openapi.json"


def test_the_file_is_what_the_types_say() -> None:
    assert FILE.read_bytes() == written(), "python -m omniroute_http.description > openapi.json"


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(description())
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert named <= set(description()["components"]["schemas"])


def test_every_kind_of_event_and_item_is_described() -> None:
    schemas: dict[str, Any] = description()["components"]["schemas"]
    for kind in (*get_args(wire.Event), *get_args(wire.Item)):
        about = schemas[kind.__name__]
        assert about["description"], f"{kind.__name__} has no sentence"
        fields = msgspec.structs.fields(kind)
        assert set(about["properties"]) == {"type", *(field.encode_name for field in fields)}


async def test_the_server_serves_it_as_it_is(house: House) -> None:
    answered = await ask(house.app, "GET", "/channels/http/main/openapi.json")
    assert json.loads(answered.body) == json.loads(FILE.read_bytes())
