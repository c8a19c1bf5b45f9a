"""What a trip to an IdP leaves behind: the attempt, the identity it linked, and what it may not use twice."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hubsso.crypto import SealedField
from orgs.models import Organization
from sso.models.connection import Connection, Revision
from sso.types import MessageKind, Purpose

PURPOSE_CHOICES = [
    (Purpose.LOGIN.value, pgettext_lazy("purpose of a login", "Login")),
    (Purpose.JOIN.value, pgettext_lazy("purpose of a login", "Join")),
    (Purpose.TEST.value, pgettext_lazy("purpose of a login", "Test")),
]
MESSAGE_KIND_CHOICES = [
    (MessageKind.ASSERTION.value, _("SAML assertion")),
    (MessageKind.LOGOUT_TOKEN.value, _("OIDC logout token")),
    (MessageKind.LOGOUT_REQUEST.value, _("SAML LogoutRequest")),
]

# An attempt without an end: not answered, or answered by the IdP and never fetched by the browser; and not recorded.
UNFINISHED = models.Q(models.Q(answered_at=None) | ~models.Q(ticket_hash=None), is_recorded=False)


class LoginAttempt(models.Model):
    """One trip to an IdP, single use. `state` is what the IdP hands back: OIDC `state`, SAML RelayState.

    `request_id` is the SAML AuthnRequest's ID. `ticket_hash` and `parked_sealed` are set between an IdP's answer
    by a cross-site POST, which comes without our cookie, and our own GET that finishes the login.
    """

    state = models.CharField(max_length=64, unique=True)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    browser_session = models.CharField(max_length=64)
    purpose = models.CharField(max_length=10, choices=PURPOSE_CHOICES)
    is_silent = models.BooleanField(default=False)
    next_path = models.CharField(max_length=2000, blank=True)
    nonce = models.CharField(max_length=64, blank=True)
    code_verifier = models.CharField(max_length=128, blank=True)
    request_id = models.CharField(max_length=80, null=True, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)  # the IdP's answer was taken; no second one will be
    is_recorded = models.BooleanField(default=False)  # how it ended is in the activity; never a second time
    ticket_hash = models.CharField(max_length=64, null=True, unique=True)
    parked_sealed = SealedField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["org", "expires_at"],
                name="login_attempt_unfinished",
                condition=UNFINISHED,
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.user} at {self.connection}"


class LinkedIdentity(models.Model):
    """(organisation, issuer, subject) is this user. Each side at most once per organisation."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="linked_identities")
    connection = models.ForeignKey(Connection, on_delete=models.SET_NULL, null=True, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="linked_identities"
    )
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=500)
    email = models.CharField(max_length=254, blank=True)  # as the IdP last said it; for people to read
    linked_at = models.DateTimeField(auto_now_add=True)
    last_login_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["org", "issuer", "subject"], name="linked_identity_unique_subject"
            ),
            models.UniqueConstraint(fields=["org", "user"], name="linked_identity_unique_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.org}"


class ConsumedMessage(models.Model):
    """What an IdP sent that counts once. Kept until it has expired on its own; the constraint refuses a replay."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    issuer = models.CharField(max_length=500)
    kind = models.CharField(max_length=20, choices=MESSAGE_KIND_CHOICES)
    message_id = models.CharField(max_length=300)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["org", "issuer", "kind", "message_id"], name="consumed_message_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id} of {self.issuer}"


class HeldPost(models.Model):
    """A form that met an expired SSO session, kept for the same browser until it is sent or expires."""

    token_hash = models.CharField(max_length=64, unique=True)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    browser_session = models.CharField(max_length=64)
    path = models.CharField(max_length=2000)
    fields_sealed = SealedField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.user} to {self.path}"
