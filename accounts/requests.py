"""Who is signed in, for views that only a signed-in person reaches."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User


def signed_in_user(request: HttpRequest) -> User:
    """The request's user. Raises PermissionDenied for an anonymous one: the view forgot to ask for a login."""
    if not isinstance(request.user, User):
        raise PermissionDenied("not signed in")
    return request.user
