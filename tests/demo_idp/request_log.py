"""What the server was asked, for tests to look at. Holds no secrets: they are replaced by a mark."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

HIDDEN = "(hidden)"
SECRET_FIELDS = frozenset({"client_secret", "client_assertion"})


@dataclass(frozen=True, kw_only=True)
class LoggedRequest:
    """One request. `endpoint` is its name in `app.ROUTES`, such as `token` or `saml_sso`."""

    method: str
    path: str
    tenant: str | None
    endpoint: str | None
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    auth_method: str | None = None
    """`client_secret_basic`, `client_secret_post`, `private_key_jwt`, `bearer`, or None for none of these."""
    status: int = 0


class RequestLog:
    """The requests so far, oldest first. A request is here once it has been answered."""

    def __init__(self) -> None:
        self._entries: list[LoggedRequest] = []
        self._lock = threading.Lock()

    def add(self, entry: LoggedRequest) -> None:
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def to(self, endpoint: str, tenant: str | None = None) -> list[LoggedRequest]:
        """The requests to one endpoint, of one tenant or of all."""
        return [entry for entry in self if entry.endpoint == endpoint and tenant in {None, entry.tenant}]

    def __iter__(self) -> Iterator[LoggedRequest]:
        with self._lock:
            return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)


def log_entry(request: Request, *, tenant: str | None, endpoint: str | None, status: int) -> LoggedRequest:
    """What the log keeps of a request."""
    return LoggedRequest(
        method=request.method,
        path=request.path,
        tenant=tenant,
        endpoint=endpoint,
        query=request.args.to_dict(),
        form=_form(request),
        auth_method=_auth_method(request),
        status=status,
    )


def _auth_method(request: Request) -> str | None:
    kind = request.headers.get("Authorization", "").partition(" ")[0].lower()
    if kind == "basic":
        return "client_secret_basic"
    if kind == "bearer":
        return "bearer"
    form = _form(request)
    if "client_assertion" in form:
        return "private_key_jwt"
    return "client_secret_post" if "client_secret" in form else None


def _form(request: Request) -> dict[str, str]:
    try:
        fields = request.form.to_dict()
    except HTTPException:  # too large to be read; it was answered with 413
        return {}
    return {name: HIDDEN if name in SECRET_FIELDS else value for name, value in fields.items()}
