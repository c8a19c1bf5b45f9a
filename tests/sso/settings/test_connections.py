"""Making, renaming, switching off and deleting connections."""

import pytest
from django.conf import settings
from django.test import Client

from sso import connections
from sso.guides import GENERIC, Vendor, vendors
from sso.models import Connection, LinkedIdentity, Revision, SSOSession
from sso.settings_errors import WouldLockOut
from sso.types import Enforcement
from tests.builders import make_connection, make_revision, make_sso_session, set_policy
from tests.conftest import log_in
from tests.sso.settings.conftest import AcmeSettings


@pytest.fixture
def connection(acme: AcmeSettings) -> Connection:
    return make_connection(acme.org, connection={"name": "Acme Login"})


@pytest.mark.parametrize("page", ["settings", "connection_new"])
def test_every_vendor_is_offered(acme: AcmeSettings, page: str) -> None:
    text = acme.page(page)
    for vendor in vendors():
        assert acme.url("connection_new_from", vendor.key) in text
        assert f"<span>{vendor.name}</span>" in text


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.key)
def test_a_vendor_s_recommended_protocol_and_name_are_filled_in(acme: AcmeSettings, vendor: Vendor) -> None:
    form = acme.get("connection_new_from", vendor.key).context["form"]
    name = "Acme Login" if vendor.key == GENERIC else vendor.name
    entered = {"name": form["name"].value(), "protocol": form["protocol"].value()}
    assert entered == {"name": name, "protocol": vendor.guides[0].protocol}
    acme.post("connection_new_from", vendor.key, **entered)
    made = Connection.objects.get()
    assert (made.vendor, made.name, made.protocol) == (vendor.key, name, entered["protocol"])
    make_revision(made)
    again = acme.get("connection_new_from", vendor.key).context["form"]
    assert again["name"].value() == f"{name} 2"


def test_new_connection_leads_to_its_draft(acme: AcmeSettings) -> None:
    response = acme.post("connection_new_from", "okta", name="Acme Login", protocol="saml")
    made = Connection.objects.get()
    assert response["Location"] == acme.url("draft", made.uid)
    page = acme.page("draft", made.uid)
    assert f"http://testserver/sso/{made.uid}/saml/acs/" in page
    assert f"http://testserver/sso/{made.uid}/saml/metadata/" in page
    assert acme.audit("org.settings.sso")[0]["action"] == "create"


def test_oidc_draft_shows_the_callback_url(acme: AcmeSettings) -> None:
    acme.post("connection_new_from", "okta", name="Acme Login", protocol="oidc")
    made = Connection.objects.get()
    assert f"http://testserver/sso/{made.uid}/oidc/callback/" in acme.page("draft", made.uid)


def test_vendor_that_nobody_wrote_a_guide_for_is_not_found(acme: AcmeSettings) -> None:
    assert acme.get("connection_new_from", "nobody").status_code == 404


def test_vendor_can_be_changed_later(acme: AcmeSettings, connection: Connection) -> None:
    assert acme.post("connection_vendor", connection.uid, vendor="nobody").status_code == 200
    assert acme.post("connection_vendor", connection.uid, vendor="okta").status_code == 302
    assert Connection.objects.get().vendor == "okta"
    assert acme.audit("org.settings.sso")[-1]["vendor"] == {"from": "generic", "to": "okta"}
    assert 'value="okta" aria-current="true"' in acme.page("connection_vendor", connection.uid)


def test_name_is_used_once_in_an_organisation(acme: AcmeSettings, connection: Connection) -> None:
    response = acme.post("connection_new_from", "okta", name="Acme Login", protocol="oidc")
    assert response.context["form"].errors["name"] == [
        "Another connection of this organisation has this name."
    ]
    other = make_connection(acme.org)
    assert acme.post("connection_rename", other.uid, name="Acme Login").status_code == 200
    assert acme.post("connection_rename", other.uid, name="Acme Partners").status_code == 302


