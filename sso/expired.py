"""Rows that expired long ago go by the way, a few with each new one of their kind.

Anybody can have such rows written, so they must not fill a table, daily `prune` or not.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import models, transaction

# Deleted with each new row: more than one, so that the table shrinks back.
MAX_ROWS = 20


@transaction.atomic(savepoint=False)
def delete_some(
    model: type[models.Model],
    *,
    before: datetime,
    first: Callable[[models.QuerySet[Any]], None] | None = None,
) -> None:
    """Delete the oldest few that expired before then. One query by the index of `expires_at`; two if there are any.

    `first` is given those that go. Rows that another request is deleting are left to it: two that delete the same
    ones would wait in turns.
    """
    expired = model._default_manager.filter(expires_at__lt=before).order_by("expires_at")
    if database.features.has_select_for_update_skip_locked:
        expired = expired.select_for_update(skip_locked=True)
    some = list(expired.values_list("pk", flat=True)[:MAX_ROWS])
    if some:
        rows = model._default_manager.filter(pk__in=some)
        if first is not None:
            first(rows)
        rows.delete()
