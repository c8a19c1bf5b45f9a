"""Who is answered with JSON instead of a page."""

import pytest
from django.test import RequestFactory

from hubsso.negotiation import wants_json

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json", True),
        ("application/json, text/html;q=0.9", True),
        ("text/html, application/json", False),
        (BROWSER, False),
        ("*/*", False),
        ("text/csv", False),
    ],
)
def test_json_is_for_clients_that_prefer_it(accept: str, expected: bool) -> None:
    assert wants_json(RequestFactory().get("/", headers={"accept": accept})) is expected


def test_client_that_says_nothing_is_given_a_page() -> None:
    assert not wants_json(RequestFactory().get("/"))
