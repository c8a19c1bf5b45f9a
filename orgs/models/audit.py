"""The audit log's table. It is written by `orgs.audit.record` only; nobody edits or deletes an entry.

Code that tries is refused here. What Django itself does when an organisation or an account is deleted still works:
it goes by the base manager, and so do the database's own rules. An organisation that keeps its log for so many days
only has the older entries deleted by a door of its own (`AuditEvent.delete_oldest`).
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

    @classmethod
    def delete_oldest(cls, org: Organization, *, before_seq: int, limit: int) -> int:
        """The one way to delete entries: for `orgs.audit_retention`, the oldest ones, as many as `limit`."""
        old = cls._base_manager.filter(org=org, seq__lt=before_seq).order_by("seq")
        keys = list(old.values_list("pk", flat=True)[:limit])
        cls._base_manager.filter(pk__in=keys).delete()
        return len(keys)


class AuditCounter(models.Model):
    """The last `seq` an organisation gave out. Its row is the lock under which events are numbered."""

    org = models.OneToOneField(Organization, on_delete=models.CASCADE, primary_key=True, related_name="+")
    last_seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.org_id}: {self.last_seq}"
