"""Where an OP's endpoints are: OpenID Connect Discovery 1.0 ("Discovery"), kept for a while by issuer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop

from hubsso import net
from sso.oidc import transport
from sso.oidc.errors import (
    ClientAuthenticationUnsupported,
    DiscoveryInvalid,
    DiscoveryIssuerMismatch,
    DiscoveryUnreachable,
    IssuerURLInvalid,
    shown,
)
from sso.oidc.fetched import FetchedDocuments

CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - names of ways to authenticate
CLIENT_SECRET_POST = "client_secret_post"  # noqa: S105
PRIVATE_KEY_JWT = "private_key_jwt"
WELL_KNOWN_PATH = "/.well-known/openid-configuration"
FRESH_FOR = timedelta(minutes=10)
DEAD_AFTER = timedelta(hours=1)
ASK_AGAIN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMetadata:
    """What we use of an OP's discovery document, checked. Endpoints that are optional may be ""."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""  # RP-Initiated Logout 2.1; "" also where it can't be used
    token_auth_methods: tuple[str, ...] = (CLIENT_SECRET_BASIC,)  # of those we know, in the order to try them
    id_token_algorithms: tuple[str, ...] = ()  # as announced; () from an OP that does not say
    response_modes: tuple[str, ...] = ()  # as announced; () from an OP that does not say
    scopes: tuple[str, ...] = ()  # as announced, which need not be all (Discovery 3)
    sends_iss_parameter: bool = False  # RFC 9207, 3
    pushed_request_endpoint: str = ""  # RFC 9126, 5; "" where requests need not be pushed


_REFUSALS = transport.Refusals(
    "The discovery document", unreachable=DiscoveryUnreachable, invalid=DiscoveryInvalid
)

_KNOWN_AUTH_METHODS = (CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, PRIVATE_KEY_JWT)

_documents: FetchedDocuments[ProviderMetadata] = FetchedDocuments("discovery")
forget_all = _documents.clear


def provider_metadata(issuer: str, *, now: datetime) -> ProviderMetadata:
    """The OP's metadata, at most 10 minutes old, or an hour while the OP does not answer.

    Raises what `check_issuer` raises.
    """
    held = _documents.get(issuer)
    if held is None or now - held.fetched_at >= DEAD_AFTER:
        return _ask(issuer, now=now, patience=net.logins)
    if now - held.fetched_at < FRESH_FOR or now - held.asked_at < ASK_AGAIN_AFTER:
        return held.document
    if not _documents.mark_asked(issuer, seen=held, now=now):
        return held.document
    try:
        return _ask(issuer, now=now, patience=net.logins)
    except DiscoveryUnreachable:
        return held.document


def held_metadata(issuer: str) -> ProviderMetadata | None:
    """What this process knows of the OP, however old, without asking it."""
    held = _documents.get(issuer)
    return held.document if held else None


def check_issuer(issuer: str, *, now: datetime) -> ProviderMetadata:
    """Ask the OP now, whatever is held. For the settings form, whose errors show `admin_detail` beside the field.

    Raises IssuerURLInvalid, DiscoveryUnreachable, DiscoveryInvalid, DiscoveryIssuerMismatch or
    ClientAuthenticationUnsupported.
    """
    return _ask(issuer, now=now, patience=net.lookups)


def _ask(issuer: str, *, now: datetime, patience: net.Patience) -> ProviderMetadata:
    metadata = _read(
        transport.get_object(discovery_url(issuer), _REFUSALS, issuer=issuer, patience=patience), issuer
    )
    _documents.put(issuer, metadata, now=now)
    return metadata


def discovery_url(issuer: str) -> str:
    """Discovery 4.1: a terminating slash of the issuer is left out before the path. Raises IssuerURLInvalid."""
    _check_issuer_url(issuer)
    return issuer.rstrip("/") + WELL_KNOWN_PATH


def _check_issuer_url(issuer: str) -> None:
    """Discovery 2 and 3: https, a host, perhaps a port and a path; no query and no fragment."""
    if issuer.rstrip("/").endswith(WELL_KNOWN_PATH):
        raise IssuerURLInvalid(f"Enter the issuer alone, without {WELL_KNOWN_PATH} at its end.")
    try:
        net.check_url(issuer)
    except net.UrlNotAllowed as error:
        raise IssuerURLInvalid(error.detail) from error
    if "?" in issuer:
        raise IssuerURLInvalid(gettext_noop("The issuer must not have a query (?...)."))


