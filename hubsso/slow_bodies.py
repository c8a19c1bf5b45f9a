"""Bodies that come in slowly: read under a deadline, by few threads, before a request is served.

The server hands a request over as soon as its head is there, and a thread that reads the body then waits as long as
the client likes. Without a bound sixteen clients that send a byte a minute would have all threads of a process.
So a body is read here, within `READ_SECONDS`, at most `MAX_READING` at a time and `MAX_READING_BY_ADDRESS` of one
client (an IPv6 network is one); the rest of the threads stay free for whoever has said all they want.

Honest bodies are there with their head, or a moment later: one that came within `FIRST_LOOK_SECONDS` is taken, however
many others are waited for. While more than `MAX_LOOKING` are looked for, the look is short, or many slow bodies would
keep the threads by it. So clients that are slow on purpose can have only those refused that are slow as well.

What remains: from two addresses, strangers can still have every body of a slow line refused (503, to come again), as
long as they keep at it. A proxy in front that reads bodies whole before it passes them on, as nginx does unless it is
told otherwise, knows no such few; with one, every body is there at the first look.

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

FIRST_LOOK_SECONDS = 0.2
SHORT_LOOK_SECONDS = 0.02
MAX_LOOKING = 5
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
        self._looking = 0
        self._reading: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environ: Environment, start_response: Any) -> Iterable[bytes]:
        if 0 < length_in(environ) <= MAX_BODY_BYTES:  # of a larger one nothing is read at all
            self._take_body(environ)
        return self.application(environ, start_response)

    def _take_body(self, environ: Environment) -> None:
        address = client_ip_in(environ)
        coming = _ComingBody(environ["wsgi.input"], length_in(environ))
        body = self._look(coming)
        if body is None:
            body = self._wait(coming, client=counted_as(address) if address else "unknown")
        if isinstance(body, HTTPStatus):
            environ[BODY_REFUSED], body = body, b""
            environ["CONTENT_LENGTH"] = "0"
        environ["wsgi.input"] = BytesIO(body)

    def _look(self, coming: "_ComingBody") -> bytes | HTTPStatus | None:
        with self._lock:
            self._looking += 1
            seconds = FIRST_LOOK_SECONDS if self._looking <= MAX_LOOKING else SHORT_LOOK_SECONDS
        try:
            return coming.within(seconds)
        finally:
            with self._lock:
                self._looking -= 1

    def _wait(self, coming: "_ComingBody", *, client: str) -> bytes | HTTPStatus:
        """For as long as a body may take, as one of the few."""
        if not self._begin(client):
            return HTTPStatus.SERVICE_UNAVAILABLE
        try:
            body = coming.within(self.read_seconds)
        finally:
            self._end(client)
        return HTTPStatus.REQUEST_TIMEOUT if body is None else body

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
    """A body that another thread reads: WSGI knows no timeout.

    A thread that is given up ends when the server closes the connection, which it does after an answer whose request
    it has not read.
    """

    def __init__(self, stream: Any, length: int) -> None:
        self._stream, self._length = stream, length
        self._body: bytes | HTTPStatus | None = None
        self._reader = threading.Thread(target=self._read, name="body-reader", daemon=True)
        self._reader.start()

    def within(self, seconds: float) -> bytes | HTTPStatus | None:
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
