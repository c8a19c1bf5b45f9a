"""The JSON shapes of an organisation, its resources and its members. Times are ISO 8601 in UTC."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from orgs.models import Membership, Organization, Resource
from orgs.paging import Page
from orgs.views.answers import absolute


def organisation(org: Organization, page: Page[Resource]) -> dict[str, Any]:
    return {
        "uid": str(org.uid),
        "slug": org.slug,
        "name": org.name,
        "description": org.description,
        "url": absolute(org.get_absolute_url()),
        "resources": [summary(resource) for resource in page.rows],
        "next": _next(reverse("orgs:home", args=[org.slug]), page.next_key),
    }


def summary(resource: Resource) -> dict[str, Any]:
    """A resource as lists show it. Needs `org` and `group` at hand."""
    return {
        "slug": resource.slug,
        "title": resource.title,
        "kind": resource.kind,
        "description": resource.description,
        "visibility": resource.visibility,
        "group": resource.group.slug if resource.group else None,
        "url": absolute(resource.get_absolute_url()),
        "updated_at": resource.updated_at.isoformat(),
    }


def full(resource: Resource) -> dict[str, Any]:
    content = {"target_url": resource.url} if resource.kind == Resource.Kind.APP else {"body": resource.body}
    return {**summary(resource), **content, "created_at": resource.created_at.isoformat()}


def members(org: Organization, page: Page[Membership], *, emails: Mapping[int, str]) -> dict[str, Any]:
    """A page of members, with the `emails` that the viewer may read, by membership."""
    return {
        "members": [_member(membership, email=emails.get(membership.pk)) for membership in page.rows],
        "next": _next(reverse("orgs:members", args=[org.slug]), page.next_key),
    }


def _member(membership: Membership, *, email: str | None) -> dict[str, Any]:
    return {
        "name": membership.user.name,
        **({"email": email} if email is not None else {}),
        "role": membership.role,
        "role_source": membership.role_source,
        "is_external_collaborator": membership.is_external_collaborator,
        "joined_at": membership.joined_at.isoformat(),
    }


def _next(path: str, next_key: int | None) -> str | None:
    return absolute(f"{path}?after={next_key}") if next_key is not None else None
