"""Bars per day: nothing is drawn outside the frame, and nothing that happened is too small to see."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hubsso.charts import HEIGHT, WIDTH, day_chart

DAYS = [date(2026, 11, 1) + timedelta(days=number) for number in range(30)]
SERIES = {"ok": "Passed", "failed": "Refused", "abandoned": "Abandoned"}


def test_an_empty_chart_has_its_days_and_no_bars() -> None:
    chart = day_chart(DAYS, {}, series=SERIES)
    assert chart.is_empty
    assert [bar.day for bar in chart.bars] == DAYS
    assert not any(part.height for bar in chart.bars for part in bar.parts)


def test_numbers_and_totals_follow_the_series() -> None:
    chart = day_chart(DAYS, {DAYS[0]: {"failed": 2, "ok": 4}, DAYS[1]: {"ok": 1}}, series=SERIES)
    assert [part.number for part in chart.bars[0].parts] == [4, 2, 0]
    assert [series.total for series in chart.series] == [5, 2, 0]
    assert (chart.top, chart.middle) == (6, 3)
    assert chart.bars[0].parts[0].height == round(HEIGHT * 4 / 6)


@given(st.lists(st.tuples(*[st.integers(0, 5_000_000)] * 3), min_size=30, max_size=30))
def test_bars_stay_in_the_frame_and_what_fits_at_all_is_seen(rows: list[tuple[int, int, int]]) -> None:
    numbers = {day: dict(zip(SERIES, row, strict=True)) for day, row in zip(DAYS, rows, strict=True)}
    chart = day_chart(DAYS, numbers, series=SERIES)
    assert max(bar.total for bar in chart.bars) <= chart.top
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert all(part.y >= 0 and part.y + part.height <= HEIGHT for part in bar.parts)
        assert all(bool(part.height) is bool(part.number) for part in bar.parts if part.y > 8)
