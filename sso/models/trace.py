"""Refusals, kept for a week so that an admin can look up the reference a member was shown."""

from django.conf import settings
from django.db import models

from hubsso.crypto import SealedField
from orgs.models import Organization
from sso.models.connection import Connection, Revision
from sso.models.login import PURPOSE_CHOICES


class RefusalTrace(models.Model):
    """Why somebody was refused: a code of the catalogue, the detail for admins, no secret, token or assertion."""

    reference = models.CharField(max_length=20, unique=True)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="refusal_traces")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, null=True, related_name="+")
    revision = models.ForeignKey(Revision, on_delete=models.SET_NULL, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    purpose = models.CharField(max_length=10, choices=PURPOSE_CHOICES, blank=True)
    code = models.CharField(max_length=60)
    admin_detail = models.TextField()
    fields = models.JSONField(default=dict)
    steps = models.JSONField(default=list)  # of the decision, or the checks before it: title, outcome, text
    claims_sealed = SealedField(blank=True)  # what the IdP said, where the login got that far
    request_id = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["org", "-at"], name="refusal_trace_recent")]

    def __str__(self) -> str:
        return f"{self.reference}: {self.code}"
