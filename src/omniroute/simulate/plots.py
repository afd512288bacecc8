"""Pictures of a run over the day, each with its figures as a table beside it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

from omniroute.simulate.charts import Chart, Line, csv, svg, table
from omniroute.simulate.replications import Result
from omniroute.simulate.tally import Bin, ratio


def charts(result: Result) -> list[Chart]:
    """Waits, service level, occupancy and queue; the result must have been made with series."""
    tally = result.tally
    numbers = sorted(tally.bins)
    bins = [tally.bins[number] for number in numbers]
    at = tuple(number * tally.width for number in numbers)
    label = result.scenario.within[0][0]

    def line(name: str, measure: Callable[[Bin], float | None]) -> Line:
        return Line(name, tuple(measure(one) for one in bins))

    def quantile(share: float) -> Callable[[Bin], float | None]:
        return lambda one: one.waits.quantile(share)

    return [
        Chart(
            "waits",
            "Wait of those who were served, by when they came",
            f"50, 90 and 95 of 100 waited no longer than this; {_most(bins, quantile(0.95))}",
            "minutes",
            at,
            tuple(line(f"{share * 100:.0f} %", quantile(share)) for share in (0.5, 0.9, 0.95)),
        ),
        Chart(
            "service-level",
            f"Answered within {label}, by when they came",
            f"Share of all who came that was answered, or left, within {label}.",
            "%",
            at,
            (line(label, lambda one: _percent(one.within, one.answered)),),
            most=100.0,
        ),
        Chart(
            "occupancy",
            "Occupancy by group",
            "Share of the time present that was work.",
            "%",
            at,
            tuple(line(group.name, _busy(n)) for n, group in enumerate(result.scenario.groups)),
            most=100.0,
        ),
        Chart(
            "queue",
            "How many wait",
            "Mean number of customers in the queue.",
            "customers",
            at,
            (line("waiting", lambda one: ratio(one.queued, one.minutes)),),
        ),
    ]


def write(result: Result, folder: Path) -> list[Path]:
    """Each chart as SVG and as CSV, and a page with all of them; the files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    made = charts(result)
    texts: dict[str, str] = {}
    for chart in made:
        texts[f"{chart.name}.svg"] = svg(chart)
        texts[f"{chart.name}.csv"] = csv(chart)
    texts["index.html"] = _page(made)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def _page(made: list[Chart]) -> str:
    parts = "\n".join(
        f'<section>\n<img src="{chart.name}.svg" alt="{escape(chart.title)}. {escape(chart.said)}">'
        f"\n<details><summary>The figures</summary>\n{table(chart)}\n</details>\n</section>"
        for chart in made
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<title>Simulation</title>\n'
        "<style>:root{color-scheme:light dark}body{font:16px system-ui,sans-serif;margin:2rem auto;"
        "max-width:50rem;padding:0 1rem}img{width:100%;height:auto}"
        "table{border-collapse:collapse}th,td{padding:.1rem .6rem;text-align:right}</style>\n"
        f"</head>\n<body>\n<main>\n<h1>Simulation</h1>\n{parts}\n</main>\n</body>\n</html>\n"
    )


def _percent(part: float, whole: float) -> float | None:
    share = ratio(part, whole)
    return None if share is None else 100 * share


def _busy(number: int) -> Callable[[Bin], float | None]:
    return lambda one: _percent(one.groups[number].busy, one.groups[number].present)


def _most(bins: list[Bin], measure: Callable[[Bin], float | None]) -> str:
    worst = max((value for one in bins if (value := measure(one)) is not None), default=0.0)
    return f"at worst 95 of 100 waited up to {worst:.1f} minutes."
