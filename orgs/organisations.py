"""Making, changing, renaming and deleting organisations."""

import logging

from django.db import IntegrityError, transaction

from accounts.models import User
from orgs import audit
from orgs.errors import SlugTaken
from orgs.models import Membership, Organization, RetiredSlug
from orgs.roles import Role, RoleSource

logger = logging.getLogger(__name__)

# Words that stand where a slug would stand in a URL.
RESERVED_SLUGS = frozenset({"new"})


@transaction.atomic
def create_organisation(
    *, name: str, slug: str, creator: User, description: str = "", is_by_operator: bool = False
) -> Organization:
    """Make an organisation whose first admin is `creator`, also where an operator makes it. Raises SlugTaken."""
    org = Organization(name=name, slug=slug, description=description)
    _save_with_slug(org)
    Membership.objects.create(org=org, user=creator, role=Role.ADMIN, role_source=RoleSource.MANUAL)
    data = {"name": name, "slug": slug}
    if is_by_operator:
        data["member"] = audit.label_of(creator)
    audit.record("org.create", org=org, actor=None if is_by_operator else creator, data=data)
    return org


@transaction.atomic
def update_organisation(
    *, org: Organization, name: str, description: str, default_role: Role, actor: User | None
) -> Organization:
    """Change an organisation's profile and the role that new members get."""
    changes = {"name": name, "description": description, "default_role": default_role.value}
    before = {field: getattr(org, field) for field in changes}
    if before == changes:
        return org
    for field, value in changes.items():
        setattr(org, field, value)
    org.save(update_fields=list(changes))
    audit.record("org.update", org=org, actor=actor, data=_differences(before, changes))
    return org


@transaction.atomic
def rename_organisation(*, org: Organization, slug: str, actor: User) -> Organization:
    """Give the organisation another slug. The old one redirects and stays its own. Raises SlugTaken."""
    org = Organization.objects.select_for_update(no_key=True).get(pk=org.pk)
    former = org.slug
    if slug == former:
        return org
    org.slug = slug
    _save_with_slug(org)
    RetiredSlug.objects.filter(org=org, slug=slug).delete()
    RetiredSlug.objects.create(org=org, slug=former)
    audit.record("org.rename", org=org, actor=actor, data={"address": {"from": former, "to": slug}})
    return org


@transaction.atomic
def delete_organisation(*, org: Organization, actor: User) -> None:
    """Delete an organisation with all it owns, its audit log included; the server's log keeps a line."""
    logger.info("org.delete", extra={"org_uid": str(org.uid), "org_slug": org.slug, "user_id": actor.pk})
    org.resources.all().delete()  # a resource protects its group, also from a cascade
    org.delete()


def current_slug(retired: str) -> str | None:
    """The slug today of the organisation that once had the slug `retired`."""
    return RetiredSlug.objects.filter(slug=retired).values_list("org__slug", flat=True).first()


def _save_with_slug(org: Organization) -> None:
    """Save, and only then look whether the slug was somebody's: whoever retires it meanwhile is seen."""
    if org.slug in RESERVED_SLUGS:
        raise SlugTaken
    try:
        with transaction.atomic():
            org.save()
    except IntegrityError:
        raise SlugTaken from None
    if RetiredSlug.objects.filter(slug=org.slug).exclude(org=org).exists():
        raise SlugTaken


def _differences(before: dict[str, str], after: dict[str, str]) -> dict[str, dict[str, str]]:
    return {
        field: {"from": before[field], "to": value}
        for field, value in after.items()
        if before[field] != value
    }
