"""The page that an admin reads says what the settings say."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from omniroute_slack.settings import Config

HOME = Path(__file__).parents[1]


def shown(field: msgspec.structs.FieldInfo) -> str:
    if field.default in ("", None):
        return "none"
    if field.required:
        return "required"
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return f"`{msgspec.json.encode(default).decode()}`"


def test_the_readme_lists_each_setting_as_it_is() -> None:
    kinds = msgspec.inspect.type_info(Config)
    assert isinstance(kinds, msgspec.inspect.StructType)
    about = {field.name: field.type for field in kinds.fields}
    rows = []
    for field in msgspec.structs.fields(Config):
        kind = about[field.name]
        assert isinstance(kind, msgspec.inspect.Metadata)
        assert kind.extra_json_schema is not None
        meaning = kind.extra_json_schema["description"]
        rows.append(f"| `{field.name}` | {shown(field)} | {meaning} |")
    settings = (HOME / "README.md").read_text().partition("## Settings")[2]
    assert [line for line in settings.splitlines() if line.startswith("| `")] == rows


def test_each_exemption_has_its_reason() -> None:
    tiers = tomllib.loads((HOME / "quality.toml").read_text())
    assert list(tiers) == ["bronze", "silver", "gold", "platinum"]
    for rules in tiers.values():
        for name, state in rules.items():
            assert state in ("done", "todo") or len(state["exempt"]) > 10, name
