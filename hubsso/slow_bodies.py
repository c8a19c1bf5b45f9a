"""Bodies that come in slowly: read under a deadline, by few threads, before a request is served.

The server hands a request over as soon as its head is there, and a thread that reads the body then waits as long as
the client likes. Without a bound sixteen clients that send a byte a minute would have all threads of a process.
So a body is read here, within `READ_SECONDS`, at most `MAX_READING` at a time and `MAX_READING_BY_ADDRESS` of one
client (an IPv6 network is one); the rest of the threads stay free for whoever has said all they want. Honest bodies
are there with their head, or a moment later.

What remains: two clients that are slow together can have all of `MAX_READING`, and then every body that comes to the
process is refused (503, to come again). A proxy in front that reads bodies whole before it passes them on, as nginx
does unless it is told otherwise, takes that from them.

What goes wrong is noted in the WSGI environment, and `request_sizes` answers it as it answers other bodies that
are not taken.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from typing import Any

from hubsso.request_context import client_ip_in
from hubsso.request_sizes import BODY_REFUSED, MAX_BODY_BYTES, length_in
from hubsso.throttle import counted_as

READ_SECONDS = 10.0
# Beside those of hubsso.net.patience, within the threads of the start command.
MAX_READING = 5
MAX_READING_BY_ADDRESS = 3

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
        if 0 < length_in(environ) <= MAX_BODY_BYTES:  # of a larger one nothing is read at all
            self._take_body(environ)
        return self.application(environ, start_response)

    def _take_body(self, environ: Environment) -> None:
        address = client_ip_in(environ)
        client = counted_as(address) if address else "unknown"
        body: bytes | HTTPStatus = HTTPStatus.SERVICE_UNAVAILABLE
        if self._begin(client):
            try:
                body = _read_within(self.read_seconds, environ["wsgi.input"], length_in(environ))
            finally:
                self._end(client)
        if isinstance(body, HTTPStatus):
            environ[BODY_REFUSED], body = body, b""
            environ["CONTENT_LENGTH"] = "0"
        environ["wsgi.input"] = BytesIO(body)

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


def _read_within(seconds: float, stream: Any, length: int) -> bytes | HTTPStatus:
    """The body, or the status of why there is none.

    WSGI knows no timeout, so another thread has to wait. One that is given up ends when the server closes the
    connection, which it does after an answer whose request it has not read.
    """
    results: list[bytes | HTTPStatus] = []
    reader = threading.Thread(target=_read, args=(stream, length, results), name="body-reader", daemon=True)
    reader.start()
    reader.join(seconds)
    return results[0] if results else HTTPStatus.REQUEST_TIMEOUT


def _read(stream: Any, length: int, results: list[bytes | HTTPStatus]) -> None:
    parts: list[bytes] = []
    missing = length
    try:
        while missing and (part := stream.read(missing)):
            parts.append(part)
            missing -= len(part)
    except OSError:
        missing = length
    results.append(HTTPStatus.BAD_REQUEST if missing else b"".join(parts))
