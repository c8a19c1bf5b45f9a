"""One demo and one browser for all browser tests; a visitor, without a past, for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.demo.launcher import RunningDemo, running_demo
from tests.e2e.browser import find_browser
from tests.e2e.visitor import Visitor, visiting

NewVisitor = Callable[..., Visitor]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The portal on localhost and the IdPs on 127.0.0.1: two sites to the browser, so SameSite counts."""
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="session")
def browser_path() -> str:
    path = find_browser()
    assert path is not None, "There is no browser: run `make browser`."
    return path


@pytest.fixture(scope="session")
def browser(browser_path: str) -> Iterator[Browser]:
    """Playwright's loop runs in this very thread, which Django takes for a coroutine's unless it is told."""
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=browser_path)
        yield browser
        browser.close()


@pytest.fixture
def new_visitor(browser: Browser, demo: RunningDemo) -> Iterator[NewVisitor]:
    """Makes visitors; at the end none of them may have met an error in the console."""
    visitors: list[Visitor] = []
    with ExitStack() as contexts:

        def make(**options: Any) -> Visitor:
            visitor = contexts.enter_context(visiting(browser, demo.portal, **options))
            visitors.append(visitor)
            return visitor

        yield make
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    return new_visitor()
