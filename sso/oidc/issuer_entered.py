"""What an admin enters as issuer: the issuer, or its discovery document's address; and what they meant instead."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from hubsso import net
from sso.errors import SSOError
from sso.oidc.discovery import WELL_KNOWN_PATH, ProviderMetadata, check_issuer
from sso.oidc.errors import MAX_ISSUER_LENGTH, DiscoveryIssuerMismatch, IssuerURLInvalid, shown
from sso.revisions.corrections import Correction, Offer, better_address, use

FIELD = "issuer"
# RFC 3986, 2, without what an issuer has no part for. `{tenantid}` is a blank that the OP leaves to be filled in.
_PLAIN_ISSUER = re.compile(r"[A-Za-z0-9._~:/\[\]!$&'()*+,;=%-]+")


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
        message, correction = _mismatch(error.announced, entered)
        raise IssuerMistaken(message, code=error.code, correction=correction) from error
    except SSOError as error:
        raise IssuerMistaken(_(error.admin_detail), code=error.code) from error


def offered_after(fields: Mapping[str, Any], *, entered: str) -> Offer | None:
    """The issuer that was announced to a test which found another than `entered`. `fields` are its refusal's."""
    announced = fields.get("announced_issuer")
    if not isinstance(announced, str) or announced == entered or not _may_be_offered(announced):
        return None
    return Offer(FIELD, _named_by(entered, announced), use(FIELD, announced))


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


def _mismatch(announced: str, entered: str) -> tuple[str, Correction | None]:
    """What to say of it, and the click. Whoever answers here may not speak for another host: it is asked itself
    before anything is saved, and the admin is told both names.
    """
    if not _may_be_offered(announced):
        return _said(announced, entered), None
    has_same_host = urlsplit(entered).netloc.lower() == urlsplit(announced).netloc.lower()
    message = _said(announced, entered) if has_same_host else _named_by(entered, announced)
    return message, use(FIELD, announced)


def _named_by(entered: str, announced: str) -> str:
    return _(
        "The document at %(host)s says its issuer is %(announced)s. If that is your identity provider, use it."
    ) % {"host": urlsplit(entered).netloc.lower(), "announced": announced}


def _said(announced: str, entered: str) -> str:
    return _("The discovery document says issuer %(announced)s, you entered %(entered)s.") % {
        "announced": shown(announced),
        "entered": shown(entered),
    }


def _may_be_offered(announced: str) -> bool:
    is_plain = len(announced) <= MAX_ISSUER_LENGTH and _PLAIN_ISSUER.fullmatch(announced)
    return bool(is_plain) and _is_usable(announced)


def _is_usable(issuer: str) -> bool:
    try:
        net.check_url(issuer)
    except net.UrlNotAllowed:
        return False
    return True
