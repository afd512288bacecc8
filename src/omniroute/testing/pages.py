"""What the pages of a plugin must say.  Bind it in a few lines:

class TestPages(PluginPages):
    home = Path(__file__).parents[1]
    config = Config
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec

from omniroute.channel import Channel
from omniroute.settings import Secret
from omniroute.testing.quality import read_quality

HEADING = "## Settings"


class PluginPages:
    """Subclass it, name the subclass ``Test…``, and say where the plugin lies."""

    home: ClassVar[Path]
    channel: ClassVar[type[Channel]]
    heading: ClassVar[str] = HEADING
    """What stands above the table of the settings; a plugin of several channels has several."""

    def test_the_readme_lists_each_setting_as_it_is(self) -> None:
        page = (self.home / "README.md").read_text(encoding="utf-8")
        below = page.partition(f"{self.heading}\n")[2].partition("\n#")[0]
        said = [line for line in below.splitlines() if line.startswith("| `")]
        assert said == settings_rows(self.channel.Config), (
            f"the table below “{self.heading}” should be this"
        )

    def test_its_quality_is_what_it_says(self) -> None:
        quality = read_quality(self.home / "quality.toml")
        assert list(quality.doubts(self.channel.caps)) == []


def settings_rows(config: type) -> list[str]:
    """A row for each setting: its name, what holds unless it is set, and its description."""
    return [
        f"| `{name}` | {_unless_set(field)} | {description_of(field.type)} |"
        for name, field in settings_of(config)
    ]


def settings_of(config: object, place: str = "") -> Iterator[tuple[str, msgspec.inspect.Field]]:
    """Each setting by its full name, and those of the tables in it after it.

    One that stands in tables by a name of the admin's own is called ``table.NAME.setting``.
    """
    kind = msgspec.inspect.type_info(config) if isinstance(config, type) else config
    assert isinstance(kind, msgspec.inspect.StructType)
    for field in kind.fields:
        name = f"{place}{field.encode_name}"
        yield name, field
        inner = field.type.type if isinstance(field.type, msgspec.inspect.Metadata) else field.type
        if isinstance(inner, msgspec.inspect.DictType):
            name, inner = f"{name}.NAME", inner.value_type
        if isinstance(inner, msgspec.inspect.StructType):
            yield from settings_of(inner, f"{name}.")


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
