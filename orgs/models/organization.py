"""Organisations and the slugs they used to have."""

import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hubsso.text import validate_one_line
from orgs.roles import Role

SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$"
validate_slug = RegexValidator(SLUG_PATTERN, _("Use 1 to 40 lower-case letters, digits and inner hyphens."))


class Organization(models.Model):
    """An organisation. `slug` is for people and may change; `uid` is for machines and never does."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.CharField(max_length=40, unique=True, validators=[validate_slug])
    name = models.CharField(max_length=100, validators=[validate_one_line])
    description = models.CharField(max_length=300, blank=True)
    default_role = models.CharField(max_length=20, choices=Role.choices, default=Role.READ)
    audit_retention_days = models.PositiveIntegerField(null=True, blank=True)  # empty keeps entries for good
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(default_role__in=[role.value for role in Role if role is not Role.ADMIN]),
                name="organization_default_role_below_admin",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("orgs:home", args=[self.slug])


class RetiredSlug(models.Model):
    """A slug an organisation gave up: links by it redirect, and no other organisation can take it."""

    slug = models.CharField(max_length=40, primary_key=True)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="retired_slugs")
    retired_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug
