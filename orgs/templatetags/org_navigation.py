"""The header with tabs, and the settings' side navigation, of the organisation a page is about."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from orgs.access import OrgAccess
from orgs.roles import Ability
from orgs.settings_navigation import SETTINGS

register = template.Library()


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    icon: str
    url: str
    is_current: bool


@register.inclusion_tag("orgs/partials/header.html", takes_context=True)
def org_header(context: Any) -> dict[str, Any]:
    """Needs a page that the gate let through: it reads `request.access`."""
    request = context["request"]
    access: OrgAccess = request.access
    return {"org": access.org, "access": access, "tabs": _tabs(access, request.path)}


@register.inclusion_tag("partials/side_nav.html", takes_context=True)
def settings_navigation(context: Any) -> dict[str, Any]:
    """The one navigation of the settings. Needs `request.access`."""
    request = context["request"]
    return {"navigation": SETTINGS.shown(request.path, org_slug=request.access.org.slug)}


@register.filter
def absolute(path: str) -> str:
    """The whole URL of one of our paths, for people to hand on. Never taken from the request."""
    return f"{settings.BASE_URL}{path}"


def _tabs(access: OrgAccess, path: str) -> list[Tab]:
    """The parts of the organisation that this viewer may open; one part alone needs no tabs."""
    home = reverse("orgs:home", args=[access.org.slug])
    if access.member is None:
        return []
    parts = [("overview", _("Overview"), "grid", home)]
    if access.can(Ability.READ):
        parts.append(("members", _("Members"), "group", f"{home}members/"))
    parts.append(("groups", _("Groups"), "shield", f"{home}groups/"))
    if access.can(Ability.MANAGE):
        parts.append(("settings", _("Settings"), "gear", f"{home}settings/"))
    current = _current_part(path.removeprefix(home))
    return [Tab(label, icon, url, is_current=part == current) for part, label, icon, url in parts]


def _current_part(rest: str) -> str:
    """Which tab a path below the organisation's home belongs to."""
    part = rest.split("/", maxsplit=1)[0]
    if part in ("members", "invitations"):
        return "members"
    if part in ("groups", "new-group"):
        return "groups"
    return "settings" if part == "settings" else "overview"
