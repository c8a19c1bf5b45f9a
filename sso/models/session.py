"""Proofs that a browser session may enter: SSO sessions, and recovery for admins who are locked out."""

from django.conf import settings
from django.db import models

from orgs.models import Organization
from sso.models.connection import Connection, Revision
from sso.models.login import LinkedIdentity
from sso.types import SessionLimit

LIMIT_CHOICES = [
    (SessionLimit.ORG_TIMEOUT.value, "the organisation's timeout"),
    (SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER.value, "the IdP's SessionNotOnOrAfter"),
    (SessionLimit.OIDC_MAX_AGE.value, "the time since the IdP last asked for a password (max_age)"),
    (SessionLimit.OIDC_ID_TOKEN_EXP.value, "the ID token's expiry"),
]


class SSOSession(models.Model):
    """This browser session of this user completed SSO for this organisation, until `expires_at`.

    `org_limit_at` is when the organisation's own timeout ends it; `limit` names the limit that won.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="sso_sessions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sso_sessions")
    browser_session = models.CharField(max_length=64)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    identity = models.ForeignKey(LinkedIdentity, on_delete=models.CASCADE, related_name="sso_sessions")
    idp_session_id = models.CharField(max_length=300, blank=True)  # by which an IdP's logout will name it
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    org_limit_at = models.DateTimeField()
    limit = models.CharField(max_length=40, choices=LIMIT_CHOICES)
    silent_renewal_tried = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["browser_session", "org"], name="sso_session_one_per_browser"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.org} until {self.expires_at:%Y-%m-%d %H:%M}"


class RecoveryGrant(models.Model):
    """An operator's word that an admin may open the SSO settings without SSO, once and for a short time.

    The code is stored as a hash. Redeeming it binds the grant to one browser session and starts the clock.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="recovery_grants")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
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
