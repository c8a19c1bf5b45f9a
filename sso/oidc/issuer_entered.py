"""What an admin enters as issuer: the issuer, or its discovery document's address; and what they meant instead."""

from datetime import datetime
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from hubsso import net
from sso.errors import SSOError
from sso.oidc.discovery import WELL_KNOWN_PATH, ProviderMetadata, check_issuer
from sso.oidc.errors import DiscoveryIssuerMismatch, IssuerURLInvalid, shown
from sso.revisions.corrections import Correction, better_address, use

FIELD = "issuer"


class IssuerMistaken(Exception):
    """What was entered is no issuer that answers. `correction` is what was probably meant."""

    def __init__(self, message: str, *, code: str, correction: Correction | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.correction = correction


def metadata_of(entered: str, *, now: datetime) -> ProviderMetadata:
    """Ask the OP. Its `issuer` is what was entered, or what the discovery document at that address says.

    Raises IssuerMistaken.
    """
    address = entered.rstrip("/")
    try:
        if address.endswith(WELL_KNOWN_PATH):
            return _by_discovery_url(address.removesuffix(WELL_KNOWN_PATH), now=now)
        return check_issuer(entered, now=now)
    except IssuerURLInvalid as error:
        raise IssuerMistaken(_(error.admin_detail), code=error.code, correction=_better(entered)) from error
    except DiscoveryIssuerMismatch as error:
        raise _mismatch(error, entered) from error
    except SSOError as error:
        raise IssuerMistaken(_(error.admin_detail), code=error.code) from error


def _by_discovery_url(base: str, *, now: datetime) -> ProviderMetadata:
    """An issuer with a slash at its end has the same discovery URL as one without (Discovery 4.1)."""
    try:
        return check_issuer(base, now=now)
    except DiscoveryIssuerMismatch as error:
        if error.announced.rstrip("/") != base:
            raise
        return check_issuer(error.announced, now=now)


def _better(entered: str) -> Correction | None:
    better = better_address(entered)
    return use(FIELD, better) if better != entered and _is_usable(better) else None


def _mismatch(error: DiscoveryIssuerMismatch, entered: str) -> IssuerMistaken:
    """Another host's name is named, but not offered: whoever answers here may not speak for it."""
    same_host = urlsplit(error.announced).netloc.lower() == urlsplit(entered).netloc.lower()
    correction = use(FIELD, error.announced) if same_host and _is_usable(error.announced) else None
    message = _("The discovery document says issuer %(announced)s, you entered %(entered)s.") % {
        "announced": shown(error.announced),
        "entered": shown(entered),
    }
    return IssuerMistaken(message, code=error.code, correction=correction)


def _is_usable(issuer: str) -> bool:
    try:
        net.check_url(issuer)
    except net.UrlNotAllowed:
        return False
    return True
