"""What is fuzzed: each target takes the bytes of one document and raises where the oracle is broken.

A document that is refused by the catalogue is as good as one that is taken. Nothing here needs a fuzzer, so that
the suite replays seeds and findings through the very same functions.
"""

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime

from tests.fuzz.folders import TARGET_NAMES
from tests.fuzz.oracle import check_metadata, check_preflight

MAX_CPU_SECONDS = {"saml_preflight": 0.25, "idp_metadata": 1.0}
TRIES = 3  # another process may have taken the cache, or the garbage collector come by
NOW = datetime(2026, 1, 1, tzinfo=UTC)  # the seeds' certificates are valid then


class TooSlow(AssertionError):
    """One document took more CPU than it may."""


def saml_preflight(xml: bytes) -> bool:
    """A posted response, as far as anybody is asked about a key. Was it let through?"""
    return check_preflight(base64.b64encode(xml).decode()) is not None


def idp_metadata(xml: bytes) -> bool:
    """An IdP's metadata, as an admin or a refresh brings it. Was it let through?"""
    return check_metadata(xml, now=NOW) is not None


TARGETS: dict[str, Callable[[bytes], bool]] = {
    name: {"saml_preflight": saml_preflight, "idp_metadata": idp_metadata}[name] for name in TARGET_NAMES
}


def timed(target: Callable[[bytes], bool], xml: bytes) -> bool:
    """The target's answer. Raises TooSlow, by this thread's own CPU, and whatever the target raises."""
    limit = MAX_CPU_SECONDS[target.__name__]
    for _ in range(TRIES):
        started = time.thread_time()
        was_taken = target(xml)
        if time.thread_time() - started <= limit:
            return was_taken
    raise TooSlow(f"more than {limit} s of CPU, {TRIES} times")
