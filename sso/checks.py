"""Start-up checks: the gate is in place, and the demo is not in production."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register

GATE = "sso.middleware.SSOGateMiddleware"
AFTER = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)


@register(Tags.security)
def check_gate_is_installed(**kwargs: Any) -> list[Error]:
    """The gate must run, and run where it knows the session, the user and that the CSRF token was right."""
    if GATE not in settings.MIDDLEWARE:
        return [Error(f"{GATE} is missing from MIDDLEWARE: nothing is gated.", id="sso.E001")]
    position = settings.MIDDLEWARE.index(GATE)
    late = [name for name in AFTER if name not in settings.MIDDLEWARE[:position]]
    return [Error(f"{GATE} must come after {name}.", id="sso.E002") for name in late]


@register(Tags.security, deploy=True)
def check_demo_is_off(**kwargs: Any) -> list[Error]:
    """Demo IdPs let anybody in as anybody, and loopback http is for them only."""
    if settings.DEMO or settings.EGRESS_ALLOW_HTTP_LOOPBACK:
        return [Error("The demo IdPs can't be used in production.", id="sso.E003")]
    return []
