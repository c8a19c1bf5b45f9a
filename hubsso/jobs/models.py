"""What the queue does not hold itself: when a periodic job is due, and the letters that wait to be sent."""

import json
import uuid
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from hubsso.crypto import SealedField, seal, unseal


class QueuedJob(DBTaskResult[Any, Any]):
    """The library's row, under a name that operators know it by."""

    class Meta:
        proxy = True
        verbose_name = _("job")
        verbose_name_plural = _("jobs")

    def __str__(self) -> str:
        return self.task_path


class PeriodicJob(models.Model):
    """When a job that is due again and again is due next. Whoever moves `next_run_at` on enqueues it."""

    name = models.CharField(_("name"), max_length=200, primary_key=True)
    next_run_at = models.DateTimeField(_("next run"))
    last_run_at = models.DateTimeField(_("last enqueued"), null=True)

    class Meta:
        verbose_name = _("periodic job")
        verbose_name_plural = _("periodic jobs")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class OutgoingLetter(models.Model):
    """A mail that waits in the queue; sealed, for its link may let somebody in. Deleted once it is sent."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    content_sealed = SealedField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="outgoing_letter_age")]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def content(self) -> dict[str, Any]:
        """What was sealed. Raises CannotUnseal."""
        content: dict[str, Any] = json.loads(unseal(self.content_sealed, context=self._context))
        return content

    @content.setter
    def content(self, content: dict[str, Any]) -> None:
        """Words that are yet to be translated are, into the language that is active."""
        self.content_sealed = seal(json.dumps(content, cls=DjangoJSONEncoder), context=self._context)

    @property
    def _context(self) -> str:
        return f"letter:{self.uid}:content"
