"""The way from the OIDC code to the network: `hubsso.net` only, and its errors translated here, once.

Callers name two refusals: one for an OP that does not answer just now, one for an answer of no use.
`issuer` is whom a URL belongs to, wherever it leads: it pays for a server that hangs.
What the OP answered is never part of an error's text: it may repeat a secret or a code.
"""

import re
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from hubsso import net
from hubsso.telemetry import tracing
from sso.oidc.errors import OIDCError, shown
from sso.oidc.json_objects import NotAJSONObject, parse_object
from sso.watching import metrics

# The whole exchange, lookup to last byte. A member waits for up to four of them in a login.
DEADLINE_SECONDS = 10.0

# RFC 6749, 5.2: an error code is one of a few words; anything else is not shown.
_ERROR_CODE = re.compile(r"[a-z_]{1,40}\Z")

# The other side did answer, only not with what was asked for: asking again later will not help.
_ANSWERS_OF_NO_USE = (
    net.UrlNotAllowed,
    net.AddressNotAllowed,
    net.RedirectRefused,
    net.TooLarge,
    net.BadResponse,
)


@dataclass(frozen=True, slots=True)
class Refusals:
    """What is being asked for, as the errors' texts name it, and the errors to raise."""

    what: str
    unreachable: type[OIDCError]
    invalid: type[OIDCError]


def get_object(
    url: str,
    refusals: Refusals,
    *,
    issuer: str,
    patience: net.Patience = net.logins,
) -> dict[str, Any]:
    """GET a JSON object."""
    return object_in(get(url, refusals, issuer=issuer, patience=patience), refusals)


def get(
    url: str,
    refusals: Refusals,
    *,
    issuer: str,
    access_token: str | None = None,
    accept: str = "application/json",
    patience: net.Patience = net.logins,
) -> net.FetchedResponse:
    """GET something that is there: the answer has status 200."""
    headers = {"Accept": accept}
    if access_token is not None:
        headers["Authorization"] = f"Bearer {access_token}"
    response = _send("GET", url, refusals, issuer=issuer, headers=headers, patience=patience)
    if response.status != HTTPStatus.OK:
        raise refusals.invalid(f"{refusals.what} at {url} was answered with status {response.status}.")
    return response


def post_form(
    url: str,
    form: Mapping[str, str],
    refusals: Refusals,
    *,
    issuer: str,
    basic_auth: tuple[str, str] | None = None,
) -> net.FetchedResponse:
    """POST a form and return the answer, whatever its status below 500."""
    return _send("POST", url, refusals, issuer=issuer, form=form, basic_auth=basic_auth)


def object_in(response: net.FetchedResponse, refusals: Refusals) -> dict[str, Any]:
    """The JSON object that a response holds."""
    try:
        return parse_object(response.body)
    except NotAJSONObject as error:
        kind = f", but {shown(response.media_type)}" if response.media_type != "application/json" else ""
        raise refusals.invalid(f"{refusals.what} at {response.url} is {error}{kind}.") from None


def error_code(response: net.FetchedResponse) -> str:
    """What the OP says is wrong, by its error code only: its description may repeat the code or the secret."""
    try:
        error = parse_object(response.body).get("error")
    except NotAJSONObject:
        error = None
    return error if isinstance(error, str) and _ERROR_CODE.match(error) else "no error code"


def wait_for(answered: threading.Event, refusals: Refusals, *, issuer: str) -> None:
    """Wait until another thread's exchange with the OP is over, as long as one may take.

    Raises `unreachable` if it takes longer, or if too many wait for this OP already.
    """
    try:
        with net.logins.waiting(issuer):
            is_over = answered.wait(DEADLINE_SECONDS)
    except net.NotAsked as error:
        raise refusals.unreachable(
            f"{refusals.what} can't be fetched: {error.detail}", reason=error.code
        ) from error
    if not is_over:
        raise refusals.unreachable(f"{refusals.what} can't be fetched: it takes too long.")


def _measured(refusals: Refusals) -> AbstractContextManager[None]:
    """Under a label such as `token_endpoint`."""
    words = refusals.what.lower().removeprefix("the ").removesuffix("'s answer")
    return metrics.idp_request(words.replace(" ", "_"))


def _send(
    method: str,
    url: str,
    refusals: Refusals,
    *,
    issuer: str,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    basic_auth: tuple[str, str] | None = None,
    patience: net.Patience = net.logins,
) -> net.FetchedResponse:
    try:
        with (
            tracing.span("idp.request", asked_for=refusals.what),
            _measured(refusals),
            patience.asking(issuer, url),
        ):
            response = net.fetch(
                method,
                url,
                headers={"Accept": "application/json", **(headers or {})},
                form=form,
                basic_auth=basic_auth,
                deadline_seconds=DEADLINE_SECONDS,
            )
    except net.EgressError as error:
        refusal = refusals.invalid if isinstance(error, _ANSWERS_OF_NO_USE) else refusals.unreachable
        raise refusal(f"{refusals.what} can't be fetched: {error.detail}", reason=error.code) from error
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise refusals.unreachable(
            f"{refusals.what} at {url} was answered with status {response.status}.", status=response.status
        )
    return response
