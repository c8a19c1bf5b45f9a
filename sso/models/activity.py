"""What came of logins: a record of each for the activity page, counts per hour, and how a connection is doing."""

from django.conf import settings
from django.db import models
from django.utils.translation import pgettext_lazy

from orgs.models import Organization
from sso.explaining.causes import Cause, cause_of
from sso.models.connection import Connection
from sso.models.login import PURPOSE_CHOICES
from sso.types import LoginOutcome

LOGIN_OUTCOME_CHOICES = [
    (LoginOutcome.OK.value, pgettext_lazy("login", "Passed")),
    (LoginOutcome.FAILED.value, pgettext_lazy("login", "Refused")),
    (LoginOutcome.ABANDONED.value, pgettext_lazy("login", "Abandoned")),
]


class LoginRecord(models.Model):
    """How one login ended. `code` is the refusal's, `reference` leads to its trace while that is kept."""

    org = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="login_records", db_index=False
    )
    connection = models.ForeignKey(
        Connection, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_index=True)
    purpose = models.CharField(max_length=10, choices=PURPOSE_CHOICES)
    outcome = models.CharField(max_length=10, choices=LOGIN_OUTCOME_CHOICES)
    code = models.CharField(max_length=60, blank=True)
    reference = models.CharField(max_length=20, blank=True)
    is_silent = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["org", "id"], name="login_record_by_org"),
            models.Index(fields=["org", "outcome", "id"], name="login_record_by_outcome"),
            models.Index(fields=["org", "purpose", "id"], name="login_record_by_purpose"),
            models.Index(fields=["org", "code", "id"], name="login_record_by_code"),
            models.Index(fields=["connection", "id"], name="login_record_by_connection"),
            models.Index(fields=["org", "user", "id"], name="login_record_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.user}: {self.outcome}"

    @property
    def cause(self) -> Cause:
        """Why it was refused, in words."""
        return cause_of(self.code)


class LoginCount(models.Model):
    """How many logins of a connection ended in one way within one hour. Charts and rankings read these alone."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()  # its beginning, in UTC
    purpose = models.CharField(max_length=10, choices=PURPOSE_CHOICES)
    outcome = models.CharField(max_length=10, choices=LOGIN_OUTCOME_CHOICES)
    code = models.CharField(max_length=60, blank=True)
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["org", "hour", "connection", "purpose", "outcome", "code"],
                name="login_count_once_an_hour",
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.hour} {self.outcome} {self.code}: {self.count}"


class ConnectionHealth(models.Model):
    """How a connection's logins have been going. `notice_since` is set while the admins are told that it fails."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="health")
    failures_in_a_row = models.PositiveIntegerField(default=0)
    # Of those in a row: whose was the last, and were they of more than one account, or seen by this server itself.
    last_failed_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    is_corroborated = models.BooleanField(default=False)
    last_ok_at = models.DateTimeField(null=True)
    last_failed_at = models.DateTimeField(null=True)
    last_code = models.CharField(max_length=60, blank=True)
    notice_since = models.DateTimeField(null=True)
    notice_code = models.CharField(max_length=60, blank=True)
    notified_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.connection}: {self.failures_in_a_row} failures in a row"

    @property
    def cause(self) -> Cause:
        """What is likely behind it while there is a notice."""
        return cause_of(self.notice_code)
