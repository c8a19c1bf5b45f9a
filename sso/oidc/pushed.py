"""Authorization requests that are pushed to the OP before the browser goes there: RFC 9126 ("PAR").

Where the OP asks for it. The browser then carries the client ID and a reference alone.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from hubsso.net import FetchedResponse
from sso.models import Revision
from sso.oidc import transport
from sso.oidc.client_authentication import post_as_client
from sso.oidc.discovery import ProviderMetadata
from sso.oidc.errors import IdPUnreachable, PushedRequestInvalid, PushedRequestRefused

MAX_REQUEST_URI_LENGTH = 1000
_REQUEST_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+\Z"
)  # absolute, and of no character that needs care
_REFUSALS = transport.Refusals(
    "The answer to the pushed authorization request", unreachable=IdPUnreachable, invalid=PushedRequestInvalid
)
_HINTS = {
    "invalid_client": " Compare the client ID, and how the client authenticates, with what the IdP has.",
    "invalid_request": " Compare the callback URL with the one registered at the IdP.",
}


def push(
    parameters: Mapping[str, str], *, revision: Revision, metadata: ProviderMetadata, now: datetime
) -> dict[str, str]:
    """Push the parameters (2.1); returns those for the browser instead (4).

    Raises IdPUnreachable, PushedRequestRefused, PushedRequestInvalid, or what `post_as_client` raises.
    """
    response = post_as_client(
        metadata.pushed_request_endpoint,
        parameters,
        _REFUSALS,
        revision=revision,
        metadata=metadata,
        now=now,
    )
    if response.status not in (HTTPStatus.CREATED, HTTPStatus.OK):
        raise _refusal(response)
    return {"client_id": revision.client_id, "request_uri": _request_uri(response)}


def _request_uri(response: FetchedResponse) -> str:
    """2.2: a URI, which lives for a while."""
    answer = transport.object_in(response, _REFUSALS)
    request_uri, seconds = answer.get("request_uri"), answer.get("expires_in")
    if (
        not isinstance(request_uri, str)
        or len(request_uri) > MAX_REQUEST_URI_LENGTH
        or not _REQUEST_URI.match(request_uri)
    ):
        raise PushedRequestInvalid(f"{_REFUSALS.what} holds no usable request_uri.")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
        raise PushedRequestInvalid(f"{_REFUSALS.what} does not say how long its request_uri lives.")
    return request_uri


def _refusal(response: FetchedResponse) -> PushedRequestRefused:
    error = transport.error_code(response)
    return PushedRequestRefused(
        f"The IdP refused the pushed authorization request with status {response.status}, {error}."
        + _HINTS.get(error, ""),
        status=response.status,
        idp_error=error,
    )
