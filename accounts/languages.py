"""In which language a page is answered: as the person has set it, else as this browser chose, else as it asks.

A page for anonymous viewers is the same bytes for everyone who reads one language, so it varies by what the
browser asks for and by the cookie of its choice, and nothing on it leads anybody to a cookie.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

AS_THE_BROWSER_ASKS = ""
CHOICE_SECONDS = 365 * 24 * 3600
MAX_PATH_LENGTH = 2000


def choices() -> list[tuple[str, object]]:
    """What a person may set: (code, name in its own language), after "as the browser asks"."""
    return [(AS_THE_BROWSER_ASKS, _("As my browser asks")), *settings.LANGUAGES]


class AskedLanguageMiddleware(LocaleMiddleware):
    """The language of this browser: its own choice (a cookie), else what it asks for."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response = super().process_response(request, response)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["Cookie"])
        return response


def remember(response: HttpResponse, *, language: str) -> None:
    """Keep `language` for this browser, also while nobody is signed in; "" is for what the browser asks."""
    if language == AS_THE_BROWSER_ASKS:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=CHOICE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def page_before(request: HttpRequest) -> str:
    """The path of ours that the browser came from; the start page where it came from elsewhere or does not say."""
    referer = urlsplit(request.headers.get("Referer", ""))
    if referer.netloc != request.get_host():
        return "/"
    return own_path(referer._replace(scheme="", netloc="", fragment="").geturl())


def own_path(path: str) -> str:
    """`path` if it is a path of this site, else that of the start page."""
    is_plain = path.startswith("/") and not path.startswith("//") and len(path) <= MAX_PATH_LENGTH
    is_ours = is_plain and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_ours and not any(letter < " " or letter in "\\\x7f" for letter in path) else "/"
