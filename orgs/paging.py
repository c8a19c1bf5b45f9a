"""Lists that go by key: the next page starts after the last row shown. No OFFSET and no count."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page's rows, and the key after which the next one starts; None on the last."""

    rows: list[M]
    next_key: int | None


def page_by_key(
    queryset: QuerySet[M], *, key: str, size: int, after: int | None, descending: bool = False
) -> Page[M]:
    """The `size` rows whose integer column `key` comes after `after`, in that order."""
    if after is not None:
        queryset = queryset.filter(**{f"{key}__{'lt' if descending else 'gt'}": after})
    rows = list(queryset.order_by(f"-{key}" if descending else key)[: size + 1])
    has_more = len(rows) > size
    return Page(rows=rows[:size], next_key=int(getattr(rows[size - 1], key)) if has_more else None)


def page_by_column(
    queryset: QuerySet[M], *, column: str, size: int, after: M | None, descending: bool = False
) -> Page[M]:
    """The `size` rows that come after the row `after`, by any column and then by key; two queries at most.

    Rows without a value come first, or last where the order descends. `next_key` is the last row's primary key: find
    that row again for the next page, so that no value of it has to stand in an address.
    """
    found: list[M] = []
    for rows in _in_order(queryset, column, after, descending):
        found += rows[: size + 1 - len(found)]
        if len(found) > size:
            break
    shown = found[:size]
    return Page(rows=shown, next_key=shown[-1].pk if len(found) > size else None)


def count_up_to(queryset: QuerySet[M], bound: int) -> int:
    """How many rows there are, or `bound` + 1 where there are more: looks at no more than that."""
    return queryset.order_by()[: bound + 1].count()


def _in_order(queryset: QuerySet[M], column: str, after: M | None, descending: bool) -> Iterator[QuerySet[M]]:
    """The rows in one or two parts: those without a value have no place among the others that an index knows."""
    has_empty = queryset.model._meta.get_field(column).null
    value = getattr(after, column) if after is not None else None
    sign = "-" if descending else ""
    further = "lt" if descending else "gt"
    empty = queryset.filter(**{f"{column}__isnull": True}).order_by(f"{sign}pk") if has_empty else None
    valued = queryset.filter(**{f"{column}__isnull": False}) if has_empty else queryset
    valued = valued.order_by(f"{sign}{column}", f"{sign}pk")
    if after is not None and value is None and empty is not None:
        empty = empty.filter(**{f"pk__{further}": after.pk})
    elif after is not None:
        valued = valued.filter(
            Q(**{f"{column}__{further}": value}) | Q(**{column: value, f"pk__{further}": after.pk}),
            **{f"{column}__{further}e": value},
        )
    parts = [valued, empty] if descending else [empty, valued]
    is_past_first = after is not None and ((value is None) == descending) and empty is not None
    yield from (part for part in parts[1 if is_past_first else 0 :] if part is not None)
