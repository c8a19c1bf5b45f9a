"""Bringing every sealed column under the first encryption key, so that the old keys can be thrown away."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from hubsso.crypto import CannotUnseal, is_under_first_key, reseal, sealed_columns

BATCH_ROWS = 500


@dataclass(slots=True)
class ColumnRotation:
    """What rotation did, or would do, to one column. Counts are rows; empty values do not count."""

    column: str  # such as `sso.Revision.client_secret_sealed`
    resealed: int = 0
    current: int = 0  # were under the first key already
    unreadable: int = 0  # no key we hold opens them; left as they are


def rotate_all(*, is_dry_run: bool) -> Iterator[ColumnRotation]:
    """Rotate every sealed column, one result a column as each is done. Doing it again does no harm."""
    for model, field_name in sealed_columns():
        yield rotate_column(model, field_name, is_dry_run=is_dry_run)


def rotate_column(model: type[models.Model], field_name: str, *, is_dry_run: bool) -> ColumnRotation:
    """Seal one column's values with the first key, in batches, each a transaction of its own."""
    rotation = ColumnRotation(f"{model._meta.label}.{field_name}")
    rows = model._base_manager.exclude(**{field_name: ""}).order_by("pk").values_list("pk", field_name)
    batch = list(rows[:BATCH_ROWS])
    while batch:
        with transaction.atomic():
            for pk, sealed in batch:
                _rotate_value(rotation, model, field_name, pk, sealed, is_dry_run=is_dry_run)
        batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH_ROWS])
    return rotation


def _rotate_value(
    rotation: ColumnRotation,
    model: type[models.Model],
    field_name: str,
    pk: Any,
    sealed: str,
    *,
    is_dry_run: bool,
) -> None:
    if is_under_first_key(sealed):
        rotation.current += 1
        return
    try:
        resealed = reseal(sealed)
    except CannotUnseal:
        rotation.unreadable += 1
        return
    rotation.resealed += 1
    if not is_dry_run:
        # Not the row but the very text that was read: a value changed meanwhile is newer, and already current.
        model._base_manager.filter(pk=pk, **{field_name: sealed}).update(**{field_name: resealed})
