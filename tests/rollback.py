"""One example of a property test on the world that a fixture made: what it writes is gone afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core import mail
from django.core.cache import caches
from django.db import transaction


@contextmanager
def rolled_back() -> Iterator[None]:
    """Rows, cached counters and mails of what happens inside are undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    for cache in caches.all():
        cache.clear()
    mail.outbox.clear()
