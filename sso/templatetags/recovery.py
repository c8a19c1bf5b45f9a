"""What a recovery session leaves out of pages: whoever is not the reader."""

from django import template

from orgs.access import OrgAccess

register = template.Library()


@register.filter
def may_read_about(access: OrgAccess, user_id: int | None) -> bool:
    """May this reader be told who an account belongs to, and what an identity provider said of it?"""
    return access.may_read_about(user_id)
