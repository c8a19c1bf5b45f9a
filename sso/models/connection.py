"""An organisation's link to one IdP: the connection, its revisions and its mappings."""

import json
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from hubsso.crypto import SealedField, seal, unseal
from hubsso.text import validate_one_line
from orgs.models import Organization, ResourceGroup
from orgs.roles import Role
from sso.types import ClientAuthentication, ResponseMode, SSOProtocol

PROTOCOL_CHOICES = [(SSOProtocol.OIDC.value, "OpenID Connect"), (SSOProtocol.SAML.value, "SAML 2.0")]
CLIENT_AUTHENTICATION_CHOICES = [
    (ClientAuthentication.CLIENT_SECRET.value, _("Client secret")),
    (ClientAuthentication.PRIVATE_KEY_JWT.value, _("Signed with our key (private_key_jwt)")),
]
RESPONSE_MODE_CHOICES = [
    (ResponseMode.QUERY.value, _("In the address (query)")),
    (ResponseMode.FORM_POST.value, _("As a form (form_post)")),
]


class Connection(models.Model):
    """One IdP of an organisation. `uid` is in the URLs given to the IdP and never changes.

    What the IdP vouches for is here: matching e-mail domains, role mapping, group mapping. They take effect at
    the next login. How the IdP is reached and trusted is in a `Revision`.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="connections")
    name = models.CharField(max_length=60, validators=[validate_one_line])
    protocol = models.CharField(max_length=10, choices=PROTOCOL_CHOICES)
    vendor = models.CharField(max_length=20, default="generic")  # whose words the set-up guide uses
    is_enabled = models.BooleanField(default=True)
    email_domains = models.JSONField(default=list, blank=True)
    role_mapping_enabled = models.BooleanField(default=False)
    role_attribute = models.CharField(max_length=200, blank=True)
    group_mapping_enabled = models.BooleanField(default=False)
    group_attribute = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "name"], name="connection_unique_name")]

    def __str__(self) -> str:
        return self.name


class Revision(models.Model):
    """One version of a connection's configuration. Only `status` and its dates change after it was saved."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Live")
        RETIRED = "retired", _("Retired")

    class Binding(models.TextChoices):
        REDIRECT = "redirect", "HTTP-Redirect"
        POST = "post", "HTTP-POST"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_by_label = models.CharField(max_length=300, blank=True)  # who saved it without an account
    created_at = models.DateTimeField(auto_now_add=True)
    live_since = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    # Live on trial: unless confirmed by then, the revision that this one replaced serves again.
    confirm_by = models.DateTimeField(null=True)
    replaced = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")

    # OIDC `issuer`, SAML entity ID of the IdP: compared exactly with what the IdP says.
    issuer = models.CharField(max_length=500)

    # OpenID Connect
    client_id = models.CharField(max_length=300, blank=True)
    client_secret_sealed = SealedField(blank=True)
    client_secret_expires_on = models.DateField(null=True, blank=True)  # where the admin knows it
    client_authentication = models.CharField(
        max_length=20, choices=CLIENT_AUTHENTICATION_CHOICES, default=ClientAuthentication.CLIENT_SECRET
    )
    response_mode = models.CharField(max_length=10, choices=RESPONSE_MODE_CHOICES, default=ResponseMode.QUERY)
    signing_algorithms = models.JSONField(default=list, blank=True)  # of the OP; empty: all that we take
    more_scopes = models.CharField(max_length=200, blank=True)  # beside those that every login asks for
    max_age_seconds = models.PositiveIntegerField(null=True, blank=True)
    follow_id_token_expiry = models.BooleanField(default=False)

    # SAML
    sso_url = models.CharField(max_length=500, blank=True)
    sso_binding = models.CharField(max_length=10, choices=Binding.choices, default=Binding.REDIRECT)
    certificates = models.JSONField(default=list, blank=True)  # PEM texts, any of which may have signed
    sign_requests = models.BooleanField(default=False)
    want_encrypted = models.BooleanField(default=False)  # refuse an assertion that came in the clear
    force_authn = models.BooleanField(default=False)
    authn_context_classes = models.JSONField(default=list, blank=True)  # requested, any of them will do
    slo_url = models.CharField(max_length=500, blank=True)
    slo_response_url = models.CharField(max_length=500, blank=True)  # where it differs from `slo_url`
    slo_binding = models.CharField(max_length=10, choices=Binding.choices, default=Binding.REDIRECT)
    metadata_url = models.CharField(max_length=500, blank=True)  # read again from time to time
    email_attribute = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "number"], name="revision_unique_number"),
            models.UniqueConstraint(
                fields=["connection"],
                condition=models.Q(status="live"),
                name="revision_one_live_per_connection",
            ),
            models.UniqueConstraint(
                fields=["connection"],
                condition=models.Q(status="draft"),
                name="revision_one_draft_per_connection",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection} r{self.number} ({self.status})"

    @property
    def client_secret(self) -> str:
        """The secret in the clear, for the token request only. Raises CannotUnseal."""
        return (
            unseal(self.client_secret_sealed, context=self._secret_context)
            if self.client_secret_sealed
            else ""
        )

    def seal_client_secret(self, secret: str) -> None:
        self.client_secret_sealed = seal(secret, context=self._secret_context)

    @property
    def _secret_context(self) -> str:
        return f"revision:{self.org_id}:{self.uid}:client_secret"


class RevisionTest(models.Model):
    """How a test login through a revision ended. `details` lists checks and findings, no token or secret.

    `claims_sealed` holds what the IdP said of the person, for as long as a refusal's trace is kept.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="tests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    passed = models.BooleanField()
    code = models.CharField(max_length=60, blank=True)
    details = models.JSONField(default=dict)
    claims_sealed = SealedField(blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["revision", "-at"], name="revision_test_recent")]

    def __str__(self) -> str:
        return f"{self.revision}: {'passed' if self.passed else self.code}"

    @property
    def claims(self) -> list[dict[str, Any]]:
        """What the IdP said: `name`, `values` and `uses` of each claim. Raises CannotUnseal."""
        if not self.claims_sealed:
            return []
        return list(json.loads(unseal(self.claims_sealed, context=self._claims_context)))

    def seal_claims(self, claims: list[dict[str, Any]]) -> None:
        """Once the row has its key, which the seal is bound to."""
        self.claims_sealed = seal(json.dumps(claims), context=self._claims_context)

    @property
    def _claims_context(self) -> str:
        return f"revision_test:{self.org_id}:{self.pk}:claims"


class RoleRule(models.Model):
    """A value of the role attribute and the role it gives."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="role_rules")
    value = models.CharField(max_length=300)
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["connection", "value"], name="role_rule_unique_value")]

    def __str__(self) -> str:
        return f"{self.value} gives {self.role}"


class GroupRule(models.Model):
    """A value of the group attribute and the seat it gives in a resource group."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="group_rules")
    value = models.CharField(max_length=300)
    group = models.ForeignKey(ResourceGroup, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "value", "group"], name="group_rule_unique_value")
        ]

    def __str__(self) -> str:
        return f"{self.value} gives {self.role} in {self.group}"
