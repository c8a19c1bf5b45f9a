"""What an organisation owns: Markdown pages and app tiles, optionally in a resource group."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hubsso.text import validate_one_line
from orgs.managers import ResourceQuerySet
from orgs.models.membership import Membership
from orgs.models.organization import Organization, validate_slug
from orgs.roles import Role, RoleSource


class ResourceGroup(models.Model):
    """A named set of resources, closed to all but its own members and the organisation's admins."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="resource_groups")
    name = models.CharField(max_length=100, validators=[validate_one_line])
    slug = models.CharField(max_length=40, validators=[validate_slug])
    description = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "slug"], name="resource_group_unique_slug")]

    def __str__(self) -> str:
        return self.name


class ResourceGroupSeat(models.Model):
    """A member's place in a resource group. Manual and mapped seats stand side by side; the higher role counts."""

    SOURCES = [
        (source.value, source.label) for source in (RoleSource.MANUAL, RoleSource.IDP, RoleSource.SCIM)
    ]

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="resource_group_seats")
    group = models.ForeignKey(ResourceGroup, on_delete=models.CASCADE, related_name="seats")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="group_seats")
    role = models.CharField(max_length=20, choices=Role.choices)
    source = models.CharField(max_length=20, choices=SOURCES, default=RoleSource.MANUAL)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "group", "source"], name="resource_group_seat_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.membership} in {self.group}"


class Resource(models.Model):
    """A page (`body` is Markdown) or an app (`url` is where its tile leads)."""

    class Kind(models.TextChoices):
        PAGE = "page", _("Page")
        APP = "app", _("App")

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Public")
        PRIVATE = "private", _("Private")

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="resources")
    group = models.ForeignKey(
        ResourceGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="resources"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    slug = models.CharField(max_length=40, validators=[validate_slug])
    title = models.CharField(max_length=150, validators=[validate_one_line])
    description = models.CharField(max_length=300, blank=True)
    body = models.TextField(blank=True, max_length=200_000)
    url = models.URLField(blank=True, max_length=500, validators=[URLValidator(schemes=["https", "http"])])
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "slug"], name="resource_unique_slug")]
        indexes = [models.Index(fields=["org", "-updated_at"], name="resource_by_org_recent")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("orgs:resource", args=[self.org.slug, self.slug])

    @property
    def url_host(self) -> str:
        """Where an app's tile leads, as people say it."""
        return urlsplit(self.url).hostname or ""
