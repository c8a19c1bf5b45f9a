"""The way back for admins whom their own IdP locked out: grants, recovery codes, and counted wrong tries."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from orgs.models import Organization


class RecoveryGrant(models.Model):
    """Leave for an admin to open the SSO settings without SSO, once and for a short time.

    It comes from an operator's code, or from one of the admin's own recovery codes (`source`). The code is stored as
    a hash. Redeeming it binds the grant to one browser session and starts the clock.
    """

    class Source(models.TextChoices):
        OPERATOR = "operator", _("A code from the portal's operator")
        OWN_CODE = "own_code", _("One of the admin's recovery codes")

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="recovery_grants")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.OPERATOR)
    code_hash = models.CharField(max_length=64, unique=True)
    redeem_until = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)
    browser_session = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["org", "user", "browser_session"], name="recovery_grant_by_browser")]

    def __str__(self) -> str:
        return f"recovery of {self.org} for {self.user}"


class RecoveryTry(models.Model):
    """A recovery code that an admin sent and that was not right, counted for as long as guessing is throttled."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"try of {self.user} to recover {self.org}"


class RecoveryCodeSet(models.Model):
    """The recovery codes that an admin made for themselves, ten at a time. New ones replace all older ones.

    `saved_at` is when the admin said that the codes are kept somewhere safe: enforcing asks for it.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()
    saved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "user"], name="recovery_code_set_one_per_admin")
        ]

    def __str__(self) -> str:
        return f"recovery codes of {self.user} for {self.org}"


class RecoveryCode(models.Model):
    """One code of a set, stored as a hash, good for one recovery session."""

    code_set = models.ForeignKey(RecoveryCodeSet, on_delete=models.CASCADE, related_name="codes")
    code_hash = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.code_set}, {'used' if self.used_at else 'unused'}"
