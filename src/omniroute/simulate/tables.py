"""Arrivals and values from files: a row for each, a header where there is one."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from omniroute.errors import ConfigError, did_you_mean

TIME: Final = ("at", "time", "arrive", "arrival", "arrived", "minute", "minutes", "timestamp")
"""Names of the column with the time; without a header, or without any of them, it is the first."""

LIKE_TIME: Final = ("arriv", "time", "minute")

MINUTE: Final = timedelta(minutes=1)


class Arrivals(msgspec.Struct, frozen=True):
    """Times in minutes, in order; other columns by name.

    *midnight* is when minute 0 is, where the file has dates.
    """

    times: tuple[float, ...]
    columns: dict[str, tuple[str, ...]] = {}
    midnight: datetime | None = None
    lines: tuple[int, ...] = ()
    file: str = ""

    def numbers(self, column: str) -> tuple[float | None, ...]:
        """A column of minutes, None where a cell is empty; of what is not there, nothing but None.

        Raises `ConfigError` for what is no number above 0.
        """
        cells = self.columns.get(column, ("",) * len(self.times))
        return tuple(
            _number(self.file, line, cell) if cell else None
            for line, cell in zip(self.lines, cells, strict=True)
        )

    def of(self, name: str) -> Arrivals:
        """Only those whose ``class`` is *name*; all where the file has no such column."""
        if "class" not in self.columns:
            return self
        kept = [n for n, cell in enumerate(self.columns["class"]) if cell == name]
        return Arrivals(
            tuple(self.times[n] for n in kept),
            {key: tuple(cells[n] for n in kept) for key, cells in self.columns.items()},
            self.midnight,
            tuple(self.lines[n] for n in kept),
            self.file,
        )


def arrivals(path: Path) -> Arrivals:
    """The arrivals in a file.

    A time is a number of minutes, ``HH:MM`` or ``HH:MM:SS``, or a date and time of ISO 8601; then
    minute 0 is the first day's midnight.  Raises `ConfigError` with file and line.
    """
    header, rows = _rows(path)
    place = _place(path.name, header)
    read: list[tuple[float | datetime, int, Sequence[str]]] = [
        (_time(path.name, line, cells[place]), line, cells) for line, cells in rows
    ]
    midnight = _midnight(path.name, read)
    placed = sorted(
        ((_minutes(time, midnight), line, cells) for time, line, cells in read),
        key=lambda entry: entry[:2],
    )
    others = [(n, name) for n, name in enumerate(header) if n != place]
    return Arrivals(
        tuple(time for time, _, _ in placed),
        {name: tuple(_cell(cells, n) for _, _, cells in placed) for n, name in others},
        midnight,
        tuple(line for _, line, _ in placed),
        path.name,
    )


def values(path: Path) -> tuple[float, ...]:
    """The numbers in a file's first column.  Raises `ConfigError` with file and line."""
    _, rows = _rows(path)
    return tuple(_number(path.name, line, cells[0]) for line, cells in rows)


def _place(file: str, header: Sequence[str]) -> int:
    """The column with the times: by its name, by what its name is like, or because it is alone."""
    names = [name.casefold() for name in header]
    known = [n for n, name in enumerate(names) if name in TIME]
    alike = [n for n, name in enumerate(names) if any(part in name for part in LIKE_TIME)]
    if known or len(alike) == 1 or len(names) < 2:
        return (known or alike or [0])[0]
    hint = next(filter(None, (did_you_mean(name, TIME) for name in names)), "")
    fault = f"no column “at” among {', '.join(header)}"
    raise ConfigError(f"{file}:1", fault, hint or "name the column with the times “at”")


def _rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, empty where there is none, and the rows with their lines."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, [c.strip() for c in cells]) for cells in reader if any(cells)]
    except OSError as error:
        raise ConfigError(path.name, f"cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(path.name, "no table as text", str(error)) from None
    if not rows:
        raise ConfigError(path.name, "the file is empty", "a row for each arrival")
    first = rows[0][1]
    is_header = not any(_is_time(cell) for cell in first)
    if is_header and len(rows) == 1:
        raise ConfigError(f"{path.name}:1", "no row below the header")
    return (first, rows[1:]) if is_header else ([], rows)


def _is_time(cell: str) -> bool:
    try:
        _time("", 0, cell)
    except ConfigError:
        return False
    return True


def _time(file: str, line: int, cell: str) -> float | datetime:
    try:
        minutes = float(cell)
    except ValueError:
        pass
    else:
        if math.isfinite(minutes) and minutes >= 0:
            return minutes
    if (clock := _clock(cell)) is not None:
        return clock
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        fix = "minutes, as in 12.5, or 09:30, or 2026-03-02T09:30"
        raise ConfigError(f"{file}:{line}", f"“{cell[:40]}” is no time", fix) from None


def _clock(cell: str) -> float | None:
    """Minutes since midnight of ``HH:MM`` or ``HH:MM:SS``."""
    parts = cell.split(":")
    if len(parts) not in (2, 3) or not all(part.isdecimal() and len(part) == 2 for part in parts):
        return None
    hours, minutes, seconds = (*map(int, parts), 0)[:3]
    return hours * 60 + minutes + seconds / 60 if minutes < 60 > seconds else None


def _midnight(
    file: str, read: Iterable[tuple[float | datetime, int, Sequence[str]]]
) -> datetime | None:
    first: datetime | None = None
    for time, line, _ in read:
        if not isinstance(time, datetime):
            continue
        if first is not None and (time.tzinfo is None) != (first.tzinfo is None):
            fix = "write the zone, as in 2026-03-02T09:30+01:00, in each row or in none"
            raise ConfigError(f"{file}:{line}", "some times have a zone and others none", fix)
        first = time if first is None else min(first, time)
    return first and first.replace(hour=0, minute=0, second=0, microsecond=0)


def _minutes(time: float | datetime, midnight: datetime | None) -> float:
    if isinstance(time, datetime):
        assert midnight is not None
        return (time - midnight) / MINUTE
    return time


def _number(file: str, line: int, cell: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise ConfigError(f"{file}:{line}", f"“{cell[:40]}” is no number of minutes above 0")
    return number


def _cell(cells: Sequence[str], n: int) -> str:
    return cells[n] if n < len(cells) else ""
