"""Plays a fifth of the variants of an attack (loaded with `-p` by `tests.suite`; `make unit` plays all).

A variant is a case of a parametrised test in one of the folders below. The first of each test is always played, then
every fifth: the same ones in every run, so that a failure can be repeated.
"""

from collections import Counter

import pytest

PLAY_EVERY = 5
FOLDERS = (
    "tests/attacks/",
    "tests/protocol/",
    "tests/sso/oidc/test_refusals.py",
    "tests/sso/oidc/test_backchannel_logout.py",
    "tests/sso/test_failure_lab.py",
    "tests/test_leaks.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Before the order is shuffled."""
    seen: Counter[str] = Counter()
    played: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        test, is_variant, _ = item.nodeid.partition("[")
        position = seen[test]
        seen[test] += 1
        is_left_out = is_variant and item.nodeid.startswith(FOLDERS) and position % PLAY_EVERY
        (left_out if is_left_out else played).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = played
