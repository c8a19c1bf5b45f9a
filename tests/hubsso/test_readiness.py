"""`/readyz`: whether a process can serve, asked of a real database."""

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from django.db import InterfaceError, connection
from django.test import Client
from pytest_django import Settings

from hubsso.crypto import seal
from hubsso.telemetry import readiness
from sso.models import Revision
from tests.conftest import World

WELL = {"database": "ok", "migrations": "ok", "keys": "ok"}


@pytest.fixture(autouse=True)
def _forget(settings: Settings) -> Iterator[None]:
    settings.ALLOWED_HOSTS = ["hub.example.org"]
    readiness.forget()
    yield
    readiness.forget()


@pytest.mark.django_db
def test_a_portal_that_can_serve_says_so_to_a_load_balancer(client: Client) -> None:
    response = client.get("/readyz", headers={"Host": "10.0.0.7:8000"})
    assert (response.status_code, response.json()) == (200, WELL)
    assert response["Cache-Control"] == "no-store"
    assert client.post("/readyz").status_code == 405


@pytest.mark.django_db
def test_what_is_well_costs_one_query_a_minute_long(client: Client) -> None:
    client.get("/readyz")
    with connection.execute_wrapper(_only_whether_it_answers):
        assert client.get("/readyz").json() == WELL


@pytest.mark.django_db
def test_a_missing_migration_is_named_in_the_log_alone(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sso'")
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"database": "ok", "migrations": "failed"})
    [said] = [record for record in caplog.records if record.getMessage() == "hubsso.not_ready"]
    assert "sso.0001" in vars(said)["detail"]


@pytest.mark.django_db
def test_secrets_that_no_key_opens_keep_a_node_out_of_service(
    client: Client, world: World, settings: Settings
) -> None:
    row = Revision.objects.filter(connection=world.acme_idp).latest("pk")
    row.client_secret_sealed = seal("s3cret", context="any")
    row.save()
    assert client.get("/readyz").json() == WELL
    readiness.forget()
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert client.get("/readyz").json() == {"database": "ok", "migrations": "ok", "keys": "failed"}


@pytest.mark.django_db
def test_a_connection_that_the_database_closed_is_no_crash(client: Client) -> None:
    with connection.execute_wrapper(_is_closed):
        response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"database": "failed"})


def _is_closed(*args: object) -> None:
    raise InterfaceError("connection already closed")


def _only_whether_it_answers(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
    assert sql in ("SELECT 1", "SELECT current_setting('transaction_read_only')")
    return execute(sql, params, many, context)
