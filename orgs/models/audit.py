"""The audit log's table. It is written by `orgs.audit.record` only; nobody edits or deletes an entry.

Code that tries is refused here. What Django itself does when an organisation or an account is deleted still works:
it goes by the base manager, and so do the database's own rules.
"""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from orgs.models.organization import Organization


class AppendOnly(Exception):
    """Somebody wants to change or delete an entry of the audit log: a mistake in the code."""


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Reads and adds; changes and deletes nothing."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class AuditEvent(models.Model):
    """One thing that happened in an organisation: who, what, when, from where.

    `seq` counts within the organisation. Pages go by (org, seq), and where they are filtered by the same with the
    event or the actor before it: every index leads to one organisation's events, so that a dormant organisation is
    read as fast as a busy one.
    """

    org = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="audit_events", db_index=False
    )
    seq = models.BigIntegerField()
    event = models.CharField(max_length=60)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    actor_label = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=40, blank=True)
    data = models.JSONField(default=dict)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "seq"], name="audit_event_unique_seq")]
        indexes = [
            models.Index(fields=["org", "event", "seq"], name="audit_event_by_event"),
            models.Index(fields=["actor", "org", "seq"], name="audit_event_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.org_id}/{self.seq} {self.event}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry. Raises AppendOnly for one that is there already."""
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly


class AuditCounter(models.Model):
    """The last `seq` an organisation gave out. Its row is the lock under which events are numbered."""

    org = models.OneToOneField(Organization, on_delete=models.CASCADE, primary_key=True, related_name="+")
    last_seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.org_id}: {self.last_seq}"
