"""Refuses every connection and every lookup of a name that Python code of this process begins, and notes it.

Below `hubsso.net` and any other library: at the interpreter's own audit events. A database driver in C is not seen.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_NETWORK_EVENTS = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
_listening: list[list[str]] = []
_installed: list[bool] = []


class NoNetwork(OSError):
    """What code gets that tries."""


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Inside, nothing leaves. Gives the tries so far, as `event target`."""
    if not _installed:
        sys.addaudithook(_hook)  # it can't be taken out again, so it is put in once
        _installed.append(True)
    tries: list[str] = []
    _listening.append(tries)
    try:
        yield tries
    finally:
        _listening.pop()


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _listening and event in _NETWORK_EVENTS:
        _listening[-1].append(f"{event} {arguments[-1] if event == 'socket.connect' else arguments[0]}")
        raise NoNetwork(event)
