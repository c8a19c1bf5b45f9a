"""How we prove to an OP that we are its client: Basic, a secret in the form, or an assertion that we sign.

OpenID Connect Core 1.0 ("Core"), 9; RFC 6749, 2.3; RFC 7523. What the OP takes is in its metadata; whether we have a
secret or sign is in the revision.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote_plus

import jwt

from hubsso.crypto import CannotUnseal, random_token
from hubsso.net import FetchedResponse
from sso import key_pairs
from sso.errors import ConfigurationUnreadable
from sso.models import Revision
from sso.oidc import published_keys, transport
from sso.oidc.discovery import (
    CLIENT_SECRET_BASIC,
    CLIENT_SECRET_POST,
    PRIVATE_KEY_JWT,
    ProviderMetadata,
)
from sso.oidc.errors import ClientAuthenticationUnsupported
from sso.types import ClientAuthentication

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME = timedelta(seconds=60)

_METHODS = {
    ClientAuthentication.CLIENT_SECRET: (CLIENT_SECRET_BASIC, CLIENT_SECRET_POST),
    ClientAuthentication.PRIVATE_KEY_JWT: (PRIVATE_KEY_JWT,),
}
_WORDS = {
    ClientAuthentication.CLIENT_SECRET: "with a client secret",
    ClientAuthentication.PRIVATE_KEY_JWT: "by a signature of ours (private_key_jwt)",
}


def usable_methods(way: str, metadata: ProviderMetadata) -> tuple[str, ...]:
    """The methods that the OP takes and `way` allows, in the order to try them.

    Raises ClientAuthenticationUnsupported, whose text says what the OP takes and what to choose.
    """
    way = ClientAuthentication(way)
    usable = tuple(method for method in metadata.token_auth_methods if method in _METHODS[way])
    if not usable:
        (other,) = set(ClientAuthentication) - {way}
        raise ClientAuthenticationUnsupported(
            f"The IdP's token endpoint takes {', '.join(metadata.token_auth_methods)}, and the connection "
            f"authenticates {_WORDS[way]}. Choose to authenticate {_WORDS[other]}."
        )
    return usable


def post_as_client(
    url: str,
    form: Mapping[str, str],
    refusals: transport.Refusals,
    *,
    revision: Revision,
    metadata: ProviderMetadata,
    now: datetime,
) -> FetchedResponse:
    """POST a form, authenticated, and return the answer, whatever its status below 500.

    An OP announces how clients may authenticate, not how this one was registered. Basic is tried first, as RFC 6749
    says, and the form where the OP takes it and refuses Basic.
    """
    first, *others = usable_methods(revision.client_authentication, metadata)
    response = _post(url, form, refusals, method=first, revision=revision, metadata=metadata, now=now)
    if others and _is_client_refused(response):
        response = _post(url, form, refusals, method=others[0], revision=revision, metadata=metadata, now=now)
    return response


def _post(
    url: str,
    form: Mapping[str, str],
    refusals: transport.Refusals,
    *,
    method: str,
    revision: Revision,
    metadata: ProviderMetadata,
    now: datetime,
) -> FetchedResponse:
    form = {**form, "client_id": revision.client_id}
    basic_auth = None
    if method == PRIVATE_KEY_JWT:
        form["client_assertion_type"] = ASSERTION_TYPE
        form["client_assertion"] = client_assertion(revision, audience=url, now=now)
    elif method == CLIENT_SECRET_POST:
        form["client_secret"] = client_secret(revision)
    else:
        # RFC 6749, 2.3.1: both parts are form-urlencoded before they are joined by a colon.
        basic_auth = quote_plus(revision.client_id), quote_plus(client_secret(revision))
    return transport.post_form(url, form, refusals, issuer=metadata.issuer, basic_auth=basic_auth)


def client_assertion(revision: Revision, *, audience: str, now: datetime) -> str:
    """A JWT by which this client, and nobody else, authenticates at `audience` (RFC 7523, 3; Core 9).

    Raises ConfigurationUnreadable.
    """
    # An OP that wants to use it elsewhere can't. The audience is always the very address it is sent to, never one
    # that the OP may choose apart from that: what its metadata say could be another OP's address, which would take
    # the assertion from whoever brings it. And key and client ID are this connection's alone: no other
    # organisation's, or other connection's, OP knows them.
    pair = key_pairs.signing_key_pair(revision.connection)
    claims = {
        "iss": revision.client_id,
        "sub": revision.client_id,
        "aud": audience,
        "jti": random_token(),
        "iat": int(now.timestamp()),
        "exp": int((now + ASSERTION_LIFETIME).timestamp()),
    }
    return jwt.encode(
        claims,
        key_pairs.private_key_of(pair),
        algorithm=published_keys.SIGNING_ALGORITHM,
        headers={"kid": published_keys.kid_of(pair)},
    )


def client_secret(revision: Revision) -> str:
    """The secret in the clear. Raises ConfigurationUnreadable."""
    try:
        return revision.client_secret
    except CannotUnseal as error:
        raise ConfigurationUnreadable(
            "The client secret can't be decrypted with the encryption keys of this portal. Enter it anew."
        ) from error


def _is_client_refused(response: FetchedResponse) -> bool:
    return response.status == HTTPStatus.UNAUTHORIZED or (
        response.status == HTTPStatus.BAD_REQUEST and transport.error_code(response) == "invalid_client"
    )
