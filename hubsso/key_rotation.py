"""Bringing every secret at rest under the first encryption key, so that the old keys can be thrown away.

Secrets are in `SealedField` columns, which are found, and in texts inside other apps' JSON columns, which
whoever seals them makes known by `register_json_secret`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models, transaction

from hubsso.crypto import CannotUnseal, is_under_first_key, reseal, sealed_columns

BATCH_ROWS = 500


class SecretPlace(Protocol):
    """A place where every row may hold one sealed text."""

    @property
    def label(self) -> str: ...

    def secrets(self) -> "models.QuerySet[Any, tuple[Any, str]]":
        """(primary key, sealed text) of the rows that hold one, by primary key."""

    def replace(self, *, pk: Any, sealed: str, resealed: str) -> None:
        """Write `resealed` where `sealed` still is: a text changed meanwhile is newer, and already current."""


@dataclass(frozen=True, slots=True)
class SecretColumn:
    """A `SealedField`."""

    model: type[models.Model]
    field_name: str

    @property
    def label(self) -> str:
        return f"{self.model._meta.label}.{self.field_name}"

    def secrets(self) -> "models.QuerySet[Any, tuple[Any, str]]":
        rows = self.model._base_manager.exclude(**{self.field_name: ""})
        return rows.order_by("pk").values_list("pk", self.field_name)

    def replace(self, *, pk: Any, sealed: str, resealed: str) -> None:
        rows = self.model._base_manager.filter(pk=pk, **{self.field_name: sealed})
        rows.update(**{self.field_name: resealed})


@dataclass(frozen=True, slots=True)
class JSONSecret:
    """A sealed text under a key of the objects in a JSON column."""

    model: type[models.Model]
    field_name: str
    key: str

    @property
    def label(self) -> str:
        return f"{self.model._meta.label}.{self.field_name}.{self.key}"

    def secrets(self) -> "models.QuerySet[Any, tuple[Any, str]]":
        rows = self.model._base_manager.filter(**{f"{self.field_name}__has_key": self.key})
        return rows.order_by("pk").values_list("pk", f"{self.field_name}__{self.key}")

    def replace(self, *, pk: Any, sealed: str, resealed: str) -> None:
        row = self.model._base_manager.select_for_update().filter(pk=pk).first()
        if row is None:
            return
        data: dict[str, Any] = getattr(row, self.field_name)
        if data.get(self.key) == sealed:
            data[self.key] = resealed
            row.save(update_fields=[self.field_name])


_json_secrets: dict[str, JSONSecret] = {}


def register_json_secret(model: type[models.Model], field_name: str, key: str) -> None:
    """Have rotation look after a sealed text that is no column of its own. Doing it again does no harm."""
    place = JSONSecret(model, field_name, key)
    _json_secrets[place.label] = place


def secret_places() -> list[SecretPlace]:
    """Everywhere that secrets are at rest."""
    columns = [SecretColumn(model, field_name) for model, field_name in sealed_columns()]
    return [*columns, *_json_secrets.values()]


@dataclass(slots=True)
class Rotation:
    """What rotation did, or would do, in one place. Counts are rows; empty values do not count."""

    place: str  # such as `sso.Revision.client_secret_sealed`
    resealed: int = 0
    current: int = 0  # were under the first key already
    unreadable: int = 0  # no key we hold opens them; left as they are


def rotate_all(*, is_dry_run: bool) -> Iterator[Rotation]:
    """Rotate every place, one result each as it is done. Doing it again does no harm."""
    for place in secret_places():
        yield rotate(place, is_dry_run=is_dry_run)


def rotate(place: SecretPlace, *, is_dry_run: bool) -> Rotation:
    """Seal one place's texts with the first key, in batches, each a transaction of its own."""
    rotation = Rotation(place.label)
    rows = place.secrets()
    batch = list(rows[:BATCH_ROWS])
    while batch:
        with transaction.atomic():
            for pk, sealed in batch:
                _rotate_text(rotation, place, pk, sealed, is_dry_run=is_dry_run)
        batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH_ROWS])
    return rotation


def _rotate_text(rotation: Rotation, place: SecretPlace, pk: Any, sealed: str, *, is_dry_run: bool) -> None:
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
        place.replace(pk=pk, sealed=sealed, resealed=resealed)