def _read(document: Mapping[str, Any], issuer: str) -> ProviderMetadata:
    _check_same_issuer(document.get("issuer"), issuer)
    _check_offers_code_flow(document)
    return ProviderMetadata(
        issuer=issuer,
        authorization_endpoint=_endpoint(document, "authorization_endpoint"),
        token_endpoint=_endpoint(document, "token_endpoint"),
        jwks_uri=_endpoint(document, "jwks_uri"),
        userinfo_endpoint=_optional_endpoint(document, "userinfo_endpoint"),
        end_session_endpoint=_endpoint_if_usable(document, "end_session_endpoint"),
        token_auth_methods=_token_auth_methods(document),
        id_token_algorithms=_words(document, "id_token_signing_alg_values_supported", ()),
        response_modes=_words(document, "response_modes_supported", ()),
        scopes=_words(document, "scopes_supported", ()),
        sends_iss_parameter=document.get("authorization_response_iss_parameter_supported") is True,
        pushed_request_endpoint=_pushed_request_endpoint(document),
    )


def _check_same_issuer(announced: object, issuer: str) -> None:
    """Discovery 4.3: exactly the issuer that was asked."""
    if announced == issuer:
        return
    if not isinstance(announced, str):
        raise DiscoveryInvalid(gettext_noop("The discovery document has no issuer."))
    raise DiscoveryIssuerMismatch(
        f"The IdP calls itself {shown(announced)}, but the issuer here is {shown(issuer)}. "
        + _name_the_difference(announced, issuer),
        announced=announced,
    )


def _name_the_difference(announced: str, issuer: str) -> str:
    if announced == issuer + "/":
        return "Add the slash at the end: the two must be the same to the letter."
    if announced + "/" == issuer:
        return "Take away the slash at the end: the two must be the same to the letter."
    if announced.lower() == issuer.lower():
        return "Upper and lower case differ: the two must be the same to the letter."
    if announced.partition("://")[2] == issuer.partition("://")[2]:
        return "One says http, the other https: the two must be the same to the letter."
    return "The two must be the same to the letter."


def _check_offers_code_flow(document: Mapping[str, Any]) -> None:
    if "code" not in _words(document, "response_types_supported", ("code",)):
        raise DiscoveryInvalid(
            gettext_noop("The IdP does not offer the authorization code flow (response type code).")
        )


def _token_auth_methods(document: Mapping[str, Any]) -> tuple[str, ...]:
    """How we may authenticate. Basic is what an OP takes that does not say (Discovery 3)."""
    announced = _words(document, "token_endpoint_auth_methods_supported", (CLIENT_SECRET_BASIC,))
    usable = tuple(method for method in _KNOWN_AUTH_METHODS if method in announced)
    if not usable:
        raise ClientAuthenticationUnsupported(
            f"The IdP's token endpoint takes only {shown(', '.join(announced))}. We know "
            f"{', '.join(_KNOWN_AUTH_METHODS)}: let it take one of these."
        )
    return usable


def _pushed_request_endpoint(document: Mapping[str, Any]) -> str:
    """RFC 9126, 5. An endpoint that may be used, but need not be, is left alone: it is one more thing to fail."""
    if document.get("require_pushed_authorization_requests") is not True:
        return ""
    return _endpoint(document, "pushed_authorization_request_endpoint")


def _optional_endpoint(document: Mapping[str, Any], name: str) -> str:
    return _endpoint(document, name) if document.get(name) else ""


def _endpoint_if_usable(document: Mapping[str, Any], name: str) -> str:
    """An endpoint that no login needs: one that can't be used must not break any."""
    try:
        return _endpoint(document, name)
    except DiscoveryInvalid:
        return ""


def _endpoint(document: Mapping[str, Any], name: str) -> str:
    """An endpoint's URL, https as the issuer. Where it leads is for `hubsso.net` to judge, each time it is used."""
    url = document.get(name)
    if not url:
        raise DiscoveryInvalid(f"The discovery document names no {name}.")
    if not isinstance(url, str):
        raise DiscoveryInvalid(f"The discovery document's {name} is not a string.")
    try:
        net.check_url(url)
    except net.UrlNotAllowed as error:
        raise DiscoveryInvalid(f"The discovery document's {name} can't be used: {error.detail}") from error
    return url


def _words(document: Mapping[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    words = document.get(name)
    if words is None:
        return default
    if not isinstance(words, list):
        raise DiscoveryInvalid(f"The discovery document's {name} is not a list.")
    return tuple(word for word in words if isinstance(word, str))
