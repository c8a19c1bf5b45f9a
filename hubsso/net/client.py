"""The client: one request, one answer, under all the limits."""

import json
import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from urllib3 import BaseHTTPResponse
from urllib3 import exceptions as urllib3_errors

from hubsso.net.addresses import EgressPolicy, Resolver, policy_from_settings, system_resolver
from hubsso.net.connections import Dialer, PinnedPoolManager, deadline, remaining_seconds, tls_context
from hubsso.net.errors import (
    BadResponse,
    ConnectFailed,
    EgressError,
    RedirectRefused,
    TimedOut,
    TlsFailed,
    TooLarge,
)
from hubsso.net.targets import Target, parse_target

TOTAL_SECONDS = 10.0
MAX_BODY_BYTES = 1024 * 1024
USER_AGENT = "HubSSO"
MAX_LENGTH_DIGITS = 19  # of a Content-Length: more than any disk holds
SENDABLE_VALUE = re.compile(r"[ -~]*")
# These can be sent twice without doing anything twice.
SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class FetchedResponse:
    """What a server answered, whatever its status outside 3xx."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    url: str

    @property
    def media_type(self) -> str:
        """Such as `application/json`, without parameters; "" when the server does not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises BadResponse for anything else, whatever the media type says."""
        host = urlsplit(self.url).hostname
        try:
            value = json.loads(self.body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            said = (
                self.media_type if re.fullmatch(r"[\w.+/-]{1,60}", self.media_type) else "no known media type"
            )
            raise BadResponse(f"{host} did not answer with JSON ({said}).") from None
        if not isinstance(value, dict):
            raise BadResponse(f"{host} answered with JSON, but not with an object.")
        return value


class EgressClient:
    """Fetches under one policy with pooled connections. A process has one; tests make their own.

    `resolver` and `context` (for TLS) are the system's unless told.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        resolver: Resolver = system_resolver,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy
        self._pools = PinnedPoolManager(Dialer(policy, resolver), context or tls_context())

    def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        form: Mapping[str, str] | None = None,
        basic_auth: tuple[str, str] | None = None,
        max_bytes: int = MAX_BODY_BYTES,
        deadline_seconds: float = TOTAL_SECONDS,
    ) -> FetchedResponse:
        """One exchange, lookup to last byte within `deadline_seconds`, body of at most `max_bytes`.

        `form` is sent as application/x-www-form-urlencoded. `basic_auth` goes out as given: OAuth 2.0 (RFC 6749,
        2.3.1) wants both parts form-encoded first. A safe request whose connection is lost is sent once more.
        Raises a subclass of EgressError.
        """
        target = parse_target(url, allow_http_loopback=self.policy.allow_http_loopback)
        exchange = partial(
            self._exchange,
            method,
            url,
            target,
            headers=_request_headers(headers, form, basic_auth),
            body=body if form is None else urlencode(form).encode(),
            max_bytes=max_bytes,
        )
        with deadline(deadline_seconds):
            try:
                return exchange()
            except _ConnectionLost:
                if method not in SAFE_METHODS:
                    raise
                return exchange()

    def _exchange(
        self,
        method: str,
        url: str,
        target: Target,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        max_bytes: int,
    ) -> FetchedResponse:
        pool = self._pools.connection_from_host(target.host, target.port, target.scheme)
        try:
            response = pool.urlopen(
                method,
                target.path,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            try:
                _check_headers(response, target, max_bytes)
                content = _read_body(response, target, max_bytes)
            finally:
                response.close()  # does nothing to a connection that was read to the end: the pool has it back
        except (urllib3_errors.HTTPError, OSError) as error:
            raise _translated(error, target) from error
        answered = {name.lower(): value for name, value in response.headers.items()}
        return FetchedResponse(response.status, answered, content, url)


def fetch(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    form: Mapping[str, str] | None = None,
    basic_auth: tuple[str, str] | None = None,
    max_bytes: int = MAX_BODY_BYTES,
    deadline_seconds: float = TOTAL_SECONDS,
) -> FetchedResponse:
    """`EgressClient.fetch` by the process's own client, under the policy in the settings."""
    return _client(policy_from_settings()).fetch(
        method,
        url,
        headers=headers,
        body=body,
        form=form,
        basic_auth=basic_auth,
        max_bytes=max_bytes,
        deadline_seconds=deadline_seconds,
    )


def check_url(url: str) -> None:
    """Raise UrlNotAllowed unless `fetch` would take this URL as written. Looks nothing up; for forms."""
    parse_target(url, allow_http_loopback=policy_from_settings().allow_http_loopback)


@lru_cache(maxsize=2)
def _client(policy: EgressPolicy) -> EgressClient:
    return EgressClient(policy)


class _ConnectionLost(ConnectFailed):
    """The connection ended before an answer began, as a kept one does when the server stopped keeping it."""


def _request_headers(
    headers: Mapping[str, str] | None,
    form: Mapping[str, str] | None,
    basic_auth: tuple[str, str] | None,
) -> dict[str, str]:
    sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(headers or {})}
    if form is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    if basic_auth is not None:
        sent["Authorization"] = "Basic " + b64encode(":".join(basic_auth).encode()).decode()
    for name, value in sent.items():
        if not SENDABLE_VALUE.fullmatch(value):
            raise EgressError(f"The header {name} holds characters that can't be sent.")
    return sent


def _check_headers(response: BaseHTTPResponse, target: Target, max_bytes: int) -> None:
    if 300 <= response.status < 400:
        raise RedirectRefused(
            f"{target.host} redirects (status {response.status}). Give the final URL instead."
        )
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise BadResponse(f"{target.host} sent a compressed body although none was asked for.")
    length = response.headers.get("Content-Length", "")
    if len(length) > MAX_LENGTH_DIGITS:
        raise BadResponse(f"{target.host} states a length that can't be true.")
    if length.isdecimal() and int(length) > max_bytes:
        raise _too_large(target, max_bytes)


def _read_body(response: BaseHTTPResponse, target: Target, max_bytes: int) -> bytes:
    """The body to its end: only reading on past the last byte tells a whole body from one that was cut short."""
    content = bytearray()
    while chunk := response.read(max_bytes + 1 - len(content)):
        content += chunk
        if len(content) > max_bytes:
            raise _too_large(target, max_bytes)
    return bytes(content)


def _too_large(target: Target, max_bytes: int) -> TooLarge:
    return TooLarge(f"{target.host} sent more than {max_bytes} bytes.")


def _translated(error: Exception, target: Target) -> EgressError:
    """urllib3's and the system's errors as ours. What the server sent is never quoted."""
    causes = _causes(error)
    try:
        remaining_seconds()
    except TimeoutError:
        return _timed_out(target)
    if any(isinstance(cause, TimeoutError | urllib3_errors.TimeoutError) for cause in causes):
        return _timed_out(target)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TlsFailed(f"The certificate of {target.host} was refused: {cause.verify_message}.")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return TlsFailed(f"No TLS connection with {target.host} (port {target.port}) came about.")
    if any(isinstance(cause, ConnectionError) for cause in causes):  # RemoteDisconnected is one
        return _ConnectionLost(f"{target.host} closed the connection without an answer.")
    return BadResponse(f"{target.host} did not answer in proper HTTP, or its answer was cut short.")


def _timed_out(target: Target) -> TimedOut:
    return TimedOut(f"{target.host} did not finish its answer in time.")


def _causes(error: BaseException) -> list[BaseException]:
    """The error, and those that urllib3 wrapped in it as arguments."""
    found = [error]
    for inner in error.args:
        if isinstance(inner, BaseException):
            found += _causes(inner)
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
