"""Connections that were begun and into which nothing was saved: taken up, cancelled, forgotten."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from sso import begun, key_pairs
from sso.models import Connection
from sso.pruning import prune
from sso.revisions import hand_overs
from sso.types import SSOProtocol
from tests.builders import make_revision
from tests.sso.settings.conftest import AcmeSettings


@pytest.fixture
def okta(acme: AcmeSettings) -> Connection:
    acme.post("connection_new_from", "okta", name="Okta", protocol="oidc")
    return Connection.objects.get()


def save_domains(connection: Connection, acme: AcmeSettings) -> None:
    acme.post("domains", connection.uid, domains="acme.example")


def save_attribute(connection: Connection, acme: AcmeSettings) -> None:
    Connection.objects.filter(pk=connection.pk).update(role_attribute="groups")


def hand_over(connection: Connection, acme: AcmeSettings) -> None:
    hand_overs.make_hand_over(
        connection=connection, recipient="Ida", days=1, actor=acme.admin, now=timezone.now()
    )


def save_draft(connection: Connection, acme: AcmeSettings) -> None:
    make_revision(connection)


def make_key(connection: Connection, acme: AcmeSettings) -> None:
    key_pairs.ensure_key_pair(connection, now=timezone.now())


def test_cancelling_leaves_nothing_behind(acme: AcmeSettings, okta: Connection) -> None:
    page = acme.page("draft", okta.uid)
    assert f'action="{acme.url("connection_cancel", okta.uid)}"' in page
    response = acme.post("connection_cancel", okta.uid)
    assert response["Location"] == acme.url("settings")
    assert not Connection.objects.exists()
    assert [entry["action"] for entry in acme.audit("org.settings.sso")] == ["create", "cancel"]


@pytest.mark.parametrize("save", [save_domains, save_attribute, hand_over, save_draft, make_key])
def test_one_into_which_something_was_saved_stays(
    acme: AcmeSettings, okta: Connection, save: Callable[[Connection, AcmeSettings], None]
) -> None:
    save(okta, acme)
    assert acme.url("connection_cancel", okta.uid) not in acme.page("draft", okta.uid)
    response = acme.post("connection_cancel", okta.uid)
    assert response["Location"] == acme.url("connection", okta.uid)
    prune(now=timezone.now() + timedelta(days=20), is_dry_run=False)
    assert Connection.objects.exists()


def test_one_that_nobody_came_back_to_is_forgotten_after_two_weeks(
    acme: AcmeSettings, okta: Connection
) -> None:
    assert "Nothing is saved in it yet." in acme.page("settings")
    prune(now=okta.created_at + timedelta(days=14), is_dry_run=False)
    assert Connection.objects.exists()
    later = okta.created_at + timedelta(days=14, seconds=1)
    assert prune(now=later, is_dry_run=True)["begun connections"] == 1
    prune(now=later, is_dry_run=False)
    assert not Connection.objects.exists()


def test_a_draft_that_is_saved_while_the_forgotten_go_is_kept(acme: AcmeSettings, okta: Connection) -> None:
    found = Connection.objects.filter(pk=okta.pk)
    save_draft(okta, acme)
    begun.forget(found)
    assert found.exists()


def test_choosing_again_goes_on_with_the_same_addresses(acme: AcmeSettings, okta: Connection) -> None:
    Connection.objects.update(created_at=timezone.now() - timedelta(days=13))
    assert acme.get("connection_new_from", "okta").context["form"]["name"].value() == "Okta"
    acme.post("connection_new_from", "okta", name="Okta", protocol="saml")
    again = Connection.objects.get()
    assert (again.uid, again.protocol) == (okta.uid, SSOProtocol.SAML)
    assert timezone.now() - again.created_at < timedelta(hours=1)
    assert f"/sso/{okta.uid}/saml/acs/" in acme.page("draft", okta.uid)


def test_a_member_can_not_cancel(acme: AcmeSettings, okta: Connection) -> None:
    acme.client.force_login(acme.max.user)
    assert acme.post("connection_cancel", okta.uid).status_code == 403
    assert Connection.objects.exists()
