"""From values to HTML: the templates, the words they may use, and the addresses of assets."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import jinja2

from omniroute.application.words import span
from omniroute.web import words

HERE = Path(__file__).parent
STATIC = HERE / "static"


@cache
def asset(name: str) -> str:
    """The address of a file in ``static``; it changes with the content, so it may be kept."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,  # a misspelt name is an error, not an empty place
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=asset, span=span, words=words)
    return environment


def render(template: str, values: dict[str, object]) -> str:
    """The HTML that a *template* makes of *values*."""
    return _environment().get_template(template).render(values)
