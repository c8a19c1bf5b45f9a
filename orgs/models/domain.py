"""E-mail domains that an organisation proved to be its own."""

from django.conf import settings
from django.db import models

from orgs.models.organization import Organization


class Domain(models.Model):
    """A domain that an organisation claims. It counts from `verified_at` on, which a DNS TXT record has to show.

    Any number of organisations may claim one; a verified one belongs to one organisation. `failing_since` is when a
    later look-up first missed the record. `auto_join` lets accounts with a verified address in it join by the join
    link without an invitation's role.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="domains")
    name = models.CharField(max_length=253)
    challenge = models.CharField(max_length=64)
    auto_join = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    verified_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "name"], name="domain_unique_per_org"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(verified_at__isnull=False), name="domain_verified_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.org}"
