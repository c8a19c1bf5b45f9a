"""Lists that go by key: the next page starts after the last row shown. No OFFSET and no count."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

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
