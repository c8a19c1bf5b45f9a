"""Bodies are read whole under a deadline, by few threads at a time."""

import threading
from http import HTTPStatus
from io import BytesIO
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


def test_answer_to_a_body_that_was_given_up_is_not_over_before_its_reader() -> None:
    """It is sent, and the place among the few is kept as long as the client is there."""
    guard = BodyGuard(lambda environment, start_response: [b"408"], read_seconds=0.01)
    waiting = [Stalled() for _ in range(MAX_READING_BY_ADDRESS)]
    answers: list[Any] = [guard(environ(stalled), None) for stalled in waiting]
    assert [b"".join(answer) for answer in answers] == [b"408"] * MAX_READING_BY_ADDRESS
    closing = [threading.Thread(target=answer.close) for answer in answers]
    for thread in closing:
        thread.start()
    assert served(guard, environ(BytesIO(b"more"))) == (b"", HTTPStatus.SERVICE_UNAVAILABLE)
    for stalled, thread in zip(waiting, closing, strict=True):
        stalled.let_go.set()
        thread.join(timeout=10)
    assert not guard._reading


def stall(guard: BodyGuard, *, address: str) -> tuple[Stalled, threading.Thread]:
    stalled = Stalled()
    thread = threading.Thread(target=guard, args=(environ(stalled, address=address), None))
    thread.start()
    assert stalled.asked.wait(timeout=10)
    return stalled, thread


def let_go(waiting: list[tuple[Stalled, threading.Thread]]) -> None:
    for stalled, thread in waiting:
        stalled.let_go.set()
        thread.join(timeout=10)


def test_one_client_may_keep_few_threads_and_another_is_served_meanwhile(guard: BodyGuard) -> None:
    waiting = [stall(guard, address="192.0.2.1") for _ in range(MAX_READING_BY_ADDRESS)]
    assert served(guard, environ(BytesIO(b"more"))) == (b"", HTTPStatus.SERVICE_UNAVAILABLE)
    assert served(guard, environ(BytesIO(b"mine"), address="192.0.2.2")) == (b"mine", None)
    let_go(waiting)
    assert served(guard, environ(BytesIO(b"more"))) == (b"more", None)


def test_addresses_of_one_ipv6_network_are_one_client(guard: BodyGuard) -> None:
    waiting = [stall(guard, address=f"2001:db8:0:1::{number}") for number in range(MAX_READING_BY_ADDRESS)]
    neighbour = environ(BytesIO(b"more"), address="2001:db8:0:1:ffff::1")
    assert served(guard, neighbour) == (b"", HTTPStatus.SERVICE_UNAVAILABLE)
    assert served(guard, environ(BytesIO(b"mine"), address="2001:db8:0:2::1")) == (b"mine", None)
    let_go(waiting)


def test_all_clients_together_leave_threads_free(guard: BodyGuard) -> None:
    waiting = [stall(guard, address=f"192.0.2.{number}") for number in range(MAX_READING)]
    another = environ(BytesIO(b"more"), address="198.51.100.1")
    assert served(guard, another) == (b"", HTTPStatus.SERVICE_UNAVAILABLE)
    let_go(waiting)
