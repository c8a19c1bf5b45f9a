"""Following the portal's own links, to one page of each URL name."""

from collections import deque
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.urls import resolve
from playwright.sync_api import Page

from tests.e2e.visitor import Visitor

# Links that begin a journey to an IdP, and those that are no page.
NOT_FOLLOWED = frozenset(
    {"sso:start", "sso:draft_test", "sso:key_certificate", "mfa_download_recovery_codes", "sso:unlinked_csv"}
)


def walk(visitor: Visitor, start: str, *, within: str = "/") -> Iterator[str]:
    """Open the pages that links lead to from `start`, each URL name once; yields the name while it is open."""
    seen: set[str] = set()
    waiting = deque([start])
    while waiting:
        path = waiting.popleft()
        name = resolve(path).view_name
        if name in seen or name in NOT_FOLLOWED:
            continue
        seen.add(name)
        answer = visitor.page.goto(path)
        assert answer is not None
        assert answer.status == 200, f"{path} answered {answer.status}"
        waiting += [link for link in links_on(visitor.page) if link.startswith(within)]
        yield name


def links_on(page: Page) -> list[str]:
    """The paths that the page links to within the portal."""
    urls: list[str] = page.locator("a[href]").evaluate_all("links => links.map(link => link.href)")
    here = urlsplit(page.url).netloc
    return [urlsplit(url).path for url in urls if urlsplit(url).netloc == here]
