"""Proofs that a browser session may enter: SSO sessions, and recovery for admins who are locked out."""

import json
from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from hubsso.crypto import SealedField, seal, unseal
from orgs.models import Organization
from sso.models.connection import Connection, Revision
from sso.models.login import LinkedIdentity
from sso.types import SessionLimit

LIMIT_CHOICES = [
    (SessionLimit.ORG_TIMEOUT.value, _("the organisation's session length")),
    (SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER.value, _("the IdP's SessionNotOnOrAfter")),
    (SessionLimit.OIDC_MAX_AGE.value, _("the time since the IdP last asked for a password (max_age)")),
    (SessionLimit.OIDC_ID_TOKEN_EXP.value, _("the ID token's expiry")),
]


class SSOSession(models.Model):
    """This browser session of this user completed SSO for this organisation, until `expires_at`.

    `org_limit_at` is when the organisation's own session length ends it; `limit` names the limit that won.
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
    logout_hint_sealed = SealedField(blank=True)  # by which a logout of ours will name it at the IdP

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["browser_session", "org"], name="sso_session_one_per_browser"),
        ]
        indexes = [models.Index(fields=["connection", "idp_session_id"], name="sso_session_by_idp_session")]

    def __str__(self) -> str:
        return f"{self.user} in {self.org} until {self.expires_at:%Y-%m-%d %H:%M}"

    @property
    def logout_hint(self) -> dict[str, str]:
        """`IdentityAssertion.logout_hint` of the login that opened it. Raises CannotUnseal."""
        if not self.logout_hint_sealed:
            return {}
        context = logout_hint_context(self.org_id, self.browser_session)
        return dict(json.loads(unseal(self.logout_hint_sealed, context=context)))


def logout_hint_context(org_id: int, browser_session: str) -> str:
    return f"sso_session:{org_id}:{browser_session}:logout_hint"


def seal_logout_hint(hint: Mapping[str, str], *, org_id: int, browser_session: str) -> str:
    """What `SSOSession.logout_hint` opens again; empty for an empty hint."""
    if not hint:
        return ""
    return seal(json.dumps(dict(hint)), context=logout_hint_context(org_id, browser_session))


class LogoutAttempt(models.Model):
    """One trip to an IdP to sign out there, single use. The SSO session ended here before it began.

    `state` is what the IdP hands back: OIDC `state`, SAML RelayState. `request_id` is the LogoutRequest's ID.
    """

    state = models.CharField(max_length=64, unique=True)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    browser_session = models.CharField(max_length=64)
    request_id = models.CharField(max_length=80, null=True, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"logout of {self.user} at {self.connection}"
