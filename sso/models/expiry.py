"""What is known of certificates, keys and secrets that expire: when one was last used, and which warnings went out."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from orgs.models import Organization
from sso.models.connection import Connection
from sso.types import ExpiringKind

EXPIRING_KIND_CHOICES = [
    (ExpiringKind.CERTIFICATE.value, _("The identity provider's certificate")),
    (ExpiringKind.KEY_PAIR.value, _("Our own certificate")),
    (ExpiringKind.CLIENT_SECRET.value, _("The client secret")),
]


class CertificateUse(models.Model):
    """When a certificate of the IdP last verified a login, to the hour; `fingerprint` as pages show it."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="certificate_uses", db_index=False
    )
    fingerprint = models.CharField(max_length=95)
    last_used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "fingerprint"], name="certificate_use_once")
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint} at {self.connection}"


class ExpiryWarning(models.Model):
    """A warning that was mailed: `days` before the end of what `name` names (a fingerprint, a revision's uid)."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=EXPIRING_KIND_CHOICES)
    name = models.CharField(max_length=95)
    days = models.PositiveIntegerField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["org", "connection", "kind", "name", "days"], name="expiry_warning_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection}: {self.kind} {self.name} in {self.days} days"
