"""Where allauth asks us: redirects, mail and the client's address."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.emails import account_of
from accounts.letters import letter_for
from accounts.models import User
from hubsso.domain_names import validate_email_domain
from hubsso.mail import post, reading_as
from hubsso.request_context import known_client_ip


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Ties allauth to `BASE_URL` and `SITE_NAME`: a forged Host changes neither mails nor redirects."""

    def is_safe_url(self, url: str | None) -> bool:
        """Only our own pages: a path, or an address under `BASE_URL`."""
        base = urlsplit(settings.BASE_URL)
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={base.netloc}, require_https=base.scheme == "https"
        )

    def clean_email(self, email: str) -> str:
        """At sign-up and for a further address. Raises ValidationError."""
        validate_email_domain(email)
        return email

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose guesses are counted."""
        return known_client_ip(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Which account is guessed at, whichever of its addresses was typed and whatever Host was asked.

        allauth's own key holds the Host: each made-up port in it would begin a new count.
        """
        email = str(credentials.get("email", "")).lower()
        user_id = account_of(email)
        return f"account:{user_id}" if user_id is not None else f"email:{email}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send the letter of a prefix, with links that come from the settings, not from the request.

        In the language and time zone that the account has set, else in those of the request: whoever asks for a
        mail from another browser does not choose how it is read. Where mail is sent at once it raises what the mail
        server says.
        """
        context = {
            key: on_base_url(value) if key.endswith("_url") else value for key, value in context.items()
        }
        with reading_as(_reader(email, context)):
            post(letter_for(template_prefix, context), to=email, is_awaited=True)


def _reader(email: str, context: dict[str, Any]) -> User | None:
    """Whose account a letter is about; None where there is none."""
    user = context.get("user")
    if isinstance(user, User):
        return user
    user_id = account_of(email)
    return None if user_id is None else User.objects.filter(pk=user_id).first()


def on_base_url(url: str) -> str:
    """The same page under `BASE_URL`, whatever host the request named."""
    parts = urlsplit(url)
    return settings.BASE_URL + parts._replace(scheme="", netloc="").geturl()
