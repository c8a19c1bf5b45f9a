"""Our own keys on the page of keys: rolled over in three steps, each by a form that says what comes first."""

import pytest
from cryptography import x509
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.roles import Role
from sso import key_pairs
from sso.models import Connection, KeyPair
from sso.types import KeyPairStatus, SSOProtocol
from tests.builders import give_key_pair, make_connection, make_member, make_org, make_user
from tests.conftest import log_in
from tests.demo_idp.keys import KeyStore
from tests.sso.settings.conftest import AcmeSettings

STEPS = ["key_add", "key_switch", "key_remove"]


@pytest.fixture
def connection(acme: AcmeSettings) -> Connection:
    connection = make_connection(acme.org, SSOProtocol.SAML, connection={"name": "Acme Login"})
    give_key_pair(connection, KeyStore().saml_key_pair("first key"))
    return connection


def statuses(connection: Connection) -> list[str]:
    return [str(pair.status) for pair in key_pairs.decrypting_key_pairs(connection)]


def test_keys_are_rolled_over_in_three_steps(acme: AcmeSettings, connection: Connection) -> None:
    page = acme.page("connection_certificates", connection.uid)
    assert "Add next key" in page
    assert "Switch over" not in page
    assert "Remove old key" not in page

    acme.post("key_add", connection.uid)
    assert statuses(connection) == ["active", "next"]
    page = acme.page("connection_certificates", connection.uid)
    assert "read our metadata again" in page
    assert "Add next key" not in page

    acme.post("key_switch", connection.uid, idp_knows_next="on")
    assert statuses(connection) == ["active", "old"]
    page = acme.page("connection_certificates", connection.uid)
    assert "Take the old certificate away at the identity provider" in page

    acme.post("key_remove", connection.uid, idp_left_old="on")
    assert statuses(connection) == ["active"]
    assert "Add next key" in acme.page("connection_certificates", connection.uid)
    assert [entry["action"] for entry in acme.audit("org.settings.sso")] == [
        "add_key",
        "switch_key",
        "remove_key",
    ]


@pytest.mark.parametrize(
    ("step", "status"), [("key_switch", KeyPairStatus.NEXT), ("key_remove", KeyPairStatus.OLD)]
)
def test_step_that_the_idp_must_have_followed_wants_a_tick(
    acme: AcmeSettings, connection: Connection, step: str, status: KeyPairStatus
) -> None:
    give_key_pair(connection, KeyStore().saml_key_pair("second key"), status)

    assert "identity provider" in acme.page(step, connection.uid)
    assert acme.post(step, connection.uid).status_code == 200
    assert statuses(connection) == ["active", status.value]
    assert acme.audit("org.settings.sso") == []


def test_step_that_somebody_else_took_first_says_so(acme: AcmeSettings, connection: Connection) -> None:
    acme.post("key_add", connection.uid)
    for step, tick in (("key_add", ""), ("key_remove", "idp_left_old")):
        response = acme.post(step, connection.uid, **({tick: "on"} if tick else {}))
        assert response.status_code == 302
        assert "somebody may have been faster" in acme.page("connection_certificates", connection.uid)
    assert statuses(connection) == ["active", "next"]


def test_no_more_than_three_keys_are_ever_tried(acme: AcmeSettings, connection: Connection) -> None:
    """Another rollover begins when the old key is gone."""
    acme.post("key_add", connection.uid)
    acme.post("key_switch", connection.uid, idp_knows_next="on")
    acme.post("key_add", connection.uid)
    assert statuses(connection) == ["active", "old"]


def test_page_shows_what_an_admin_compares(acme: AcmeSettings, connection: Connection) -> None:
    pair = connection.key_pairs.get()
    page = acme.page("connection_certificates", connection.uid)

    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    assert pair.fingerprint_sha256 in page
    assert f"valid until {certificate.not_valid_after_utc:%-d %B %Y}" in page
    assert pair.private_key not in page


def test_certificate_is_handed_out_without_the_key(acme: AcmeSettings, connection: Connection) -> None:
    pair = connection.key_pairs.get()
    response = acme.get("key_certificate", connection.uid, pair.uid)

    assert response.content.decode() == pair.certificate
    assert b"PRIVATE" not in response.content
    assert response["Content-Disposition"].startswith('attachment; filename="hubsso-')


def test_key_of_another_connection_is_not_found(acme: AcmeSettings, connection: Connection) -> None:
    other = make_connection(acme.org, SSOProtocol.SAML)
    pair = give_key_pair(other, KeyStore().saml_key_pair("second key"))
    assert acme.get("key_certificate", connection.uid, pair.uid).status_code == 404


def test_connection_without_keys_has_no_such_section(acme: AcmeSettings) -> None:
    oidc = make_connection(acme.org, SSOProtocol.OIDC)
    assert "Our keys" not in acme.page("connection_certificates", oidc.uid)
    assert acme.post("key_add", oidc.uid).status_code == 302
    assert not KeyPair.objects.filter(connection=oidc).exists()


@pytest.mark.parametrize("step", STEPS)
def test_admin_of_another_organisation_reaches_no_key(
    acme: AcmeSettings, connection: Connection, step: str
) -> None:
    key_pairs.add_next(connection=connection, actor=acme.admin, now=timezone.now())
    before = statuses(connection)
    globex = make_org("globex")
    admin = make_member(globex, make_user("zoe@globex.example"), role=Role.ADMIN)
    client = Client()
    log_in(client, admin.user)
    ticks = {"idp_knows_next": "on", "idp_left_old": "on"}

    for slug in ("acme", "globex"):
        url = reverse(f"sso:{step}", args=[slug, connection.uid])
        assert client.post(url, ticks).status_code == 404
    assert statuses(connection) == before


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("role", [Role.READ, Role.CONTRIBUTOR, Role.WRITE])
def test_only_admins_roll_keys_over(
    acme: AcmeSettings, connection: Connection, step: str, role: Role
) -> None:
    member = make_member(acme.org, make_user(), role=role)
    client = Client()
    log_in(client, member.user)
    assert client.post(acme.url(step, connection.uid), {"idp_knows_next": "on"}).status_code == 403
    assert statuses(connection) == ["active"]
