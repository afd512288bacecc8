"""What the reference of the API takes from its operations."""

from __future__ import annotations

import itertools

from tests.docs.source import _table

from omniroute.application.authorize import SCOPES
from omniroute.application.feed import TYPES
from omniroute.web.rest.description import GROUPS, SCOPES_SAY, scope_of
from omniroute.web.rest.routes import OPERATIONS


def operations() -> str:
    """Every operation, by what it is about."""
    parts = []
    by_group = sorted(OPERATIONS, key=lambda each: list(GROUPS).index(each.group))
    for group, found in itertools.groupby(by_group, lambda each: each.group):
        rows = [
            (
                f"`{each.method} {each.path}`",
                " ".join(each.about.partition("\n\n")[0].split()),
                f"`{scope}`"
                if (scope := scope_of(each))
                else "any"
                if each.action is None
                else "–",
            )
            for each in found
        ]
        head = ("", "what it does", "scope")
        parts.append(f"### {group}\n\n{GROUPS[group]}\n\n{_table(head, rows)}")
    return "\n".join(parts)


def scopes() -> str:
    """Every scope with what it lets do."""
    return _table(("scope", ""), [(f"`{scope}`", SCOPES_SAY[scope]) for scope in SCOPES])


def events() -> str:
    """Every public event with what it follows from."""
    rows = [
        (f"`{name}`", " ".join((kind.__doc__ or "").partition("\n\n")[0].split()))
        for kind, name in TYPES.items()
    ]
    return _table(("type", "it says that"), rows)
