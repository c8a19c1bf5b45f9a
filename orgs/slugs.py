"""Slugs that are made from a title and need only be free within their organisation."""

from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from orgs.models import Resource, ResourceGroup

MAX_LENGTH = 40
_TRIES = 5

S = TypeVar("S", Resource, ResourceGroup)


def create_with_free_slug(row: S, *, siblings: QuerySet[S], wanted: str) -> S:
    """Save a new row under the slug `wanted`, or `wanted-2` and so on, whichever its siblings leave free."""
    for _ in range(_TRIES - 1):
        row.slug = _free_slug(siblings, wanted)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            continue  # somebody took it meanwhile
        return row
    row.slug = _free_slug(siblings, wanted)
    row.save(force_insert=True)
    return row


def _free_slug(siblings: QuerySet[S], wanted: str) -> str:
    base = wanted[: MAX_LENGTH - 5].strip("-_").replace("_", "-")
    taken = set(siblings.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    return next(slug for n in range(2, len(taken) + 3) if (slug := f"{base}-{n}") not in taken)
