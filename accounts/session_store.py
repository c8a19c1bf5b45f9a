"""Django's sessions in the database, and word of it when one ends.

Whatever ends a session deletes it here: a logout, another person's login in the same browser, "end" in the list of
sessions, a password that was changed elsewhere, `prune`. A session that only gets another key goes on.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
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
        content = dict(self.items())  # read while it can be found under its key
        former_key, new_key = self.session_key, self._get_new_session_key()  # type: ignore[attr-defined]
        if Session.objects.filter(session_key=former_key).update(
            session_key=new_key, session_data=self.encode(content), expire_date=self.get_expiry_date()
        ):
            self._session_key = new_key
            self.modified = True
        else:
            self._make_anew()
        UserSession.objects.filter(session_key=former_key).update(session_key=self.session_key)

    def _make_anew(self) -> None:
        """A session that was never saved, or has gone since."""
        self._is_changing_key = True
        try:
            super().cycle_key()
        finally:
            self._is_changing_key = False
        self.save()

    @classmethod
    def clear_expired(cls) -> None:
        end_expired(now=timezone.now())


def expired(*, now: datetime) -> QuerySet[Session]:
    """Sessions whose cookies are worth nothing any more."""
    return Session.objects.filter(expire_date__lt=now)


def end_expired(*, now: datetime) -> int:
    """Delete the expired sessions, each with word of it. Returns how many there were."""
    count = 0
    for row in expired(now=now).iterator():
        _announce(row)
        row.delete()
        count += 1
    return count


def _announce(row: Session) -> None:
    content: Mapping[str, Any] = row.get_decoded()
    session_ending.send(sender=SessionStore, content=content)
