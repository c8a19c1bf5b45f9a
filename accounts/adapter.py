"""Where allauth asks us: redirects, mail and the client's address."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.encoding import force_str
from django.utils.http import url_has_allowed_host_and_scheme

from hubsso.request_context import client_ip


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Ties allauth to `BASE_URL` and `SITE_NAME`: a forged Host changes neither mails nor redirects."""

    def is_safe_url(self, url: str | None) -> bool:
        """Only our own pages: a path, or an address under `BASE_URL`."""
        base = urlsplit(settings.BASE_URL)
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={base.netloc}, require_https=base.scheme == "https"
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose guesses are counted. Behind a proxy that does not say, nobody can be told apart: refused."""
        ip = client_ip(request)
        if ip is None:
            raise PermissionDenied("the client's address is unknown")
        return ip

    def format_email_subject(self, subject: str) -> str:
        return f"[{settings.SITE_NAME}] {force_str(subject)}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail whose links and whose site name come from the settings, not from the request."""
        context = {
            key: on_base_url(value) if key.endswith("_url") else value for key, value in context.items()
        }
        site = {"name": settings.SITE_NAME, "domain": urlsplit(settings.BASE_URL).netloc}
        super().send_mail(template_prefix, email, {**context, "current_site": site})


def on_base_url(url: str) -> str:
    """The same page under `BASE_URL`, whatever host the request named."""
    parts = urlsplit(url)
    return settings.BASE_URL + parts._replace(scheme="", netloc="").geturl()
