"""What an IdP last said of each member, kept sealed and for a while."""

from django.conf import settings
from django.db import models

from hubsso.crypto import SealedField
from orgs.models import Organization
from sso.models.connection import Connection


class SeenAttributes(models.Model):
    """What an IdP last said of a member, sealed: the mapping editor's suggestions and dry run read it."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    attributes_sealed = SealedField()
    groups_incomplete = models.BooleanField(default=False)
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "user"], name="seen_attributes_one_per_member")
        ]

    def __str__(self) -> str:
        return f"attributes of {self.user} from {self.connection}"
