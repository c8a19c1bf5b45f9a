"""Where a browser is sent, in a word that people can compare with their address bar: the host of the IdP."""

from urllib.parse import urlsplit

from django.db.models import F, Value
from django.db.models.functions import Coalesce, NullIf

from sso.models import Revision

# Of a revision, in a query: where SAML requests go, else the issuer.
IDP_ADDRESS = Coalesce(NullIf(F("sso_url"), Value("")), F("issuer"))


def idp_host(revision: Revision) -> str:
    """The host that a login through this revision goes to; empty where its address names none."""
    return host_of(revision.sso_url or revision.issuer)


def host_of(address: str) -> str:
    """The host in an address; empty for one that can't be read, or is none (a URN)."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
