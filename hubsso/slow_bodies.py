"""Bodies that come in slowly: read under a deadline, by few threads, before a request is served.

The server hands a request over as soon as its head is there, and a thread that reads the body then waits as long as
the client likes. Without a bound, as many clients as there are threads, each sending a byte a minute, would have all
threads of a process. So a body is read here, within `READ_SECONDS`, at most `MAX_READING` at a time and
`MAX_READING_BY_ADDRESS` of one client (an IPv6 network is one); the rest of the threads stay free for whoever has
said all they want. Honest bodies are there with their head, or a moment later.

What remains: a client that keeps its connection open after it was answered keeps its place among the few. Two such
clients together can have all of `MAX_READING`, and then every body that comes to the process is refused (503, to
come again). A proxy in front that reads bodies whole before it passes them on, as nginx does unless it is told
otherwise, takes that from them.

What goes wrong is noted in the WSGI environment, and `request_sizes` answers it as it answers other bodies that
are not taken.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from io import BytesIO
from typing import Any

from hubsso.request_context import client_ip_in
from hubsso.request_sizes import BODY_REFUSED, MAX_BODY_BYTES, length_in
from hubsso.throttle import counted_as

READ_SECONDS = 10.0
# Beside those of hubsso.net.patience, within the threads of the start command.
MAX_READING = 12
MAX_READING_BY_ADDRESS = 6

Environment = dict[str, Any]
Application = Callable[[Environment, Any], Iterable[bytes]]


class BodyGuard:
    """A WSGI application in front of the portal's. Gives it every body whole, or none and the reason."""

    def __init__(self, application: Application, *, read_seconds: float = READ_SECONDS) -> None:
        self.application = application
        self.read_seconds = read_seconds
        self._reading: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environ: Environment, start_response: Any) -> Iterable[bytes]:
        if not 0 < length_in(environ) <= MAX_BODY_BYTES:  # of a larger one nothing is read at all
            return self.application(environ, start_response)
        address = client_ip_in(environ)
        client = counted_as(address) if address else "unknown"
        if not self._begin(client):
            _give(environ, HTTPStatus.SERVICE_UNAVAILABLE)
            return self.application(environ, start_response)
        coming = _ComingBody(environ["wsgi.input"], length_in(environ))
        body = coming.within(self.read_seconds)
        _give(environ, HTTPStatus.REQUEST_TIMEOUT if body is None else body)
        if body is None:
            response = self.application(environ, start_response)
            return _OpenUntilRead(response, coming, then=lambda: self._end(client))
        self._end(client)
        return self.application(environ, start_response)

    def _begin(self, client: str) -> bool:
        with self._lock:
            if self._reading.total() >= MAX_READING or self._reading[client] >= MAX_READING_BY_ADDRESS:
                return False
            self._reading[client] += 1
            return True

    def _end(self, client: str) -> None:
        with self._lock:
            self._reading[client] -= 1
            if not self._reading[client]:
                del self._reading[client]


class _ComingBody:
    """A body that another thread reads: WSGI knows no timeout."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream, self._length = stream, length
        self._body: bytes | HTTPStatus | None = None
        self._reader = threading.Thread(target=self._read, name="body-reader", daemon=True)
        self._reader.start()

    def within(self, seconds: float | None) -> bytes | HTTPStatus | None:
        """The body, the status of why there is none, or None for one that has not come yet."""
        self._reader.join(seconds)
        return self._body

    def _read(self) -> None:
        parts: list[bytes] = []
        missing = self._length
        try:
            while missing and (part := self._stream.read(missing)):
                parts.append(part)
                missing -= len(part)
        except OSError:
            missing = self._length
        self._body = HTTPStatus.BAD_REQUEST if missing else b"".join(parts)


class _OpenUntilRead:
    """The answer to a body that was given up: sent at once, but not over before the reader is.

    granian 2.8 waits for a read that is under way when a request is over, and keeps the interpreter's lock meanwhile:
    the whole process would stand still for as long as the client likes.
    """

    def __init__(self, response: Iterable[bytes], coming: _ComingBody, *, then: Callable[[], None]) -> None:
        self._response, self._coming, self._then = response, coming, then

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        try:
            if hasattr(self._response, "close"):
                self._response.close()
        finally:
            self._coming.within(None)
            self._then()


def _give(environ: Environment, body: bytes | HTTPStatus) -> None:
    if isinstance(body, HTTPStatus):
        environ[BODY_REFUSED], body = body, b""
        environ["CONTENT_LENGTH"] = "0"
    environ["wsgi.input"] = BytesIO(body)
