"""Our own addresses, as an OP is told them. Never made from a request's Host."""

from django.conf import settings
from django.urls import reverse


def absolute_url(name: str, connection_uid: object) -> str:
    """The absolute URL of a route that takes a connection's uid."""
    return f"{settings.BASE_URL}{reverse(name, kwargs={'connection_uid': connection_uid})}"


def callback_url(connection_uid: object) -> str:
    """The redirect URI, to the letter the same in the authorization and the token request."""
    return absolute_url("sso:oidc_callback", connection_uid)
