"""Bars per day, stacked: where everything is drawn, in units of a fixed frame. Templates write them as SVG.

The page stretches the frame to its own width, so that only bars are in it; words and numbers stand beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise

Text = str | Promise

WIDTH = 1000
HEIGHT = 200
_GAP = 0.25  # of a day's width, left free between two bars
_LEAST = 4  # of height, for what is there and would be too small to see


@dataclass(frozen=True, slots=True)
class Part:
    """One series of one day: `number`, and where it stands in the bar. Of height 0 where there is nothing."""

    key: str
    label: Text
    number: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, its parts from the bottom up."""

    day: date
    x: int
    width: int
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        return sum(part.number for part in self.parts)


@dataclass(frozen=True, slots=True)
class Series:
    """`key` names its colour, `total` is of all days."""

    key: str
    label: Text
    total: int


@dataclass(frozen=True, slots=True)
class DayChart:
    """`top` is the number at the upper edge of the frame."""

    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    top: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def is_empty(self) -> bool:
        return not any(series.total for series in self.series)

    @property
    def middle(self) -> int:
        return self.top // 2


def day_chart(
    days: Sequence[date], numbers: Mapping[date, Mapping[str, int]], *, series: Mapping[str, Text]
) -> DayChart:
    """A bar for each day in the order given, of the series' keys; what there is no number for is 0."""
    rows = [{key: numbers.get(day, {}).get(key, 0) for key in series} for day in days]
    top = _round_up(max((sum(row.values()) for row in rows), default=0))
    slot = WIDTH / max(len(days), 1)
    bars = tuple(
        Bar(
            day=day,
            x=round(slot * (number + _GAP / 2)),
            width=round(slot * (1 - _GAP)),
            parts=_parts(row, series, top),
        )
        for number, (day, row) in enumerate(zip(days, rows, strict=True))
    )
    totals = tuple(Series(key, label, sum(row[key] for row in rows)) for key, label in series.items())
    return DayChart(series=totals, bars=bars, top=top)


def _parts(row: Mapping[str, int], series: Mapping[str, Text], top: int) -> tuple[Part, ...]:
    """Heights by the running total, so that rounding leaves no gaps; whatever is there at all is seen."""
    parts, edge = [], 0
    for key, number in row.items():
        upper = min(HEIGHT, edge + max(round(HEIGHT * number / top), _LEAST if number else 0))
        parts.append(Part(key, series[key], number, y=HEIGHT - upper, height=upper - edge))
        edge = upper
    return tuple(parts)


def _round_up(number: int) -> int:
    """The next of 4, 6, 8, 10, 20, 40, 60, 80, 100, 200...: the upper edge, which can be halved."""
    scale = 1
    while number > 10 * scale:
        scale *= 10
    return next(
        step * scale for step in ((4, 6, 8, 10) if scale == 1 else (2, 4, 6, 8, 10)) if number <= step * scale
    )
