"""What an organisation asks of its members, and what report-only mode saw."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import pgettext_lazy

from orgs.models import Organization
from sso.types import Enforcement

ENFORCEMENT_CHOICES = [
    (Enforcement.OFF.value, pgettext_lazy("enforcement", "Off")),
    (Enforcement.OPTIONAL.value, pgettext_lazy("enforcement", "Optional")),
    (Enforcement.REPORT_ONLY.value, pgettext_lazy("enforcement", "Report only")),
    (Enforcement.ENFORCED.value, pgettext_lazy("enforcement", "Enforced")),
]
MIN_SESSION_SECONDS = int(timedelta(hours=1).total_seconds())
MAX_SESSION_SECONDS = int(timedelta(days=90).total_seconds())
DEFAULT_SESSION_SECONDS = int(timedelta(days=7).total_seconds())


class SSOPolicy(models.Model):
    """An organisation's SSO rules. An organisation without a row asks nothing."""

    org = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="sso_policy"
    )
    enforcement = models.CharField(max_length=20, choices=ENFORCEMENT_CHOICES, default=Enforcement.OFF)
    session_timeout_seconds = models.PositiveIntegerField(default=DEFAULT_SESSION_SECONDS)
    # The last attributes of each member are kept, sealed, for the mapping's dry run; off forgets them.
    keeps_attributes = models.BooleanField(default=True)
    # The earliest `Revision.confirm_by` of the organisation's connections: the gate reads it with the rest.
    confirm_by = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    session_timeout_seconds__gte=MIN_SESSION_SECONDS,
                    session_timeout_seconds__lte=MAX_SESSION_SECONDS,
                ),
                name="sso_policy_timeout_1h_to_90d",
            ),
            models.CheckConstraint(
                condition=models.Q(enforcement__in=[choice for choice, _ in ENFORCEMENT_CHOICES]),
                name="sso_policy_known_enforcement",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.org}: {self.enforcement}"


class ReportedBlock(models.Model):
    """A request that enforcing would have stopped, counted per member, place and hour."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="reported_blocks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()  # its beginning, in UTC
    channel = models.CharField(max_length=10)  # html or json
    path = models.CharField(max_length=300)
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["org", "hour", "user", "channel", "path"], name="reported_block_once_an_hour"
            )
        ]

    def __str__(self) -> str:
        return f"{self.org} {self.hour} {self.path}: {self.count}"


class LinkReminder(models.Model):
    """When a member without a linked identity was last asked by mail to authenticate: at most once a day."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "user"], name="link_reminder_one_per_member")]

    def __str__(self) -> str:
        return f"{self.user} was reminded by {self.org}"
