"""System checks of the queue: `check --database default` says when nobody works on what waits."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import Error
from django.utils import timezone

from hubsso.jobs.state import queue_state

WAITS_TOO_LONG_SECONDS = 15 * 60


@register(Tags.database)
def somebody_works(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """jobs.W001: what waits has waited for long. Only where the check is told to ask the database."""
    if not databases or "default" not in databases:
        return []
    try:
        state = queue_state(now=timezone.now())
    except Error:  # before the first migration; other checks say so
        return []
    if state.oldest_seconds < WAITS_TOO_LONG_SECONDS:
        return []
    minutes = int(state.oldest_seconds // 60)
    return [
        Warning(
            f"{state.waiting} background jobs wait, one of them for {minutes} minutes.",
            hint="Run `manage.py work` beside the server, and look into its log.",
            id="jobs.W001",
        )
    ]
