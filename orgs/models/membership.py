"""Who belongs to an organisation, with which role, and who has been asked to."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from accounts.models import User
from hubsso.domain_names import validate_email_domain
from orgs.models.organization import Organization
from orgs.roles import Role, RoleSource

MAX_LISTED_AS = 410  # a name, a space, an address


def listed_as(user: User) -> str:
    """What lists sort a member by: the name, then the e-mail address, which also tells namesakes apart."""
    return f"{user.name} {user.email}".strip().casefold()[:MAX_LISTED_AS]


class Membership(models.Model):
    """A user in an organisation.

    `fallback_role` is the role of the invitation that brought them in: role mapping falls back to it, then to
    the organisation's default role. `role_detail` says in words which rule gave a mapped role.

    `listed_as` is the user's name and e-mail address in lower case: lists of an organisation sort by it and search in
    it by an index of their own. `orgs.signals` keeps it so. `last_sso_at` is when they last passed the organisation's
    single sign-on.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    role_source = models.CharField(max_length=20, choices=RoleSource.choices, default=RoleSource.MANUAL)
    role_detail = models.TextField(blank=True)
    fallback_role = models.CharField(max_length=20, choices=Role.choices, null=True, blank=True)
    is_external_collaborator = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)
    listed_as = models.CharField(max_length=MAX_LISTED_AS, editable=False)
    last_sso_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "org"], name="membership_unique"),
            models.CheckConstraint(
                condition=~models.Q(role=Role.ADMIN, is_external_collaborator=True),
                name="membership_admin_is_no_collaborator",
            ),
        ]
        indexes = [
            models.Index(fields=["org", "id"], name="membership_by_org"),
            models.Index(fields=["org", "listed_as", "id"], name="membership_by_name"),
            models.Index(fields=["org", "last_sso_at", "id"], name="membership_by_last_sso"),
            models.Index(fields=["org", "role", "listed_as", "id"], name="membership_by_role"),
            models.Index(
                fields=["org", "id"],
                condition=models.Q(is_external_collaborator=True),
                name="membership_collaborators",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.org}: {self.role}"


class RemovedMember(models.Model):
    """Somebody whom an admin took out: they join by no domain until they are invited or added again."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="removed_members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "org"], name="removed_member_unique")]

    def __str__(self) -> str:
        return f"{self.user} removed from {self.org}"


class Invitation(models.Model):
    """An e-mail address asked to join. The link's token is stored as a hash; expiry is decided at use.

    Whoever accepts an invitation with `is_external_collaborator` joins as one, also while SSO is enforced.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254, validators=[validate_email_domain])
    role = models.CharField(max_length=20, choices=Role.choices)
    is_external_collaborator = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("org", Lower("email"), name="invitation_unique_per_org"),
            models.CheckConstraint(
                condition=~models.Q(role=Role.ADMIN, is_external_collaborator=True),
                name="invitation_admin_is_no_collaborator",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.org}"
