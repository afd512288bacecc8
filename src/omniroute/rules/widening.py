"""Requirements that give way by themselves: needs with an end of their own, and costs that rise.

Both are another way to write a ladder: ``to`` becomes one stage for each moment at which
something changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from omniroute.core.ladder import Stage
from omniroute.core.skills import TOP
from omniroute.core.spans import parse_span, show_span
from omniroute.rules.reading import Reader
from omniroute.rules.yaml12 import Fields, Items, Node, Scalar

_MARK = re.compile(r"(?P<cost>\d+(\.\d+)?)(@(?P<span>\S+))?")
_DUE = "levels that may be lost and since when"
_SAY = "widen: [0, 1@30s, 2@60s]"


class Widening(msgspec.Struct, frozen=True):
    """How many levels may be lost where another skill stands in.

    *marks* are moments of the step clock in ms, each with a number of levels; *pace* is the ms in
    which one level more may be lost, up to *limit*.
    """

    marks: Mapping[int, float] = {}
    pace: int | None = None
    limit: float | None = None


def widening(reader: Reader, node: Node) -> Widening:
    """A number, a list of numbers with their moments, or a pace."""
    match node:
        case Fields():
            given = reader.shape(node, "widening")
            pace = reader.span(given["level_per"]) if "level_per" in given else None
            return Widening(
                pace=pace, limit=cost(reader, given["up_to"]) if "up_to" in given else None
            )
        case Items(items=items):
            return Widening(marks=_marks(reader, node, items))
    said = cost(reader, node)
    return Widening() if said is None else Widening(marks={0: said})


def cost(reader: Reader, node: Node) -> float | None:
    """A number of levels that may be lost."""
    found = reader.number(node, 0, TOP, f"a number of levels from 0 to {TOP:g}")
    return None if found is None else float(found)


def _marks(reader: Reader, node: Node, items: Sequence[Node]) -> Mapping[int, float]:
    found: dict[int, float] = {}
    for item in items:
        mark = _mark(reader, item)
        if mark is None:
            continue
        at, levels = mark
        if found and (at <= max(found) or levels <= max(found.values())):
            reader.fault(
                item, "each widens later and further than the one before", f"say it as {_SAY}"
            )
        found[at] = levels
    if items and found and 0 not in found:
        reader.fault(node, "the first holds from the beginning", f"say it as {_SAY}")
    if not items:
        reader.wrong(node, _DUE, _SAY)
    return found


def _mark(reader: Reader, item: Node) -> tuple[int, float] | None:
    text = item.text if isinstance(item, Scalar) else ""
    parts = _MARK.fullmatch(text)
    if parts is None or float(parts["cost"]) > TOP:
        reader.wrong(item, _DUE, _SAY)
        return None
    try:
        at = parse_span(parts["span"]) if parts["span"] else 0
    except ValueError:
        fix = "a number needs its unit: 1@30s" if parts["span"].isdecimal() else ""
        reader.fault(item, f"“{parts['span']}” is no span such as 45s or 2m", fix)
        return None
    return at, float(parts["cost"])


def unrolled(
    reader: Reader, node: Node, first: Stage, lapses: Mapping[str, int], widened: Widening
) -> list[Stage]:
    """The stages of a ``to`` whose needs end (*lapses*, in ms) or whose costs rise."""
    first = msgspec.structs.replace(
        first, cost=widened.marks.get(0, widened.limit), pace=widened.pace
    )
    moments = sorted({*lapses.values(), *(at for at in widened.marks if at)})
    if not moments:
        return [first]
    if widened.pace is not None:
        fix = "write the moments: widen: [0, 1@30s]"
        reader.fault(node, "needs that end beside a “widen” with “level_per”", fix)
    if first.span is not None and first.span <= moments[-1]:
        fault = f"the step is over before {show_span(moments[-1])}, when the last of it changes"
        reader.fault(node, fault, "let it last longer: for")
        return [first]
    ends = [*moments[1:], first.span]
    stages = [msgspec.structs.replace(first, span=moments[0])]
    for at, end in zip(moments, ends, strict=True):
        stages.append(
            Stage(
                lapse=tuple(skill for skill, moment in lapses.items() if moment == at),
                cost=widened.marks.get(at),
                span=None if end is None else end - at,
                agents=first.agents,
                regardless=first.regardless,
                skip_if=first.skip_if,
                implied=True,
            )
        )
    return stages
