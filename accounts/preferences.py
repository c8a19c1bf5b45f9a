"""What a signed-in person has set holds for all that is said to them: their language and their time zone.

Both are known with the account, and take effect when something asks for it, so that a request that is answered
without asking who it is from costs no query. What renders a page with a request asks first (`know_the_reader`).
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.time_zones import zone_of


class PreferencesMiddleware:
    """Makes the account bring its language and time zone along. A request without a session has none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            request.user = SimpleLazyObject(lambda: _with_preferences(request))  # type: ignore[assignment]
        with timezone.override(None):
            return self.get_response(request)


def know_the_reader(request: HttpRequest) -> dict[str, object]:
    """A context processor: no text of a page is put into words before it is known for whom."""
    if settings.SESSION_COOKIE_NAME in request.COOKIES and hasattr(request, "user"):
        bool(request.user.is_authenticated)
    return {}


def _with_preferences(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    user = get_user(request)
    if isinstance(user, User):
        if user.language and translation.check_for_language(user.language):
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        timezone.activate(zone_of(request, user))
    return user
