"""The check that a process answers, under production's settings of hosts and TLS."""

import pytest
from django.test import Client
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _production(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["hub.example.org"]
    settings.SECURE_SSL_REDIRECT = True


def test_a_load_balancer_is_answered_by_address_and_without_a_database(client: Client) -> None:
    """pytest-django fails any test without its `db` fixture that asks the database."""
    response = client.get("/healthz", headers={"Host": "10.0.0.7:8000"})
    assert (response.status_code, response.text) == (200, "ok\n")
    assert response["Cache-Control"] == "no-store"
    assert "sessionid" not in response.cookies


def test_a_session_cookie_is_not_looked_up(client: Client) -> None:
    client.cookies["sessionid"] = "x" * 32
    assert client.head("/healthz").status_code == 200


def test_nothing_can_be_sent_to_it(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


def test_nothing_else_is_answered_by_address(client: Client) -> None:
    for path in ("/healthz/", "/healthz/x", "//healthz"):
        assert client.get(path).status_code in (301, 400, 404)