@pytest.mark.catalogue("WEB-CONFIG-CHANGED")
def test_switched_off_connection_ends_its_sessions_for_good(
    acme: AcmeSettings, connection: Connection
) -> None:
    make_sso_session(acme.max, browser_session="max")
    acme.post("connection_switch", connection.uid)
    assert not Connection.objects.get().is_enabled
    assert "Switched off" in acme.page("connection", connection.uid)
    acme.post("connection_switch", connection.uid)
    assert Connection.objects.get().is_enabled
    assert not SSOSession.objects.exists()


def test_looking_at_the_question_switches_nothing_off(acme: AcmeSettings, connection: Connection) -> None:
    assert "Switch off Acme Login?" in acme.page("connection_switch", connection.uid)
    assert "Delete Acme Login?" in acme.page("connection_delete", connection.uid)
    connection.refresh_from_db()
    assert connection.is_enabled


@pytest.mark.catalogue("WEB-LAST-ADMIN")
@pytest.mark.parametrize("page", ["connection_switch", "connection_delete"])
def test_last_door_of_an_enforcing_organisation_closes_only_with_a_tick(
    acme: AcmeSettings, connection: Connection, page: str
) -> None:
    set_policy(acme.org, Enforcement.ENFORCED)
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    response = acme.post(page, connection.uid)
    assert response.context["form"].errors["accepts_lock_out"]
    assert connections.would_lock_out(connection)
    assert acme.post(page, connection.uid, accepts_lock_out="on").status_code == 302
    assert acme.get("settings").status_code == 403


def test_rule_against_locking_out_is_in_the_domain(acme: AcmeSettings, connection: Connection) -> None:
    set_policy(acme.org, Enforcement.ENFORCED)
    with pytest.raises(WouldLockOut):
        connections.switch_off(connection=connection, actor=acme.admin)
    with pytest.raises(WouldLockOut):
        connections.delete_connection(connection=connection, actor=acme.admin)
    make_connection(acme.org)
    connections.switch_off(connection=connection, actor=acme.admin)


def test_switched_off_connection_blocks_members_on_the_next_request(
    acme: AcmeSettings, connection: Connection
) -> None:
    set_policy(acme.org, Enforcement.ENFORCED)
    client = Client()
    make_sso_session(acme.max, browser_session=log_in(client, acme.max.user))
    assert client.get("/orgs/acme/").status_code == 200
    connections.switch_off(connection=connection, actor=acme.admin, accepts_lock_out=True)
    assert client.get("/orgs/acme/").status_code == 403


@pytest.mark.parametrize("unlink", [False, True])
def test_deleting_a_connection(acme: AcmeSettings, connection: Connection, unlink: bool) -> None:
    make_sso_session(acme.max, browser_session="max")
    acme.post("connection_delete", connection.uid, **({"unlink_members": "on"} if unlink else {}))
    assert not Connection.objects.exists()
    assert not Revision.objects.exists()
    assert not SSOSession.objects.exists()
    assert LinkedIdentity.objects.exists() is not unlink
    assert acme.audit("org.settings.sso")[0] == {
        "action": "delete",
        "connection": "Acme Login",
        "identities_unlinked": int(unlink),
    }


def test_live_and_history_are_on_the_connection_s_page(acme: AcmeSettings, connection: Connection) -> None:
    page = acme.page("connection", connection.uid)
    assert "Live: revision 1" in page
    assert "https://idp.example.org" in page
    assert "Put back" not in page
    connection.revisions.update(status=Revision.Status.RETIRED)
    assert "Put back" in acme.page("connection", connection.uid)


# --- The join link -------------------------------------------------------------------------------------


def test_join_link_is_shown_while_a_connection_is_live(acme: AcmeSettings) -> None:
    assert "/orgs/acme/join/" not in acme.page("settings")
    connection = make_connection(acme.org, status=Revision.Status.DRAFT)
    assert "/orgs/acme/join/" not in acme.page("settings")
    connection.revisions.update(status=Revision.Status.LIVE)
    assert f">{settings.BASE_URL}/orgs/acme/join/</textarea>" in acme.page("settings")
    Connection.objects.update(is_enabled=False)
    assert "/orgs/acme/join/" not in acme.page("settings")
