"""Links that hand one connection's set-up over to a colleague without an account."""

import uuid

from django.conf import settings
from django.db import models

from orgs.models import Organization
from sso.models.connection import Connection


class HandOver(models.Model):
    """A link by which somebody without an account enters the IdP's values of one connection. Token as a hash."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="hand_overs")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="hand_overs")
    token_hash = models.CharField(max_length=64, unique=True)
    recipient = models.CharField(max_length=200)  # who it is for, in the admin's words
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    drafts_saved = models.PositiveIntegerField(default=0)
    told_at = models.DateTimeField(null=True)  # when the admins were last written to about a save
    saved_since_told = models.PositiveSmallIntegerField(default=0)  # that save among them

    def __str__(self) -> str:
        return f"{self.connection} for {self.recipient}"
