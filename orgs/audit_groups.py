"""The audit log's events by subject, for filters and for docs/audit-events.md. Each event is in one group."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orgs.audit import EVENTS

GROUP_TEXTS: dict[str, Promise] = {
    "organisation": _("The organisation"),
    "people": _("Members and invitations"),
    "domains": _("Domains"),
    "groups": _("Resource groups"),
    "resources": _("Resources"),
    "logins": _("Logins and sessions"),
    "settings": _("Single sign-on settings"),
    "audit": _("The audit log"),
}
_ORGANISATION = frozenset({"org.create", "org.update", "org.rename"})
# The first that fits; what fits none is about people.
_PREFIXES: Mapping[str, str] = {
    "org.group.": "groups",
    "org.resource.": "resources",
    "org.settings.": "settings",
    "org.domain.": "domains",
    "org.sso_": "logins",
    "org.audit.": "audit",
}


def group_of(event: str) -> str:
    if event in _ORGANISATION:
        return "organisation"
    return next((group for prefix, group in _PREFIXES.items() if event.startswith(prefix)), "people")


def events_in(group: str) -> list[str]:
    """In the catalogue's order; none for a group that there is not."""
    return [event for event in EVENTS if group_of(event) == group]
