"""The graph of rules as an SVG: four columns, light and dark, readable without colour.

It needs nothing from outside, and carries its lines as a description for who cannot see it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from omniroute.rules.graph import Vertex, Way, edges, text

COLUMNS = ("rule", "queue", "need", "agent")
HEADINGS = {"rule": "Rules", "queue": "Queues", "need": "Asked for", "agent": "Agents"}
ROW, TOP, BOX = 34, 48, 24
LETTER = 7.2  # px, at most, of the font below
GAP = 90
STYLE = """
text{font:13px system-ui,sans-serif;fill:#1d2330}
.head{font-weight:600}.box{fill:#f3f5f9;stroke:#6b7488}
.edge{fill:none;stroke:#4a6fa5;stroke-opacity:.7}
.broken{fill:none;stroke:#b3261e;stroke-dasharray:5 4}.none{fill:#b3261e;font-style:italic}
@media (prefers-color-scheme:dark){
text{fill:#e6e9f0}.box{fill:#232938;stroke:#8b94a8}.edge{stroke:#8fb3e8}
.broken{stroke:#ff8a80}.none{fill:#ff8a80}}
"""


def svg(found: Sequence[Way]) -> str:
    """The picture."""
    lines = edges(found)
    vertices: dict[str, list[str]] = {kind: [] for kind in COLUMNS}
    for kind, name in dict.fromkeys(end for line in lines for end in line[:2]):
        vertices[kind].append(name)
    places, width = _places(vertices)
    height = TOP + ROW * max(1, *map(len, vertices.values())) + 12
    size = f"{width:.0f}", str(height)
    shown = f'width="{size[0]}" height="{size[1]}" role="img" aria-labelledby="t d"'
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" {shown}>',
        '<title id="t">Where the rules send threads, and who can take them</title>',
        f'<desc id="d">{escape(text(found))}</desc>',
        f"<style>{STYLE}</style>",
    ]
    most = max((int(label or 0) for _, _, label, _ in lines), default=0)
    drawn += [_edge(places, *line, most) for line in lines]
    for kind in COLUMNS:
        if vertices[kind]:
            x = places[kind, vertices[kind][0]][0]
            drawn.append(f'<text class="head" x="{x:.0f}" y="24">{HEADINGS[kind]}</text>')
    nobody = {f"{way.queue}: {way.asks}": way.nobody for way in found if way.nobody}
    drawn += [_box(place, kind, name, nobody) for (kind, name), place in places.items()]
    return "\n".join([*drawn, "</svg>", ""])


Place = tuple[float, float, float]  # x, y, width


def _places(vertices: Mapping[str, Sequence[str]]) -> tuple[dict[Vertex, Place], float]:
    places: dict[Vertex, Place] = {}
    x = 16.0
    most = max(map(len, vertices.values()))
    for kind in COLUMNS:
        names = vertices[kind]
        if not names:
            continue
        width = max(len(_label(kind, name)) for name in names) * LETTER + 18
        apart = ROW * most / len(names)  # over the whole height, so that fewer lines cross
        for row, name in enumerate(names):
            y = TOP + round(row * apart + (apart - ROW) / 2)
            places[kind, name] = (x, y, width)
        x += width + GAP
    return places, x - GAP + 16 if places else 200.0


def _label(kind: str, name: str) -> str:
    return name.partition(": ")[2] if kind == "need" else name


def _box(place: Place, kind: str, name: str, nobody: Mapping[str, str]) -> str:
    x, y, width = place
    box = f'<rect class="box" x="{x:.0f}" y="{y}" width="{width:.0f}" height="{BOX}" rx="5"/>'
    said = f'<text x="{x + 8:.0f}" y="{y + 17}">{escape(_label(kind, name))}</text>'
    if kind == "need" and name in nobody:
        said += f'<text class="none" x="{x + width + 8:.0f}" y="{y + 17}">{nobody[name]}</text>'
    return box + said


def _edge(
    places: Mapping[Vertex, Place], start: Vertex, end: Vertex, label: str, broken: bool, most: int
) -> str:
    x1, y1, width = places[start]
    x2, y2, _ = places[end]
    x1, y1, y2 = x1 + width, y1 + BOX / 2, y2 + BOX / 2
    middle = (x1 + x2) / 2
    thick = 1.5 + (8 * math.sqrt(int(label) / most) if label and most else 0)
    kind = "broken" if broken else "edge"
    title = f"<title>{label} threads</title>" if label else ""
    path = f"M{x1:.0f} {y1:.0f}C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    return f'<path class="{kind}" stroke-width="{thick:.1f}" d="{path}">{title}</path>'
