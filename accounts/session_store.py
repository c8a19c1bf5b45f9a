"""Django's sessions in the database, and word of it when one ends.

Whatever ends a session deletes it here: a logout, another person's login in the same browser, "end" in the list of
sessions, a password that was changed elsewhere, `clearsessions`. A session that only gets another key goes on.
"""

from collections.abc import Mapping
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

# Sent before a session's row is deleted. Arguments: content (what was kept in it).
session_ending = Signal()


class SessionStore(DatabaseSessionStore):
    """`SESSION_ENGINE`. The portal is synchronous; of the asynchronous methods none is looked after."""

    _is_changing_key = False

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        row = Session.objects.filter(session_key=key).first() if key else None
        if row is None:
            return
        if not self._is_changing_key:
            _announce(row)
        row.delete()

    @transaction.atomic
    def cycle_key(self) -> None:
        """The same session under another key, at once, and for the list of sessions too."""
        former_key = self.session_key
        self._is_changing_key = True
        try:
            super().cycle_key()
        finally:
            self._is_changing_key = False
        self.save()
        UserSession.objects.filter(session_key=former_key).update(session_key=self.session_key)

    @classmethod
    def clear_expired(cls) -> None:
        for row in Session.objects.filter(expire_date__lt=timezone.now()).iterator():
            _announce(row)
            row.delete()


def _announce(row: Session) -> None:
    content: Mapping[str, Any] = row.get_decoded()
    session_ending.send(sender=SessionStore, content=content)
