"""Bodies are read whole under a deadline, by few threads at a time."""

import threading
from http import HTTPStatus
from io import BytesIO
from queue import Queue
from typing import Any

import pytest

from hubsso.request_sizes import BODY_REFUSED, MAX_BODY_BYTES
from hubsso.slow_bodies import MAX_READING, MAX_READING_BY_ADDRESS, BodyGuard


class Stalled:
    """A body that comes when it is let go, and says when it is asked for."""

    def __init__(self, body: bytes = b"late") -> None:
        self.body = BytesIO(body)
        self.asked, self.let_go = threading.Event(), threading.Event()

    def read(self, size: int) -> bytes:
        self.asked.set()
        self.let_go.wait(timeout=20)
        return self.body.read(size)


class Broken:
    def read(self, size: int) -> bytes:
        raise OSError("the client is gone")


def environ(stream: Any, *, length: object = 4, address: str = "192.0.2.1") -> dict[str, Any]:
    return {"CONTENT_LENGTH": str(length), "REMOTE_ADDR": address, "wsgi.input": stream}


def served(guard: BodyGuard, environment: dict[str, Any]) -> tuple[bytes, HTTPStatus | None]:
    """What the portal behind the guard finds: the body, and why there is none."""
    guard(environment, None)
    return environment["wsgi.input"].read(), environment.get(BODY_REFUSED)


@pytest.fixture
def guard() -> BodyGuard:
    return BodyGuard(lambda environment, start_response: [], read_seconds=20)


def test_body_arrives_as_it_was_sent(guard: BodyGuard) -> None:
    assert served(guard, environ(BytesIO(b"abcdef"), length=6)) == (b"abcdef", None)


def test_body_in_pieces_is_put_together(guard: BodyGuard) -> None:
    class Pieces(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(1)

    assert served(guard, environ(Pieces(b"abcd"))) == (b"abcd", None)


@pytest.mark.parametrize("length", ["", "0", "-5", "many", MAX_BODY_BYTES + 1])
def test_body_without_a_length_or_too_long_is_not_touched(guard: BodyGuard, length: object) -> None:
    assert served(guard, environ(BytesIO(b"as it was"), length=length)) == (b"as it was", None)


@pytest.mark.parametrize("stream", [BytesIO(b"ab"), Broken()])
def test_body_that_is_cut_short_is_no_body(guard: BodyGuard, stream: Any) -> None:
    assert served(guard, environ(stream)) == (b"", HTTPStatus.BAD_REQUEST)


def test_body_that_does_not_come_is_given_up() -> None:
    guard = BodyGuard(lambda environment, start_response: [], read_seconds=0.01)
    stalled = Stalled()
    assert served(guard, environ(stalled)) == (b"", HTTPStatus.REQUEST_TIMEOUT)
    stalled.let_go.set()


class Crowd:
    """Clients whose bodies do not come until they are let go, each in a thread of the server's."""

    def __init__(self, guard: BodyGuard) -> None:
        self.guard = guard
        self.clients: list[tuple[Stalled, threading.Thread]] = []
        self.answers: Queue[tuple[bytes, HTTPStatus | None]] = Queue()

    def add(self, address: str) -> None:
        stalled = Stalled()
        environment = environ(stalled, address=address)
        thread = threading.Thread(target=lambda: self.answers.put(served(self.guard, environment)))
        self.clients.append((stalled, thread))
        thread.start()

    def first_answer(self) -> tuple[bytes, HTTPStatus | None]:
        return self.answers.get(timeout=10)

    def let_go(self) -> list[tuple[bytes, HTTPStatus | None]]:
        """What the others are answered once their bodies come."""
        for stalled, _ in self.clients:
            stalled.let_go.set()
        for _, thread in self.clients:
            thread.join(timeout=10)
        return [self.answers.get_nowait() for _ in range(self.answers.qsize())]


REFUSED = (b"", HTTPStatus.SERVICE_UNAVAILABLE)


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8:0:1::{}"])
def test_one_client_may_keep_few_threads(guard: BodyGuard, address: str) -> None:
    """An IPv6 network is one client, whichever of its addresses it takes."""
    crowd = Crowd(guard)
    for number in range(MAX_READING_BY_ADDRESS + 1):
        crowd.add(address.format(number + 1))
    assert crowd.first_answer() == REFUSED
    crowd.add("2001:db8:0:2::1")  # another client is waited for meanwhile
    assert crowd.let_go() == [(b"late", None)] * (MAX_READING_BY_ADDRESS + 1)


def test_all_clients_together_leave_threads_free(guard: BodyGuard) -> None:
    crowd = Crowd(guard)
    for number in range(MAX_READING + 1):
        crowd.add(f"192.0.2.{number}")
    assert crowd.first_answer() == REFUSED
    assert crowd.let_go() == [(b"late", None)] * MAX_READING


def test_body_that_is_there_is_taken_however_many_are_waited_for(guard: BodyGuard) -> None:
    crowd = Crowd(guard)
    for number in range(MAX_READING + 1):
        crowd.add(f"192.0.2.{number}")
    assert crowd.first_answer() == REFUSED
    for address in ("198.51.100.1", "192.0.2.0"):
        assert served(guard, environ(BytesIO(b"mine"), address=address)) == (b"mine", None)
    crowd.let_go()
