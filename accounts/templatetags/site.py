"""What every page says about the site and the viewer's browser."""

from typing import Any

from django import template
from django.conf import settings

from accounts import user_agents
from accounts.navigation import ACCOUNT
from accounts.places import place_of

register = template.Library()


@register.simple_tag
def site_name() -> str:
    """HUBSSO_SITE_NAME. A tag, not a context variable: pages rendered without a request have it too."""
    return str(settings.SITE_NAME)


@register.inclusion_tag("partials/side_nav.html", takes_context=True)
def account_navigation(context: Any) -> dict[str, Any]:
    """The navigation of one's own account."""
    return {"navigation": ACCOUNT.shown(context["request"].path)}


@register.filter
def browser_name(user_agent: str) -> str:
    return user_agents.describe(user_agent)


@register.filter
def place(ip: str | None) -> str:
    return place_of(ip)
