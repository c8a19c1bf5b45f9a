"""What a connection's protocol calls a thing."""

from django import template
from django.utils.translation import gettext

from sso.models import Connection
from sso.protocols import adapter_for

register = template.Library()


@register.filter
def issuer_label(connection: Connection | None) -> str:
    """What to call the name that its IdP gives itself; the general word where the connection is gone."""
    return adapter_for(connection.protocol).issuer_label if connection else gettext("Identity provider")
