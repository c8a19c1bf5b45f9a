"""These tests need what `tests.interop.run` installs: they are collected only where `-m interop` asks for them."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """True leaves a file out; None leaves the question to others."""
    return None if "interop" in str(config.getoption("markexpr")) else True
