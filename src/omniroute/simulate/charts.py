"""Line charts as SVG: no fonts, scripts or pictures from elsewhere, light and dark.

Colour is never all: each line has a dash of its own and its name beside it.  The colours are those
of Okabe and Ito, which people tell apart whatever their sight, a set for each background.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

import msgspec

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 120, 44, 40
LINES: Final = 6
"""So many lines look different; more begin anew."""

LEAST: Final = 1e-9
"""What is less is shown as nothing."""

_LIGHT = ("#0072b2", "#d55e00", "#007a5a", "#aa4499", "#8a6100", "#000000")
_DARK = ("#56b4e9", "#ff9e4a", "#3fd0a4", "#e39bd0", "#f0e442", "#ffffff")
_DASHES = ("", "7 4", "2 3", "10 3 2 3", "4 2", "1 2")


class Line(msgspec.Struct, frozen=True):
    """A named line; None is a gap."""

    name: str
    values: tuple[float | None, ...]


class Chart(msgspec.Struct, frozen=True):
    """Lines over the same places on the axis, *at* in minutes since midnight.

    *most* is where the axis of values ends at least; *said* is the whole in a sentence.
    """

    name: str
    title: str
    said: str
    unit: str
    at: tuple[float, ...]
    lines: tuple[Line, ...]
    most: float = 0.0


def svg(chart: Chart) -> str:
    """The chart as a file of its own."""
    return "\n".join([*_head(chart), *_axes(chart), *_curves(chart), "</svg>", ""])


def csv(chart: Chart) -> str:
    """The same figures as a table."""
    rows = [",".join(["time", *(_quoted(line.name) for line in chart.lines)])]
    for n, at in enumerate(chart.at):
        cells = ["" if line.values[n] is None else f"{line.values[n]:.6g}" for line in chart.lines]
        rows.append(",".join([clock(at), *cells]))
    return "\n".join([*rows, ""])


def table(chart: Chart) -> str:
    """The same figures as a table of HTML."""
    heads = "".join(f'<th scope="col">{escape(line.name)}</th>' for line in chart.lines)
    rows = []
    for n, at in enumerate(chart.at):
        cells = "".join(f"<td>{_cell(line.values[n])}</td>" for line in chart.lines)
        rows.append(f'<tr><th scope="row">{clock(at)}</th>{cells}</tr>')
    return (
        f"<table><caption>{escape(chart.title)}, in {escape(chart.unit)}</caption>\n"
        f'<thead><tr><th scope="col">time</th>{heads}</tr></thead>\n'
        f"<tbody>{chr(10).join(rows)}</tbody></table>"
    )


def clock(minutes: float) -> str:
    """A time of day."""
    seconds = round(minutes * 60)
    hours, rest = divmod(seconds, 3600)
    shown = f"{hours:02d}:{rest // 60:02d}"
    return shown if rest % 60 == 0 else f"{shown}:{rest % 60:02d}"


def ticks(most: float, about: int = 5) -> list[float]:
    """Round numbers from 0 to *most* or a little more.

    >>> ticks(7.3)
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    if not most > LEAST:
        return [0.0, 1.0]
    rough = most / about
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough * (1 - 1e-9))
    count = math.ceil(most / step - 1e-9)
    return [round(step * n, 10) for n in range(count + 1)]


# --- parts ---


def _head(chart: Chart) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-labelledby="{chart.name}-t {chart.name}-d">'
    )
    yield f'<title id="{chart.name}-t">{escape(chart.title)}</title>'
    yield f'<desc id="{chart.name}-d">{escape(chart.said)}</desc>'
    light = "".join(f".l{n}{{stroke:{c}}}.n{n}{{fill:{c}}}" for n, c in enumerate(_LIGHT))
    dark = "".join(f".l{n}{{stroke:{c}}}.n{n}{{fill:{c}}}" for n, c in enumerate(_DARK))
    dashes = "".join(f".l{n}{{stroke-dasharray:{d}}}" for n, d in enumerate(_DASHES) if d)
    yield (
        "<style>text{font:12px system-ui,sans-serif;fill:#333}.h{font-size:15px;font-weight:600}"
        ".b{fill:#fff}.g{stroke:#ddd}.a{stroke:#666}.c{fill:none;stroke-width:2}"
        f"{light}{dashes}"
        "@media (prefers-color-scheme:dark){text{fill:#ddd}.b{fill:#16181c}.g{stroke:#383c44}"
        f".a{{stroke:#999}}{dark}}}</style>"
    )
    yield f'<rect class="b" width="{WIDTH}" height="{HEIGHT}"/>'
    yield f'<text class="h" x="{LEFT}" y="24">{escape(chart.title)}</text>'


def _axes(chart: Chart) -> Iterator[str]:
    for value in _values(chart):
        y = _y(chart, value)
        yield f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value:g}</text>'
    yield f'<text x="8" y="{TOP - 8}">{escape(chart.unit)}</text>'
    bottom = HEIGHT - BOTTOM
    for at in _times(chart):
        x = _x(chart, at)
        yield f'<line class="a" x1="{x}" x2="{x}" y1="{bottom}" y2="{bottom + 5}"/>'
        yield f'<text x="{x}" y="{bottom + 20}" text-anchor="middle">{clock(at)}</text>'
    yield f'<line class="a" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>'


def _curves(chart: Chart) -> Iterator[str]:
    taken: list[float] = []
    for number, line in enumerate(chart.lines):
        style = number % LINES
        for path in _paths(chart, line):
            yield f'<path class="c l{style}" d="{path}"/>'
        last = next((v for v in reversed(line.values) if v is not None), 0.0)
        y = _apart(_y(chart, last) + 4, taken)
        taken.append(y)
        x = WIDTH - RIGHT + 6
        yield f'<text class="n{style}" x="{x}" y="{y}">{escape(line.name)}</text>'


def _paths(chart: Chart, line: Line) -> Iterator[str]:
    """One path for each stretch without a gap; a lone point is a short dash."""
    points: list[str] = []
    for at, value in zip((*chart.at, 0.0), (*line.values, None), strict=True):
        if value is not None:
            points.append(f"{_x(chart, at)} {_y(chart, value)}")
        elif points:
            yield "M" + "L".join(points) + ("h3" if len(points) == 1 else "")
            points = []


def _apart(y: float, taken: Sequence[float]) -> float:
    """Where a name can stand without covering another."""
    while any(abs(y - other) < 14 for other in taken):
        y -= 14
    return y if y > TOP - 20 else max(taken, default=y) + 14


def _values(chart: Chart) -> list[float]:
    seen = [v for line in chart.lines for v in line.values if v is not None]
    return ticks(max([*seen, chart.most]))


def _times(chart: Chart) -> list[float]:
    if not chart.at:
        return []
    span = chart.at[-1] - chart.at[0]
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240)
    step = next((s for s in steps if span / s <= 8), 240)
    first = math.ceil(chart.at[0] / step) * step
    return [float(at) for at in range(first, int(chart.at[-1]) + 1, step)]


def _x(chart: Chart, at: float) -> float:
    span = (chart.at[-1] - chart.at[0]) or 1.0
    return round(LEFT + (at - chart.at[0]) / span * (WIDTH - LEFT - RIGHT), 1)


def _y(chart: Chart, value: float) -> float:
    most = _values(chart)[-1]
    return round(HEIGHT - BOTTOM - value / most * (HEIGHT - TOP - BOTTOM), 1)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"\n') else name
