"""Why a fetch failed. `code` is stable; `detail` is for the organisation's admin.

A detail names the host and what went wrong with it. It never quotes a path, a query, a header or a body: those
may hold credentials. It never gives an address either, or the form that takes URLs would answer questions about
the operator's private network; the address goes to the log.
"""


class EgressError(Exception):
    """Base of everything `fetch` raises for what is the URL's or the other server's doing."""

    code = "egress_failed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class UrlNotAllowed(EgressError):
    """The URL is refused as written: nothing was looked up, nothing was sent."""

    code = "url_not_allowed"


class AddressNotAllowed(EgressError):
    """The host leads to a private, loopback, link-local, metadata or otherwise special address."""

    code = "address_not_allowed"


class ConnectFailed(EgressError):
    """The name does not resolve, nobody accepts connections there, or the connection was lost."""

    code = "connect_failed"


class TlsFailed(EgressError):
    """The certificate was refused, or no TLS connection came about."""

    code = "tls_failed"


class TimedOut(EgressError):
    """The connection or the whole exchange took longer than it may."""

    code = "timed_out"


class NotAsked(EgressError):
    """Nothing was sent: the other side hangs or fails, and no further thread is made to wait for it just now."""

    code = "not_asked"


class TooLarge(EgressError):
    """The body is larger than the caller takes."""

    code = "too_large"


class RedirectRefused(EgressError):
    """The server sends us elsewhere. The URL that was checked is the only one that is fetched."""

    code = "redirect_refused"


class BadResponse(EgressError):
    """The answer is not HTTP, was cut short, is compressed, or does not hold what it should."""

    code = "bad_response"
