"""Messages that a platform has approved: how agents name them, and what customers read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from omniroute.application.bounds import Invalid, clean
from omniroute.channel import Template
from omniroute.errors import did_you_mean

_PLACE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")


def usage(template: Template) -> str:
    """How an agent says it.

    >>> usage(Template("order_update", "Order {{number}}: {{news}}", ("number", "news")))
    'template order_update <number> <news>'
    """
    return " ".join(("template", template.name, *(f"<{name}>" for name in template.variables)))


def filled(template: Template, values: Sequence[str]) -> str:
    """What the customer reads.  Raises `Invalid` where the values are not one for each variable.

    >>> filled(Template("hi", "Hi {{1}}, it is {{2}}.", ("1", "2")), ["Joe", "{{1}}"])
    'Hi Joe, it is {{1}}.'
    """
    said = [clean(value).strip() for value in values]
    if len(said) != len(template.variables) or not all(said):
        raise Invalid("bad_values", usage=usage(template), text=template.text)
    known = dict(zip(template.variables, said, strict=True))
    return _PLACE.sub(lambda place: known.get(place[1], place[0]), template.text)


def named(templates: Sequence[Template], name: str) -> Template:
    """The template of that name.  Raises `Invalid`."""
    for template in templates:
        if template.name == name:
            return template
    names = [template.name for template in templates]
    hint = did_you_mean(name, names) or f"there is {', '.join(names) or 'none'}"
    raise Invalid("no_template", name=name, hint=hint)


def listed(templates: Sequence[Template]) -> str:
    """All of them, for an agent who asks which there are."""
    lines = [f"{usage(template)}\n    {template.text}" for template in templates]
    return "\n".join(lines) or "No template goes to this customer."
