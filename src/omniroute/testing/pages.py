"""What the pages of a plugin must say.  Bind it in a few lines:

class TestPages(PluginPages):
    home = Path(__file__).parents[1]
    config = Config
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import ClassVar

import msgspec

from omniroute.settings import Secret

HEADING = "## Settings"


class PluginPages:
    """Subclass it, name the subclass ``Test…``, and say where the plugin lies."""

    home: ClassVar[Path]
    config: ClassVar[type[msgspec.Struct]]

    def test_the_readme_lists_each_setting_as_it_is(self) -> None:
        page = (self.home / "README.md").read_text(encoding="utf-8").partition(HEADING)[2]
        said = [line for line in page.splitlines() if line.startswith("| `")]
        assert said == settings_rows(self.config), f"the table below “{HEADING}” should be this"

    def test_each_exemption_has_its_reason(self) -> None:
        tiers = tomllib.loads((self.home / "quality.toml").read_text(encoding="utf-8"))
        assert list(tiers) == ["bronze", "silver", "gold", "platinum"]
        for rules in tiers.values():
            for name, state in rules.items():
                assert state in ("done", "todo") or len(state["exempt"]) > 10, name


def settings_rows(config: type[msgspec.Struct]) -> list[str]:
    """A row for each setting: its name, what holds unless it is set, and its description."""
    kinds = msgspec.inspect.type_info(config)
    assert isinstance(kinds, msgspec.inspect.StructType)
    return [
        f"| `{field.encode_name}` | {_unless_set(field)} | {description_of(field.type)} |"
        for field in kinds.fields
    ]


def description_of(kind: msgspec.inspect.Type) -> str:
    """The description of a setting's type; empty if it has none."""
    if isinstance(kind, msgspec.inspect.Metadata) and kind.extra_json_schema is not None:
        return str(kind.extra_json_schema.get("description", ""))
    return ""


def _unless_set(field: msgspec.inspect.Field) -> str:
    if field.required:
        return "required"
    default = field.default
    if default is msgspec.NODEFAULT:
        default = field.default_factory()
    if default in ("", None, Secret("")):
        return "none"
    return f"`{msgspec.json.encode(default).decode()}`"
