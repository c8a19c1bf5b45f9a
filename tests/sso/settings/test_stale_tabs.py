"""Two admins, one page: a stale tab is refused, keeps what was typed, and shows what is saved now."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orgs.models import ResourceGroup
from orgs.roles import Role
from sso import connections
from sso.connections import OIDCConfiguration
from sso.enforcing import enforcement
from sso.enforcing.enforcement import policy_of
from sso.mapping import mappings
from sso.models import Connection, Revision
from sso.settings_errors import StaleForm
from sso.types import Enforcement
from tests.builders import make_connection, make_group, make_sso_session, set_policy
from tests.conftest import log_in
from tests.demo_idp import Tenant
from tests.sso.settings.certificates import make_certificate
from tests.sso.settings.conftest import SECRET, AcmeSettings, draft_of
from tests.sso.settings.mapping_pages import save_mapping

pytestmark = pytest.mark.catalogue("WEB-RACES")

MESSAGE = "Somebody else changed this since you opened the page"
DAY = 24 * 3600


@pytest.fixture
def connection(acme: AcmeSettings) -> Connection:
    return make_connection(acme.org, client_secret=SECRET, connection={"name": "Acme Login"})


@pytest.fixture
def research(acme: AcmeSettings) -> ResourceGroup:
    return make_group(acme.org, "Research")


@pytest.fixture
def oscar(acme: AcmeSettings) -> Client:
    client = Client()
    log_in(client, acme.oscar.user)
    return client


def stamp(response: Any) -> str:
    """The stamp that the page's form carries."""
    value = response.context["form"]["based_on"].value()
    assert f'name="based_on" value="{value}"' in response.content.decode()
    return str(value)


def rows(*filled: dict[str, Any]) -> dict[str, str]:
    posted = {"form-TOTAL_FORMS": str(len(filled)), "form-INITIAL_FORMS": "0"}
    for number, row in enumerate(filled):
        posted |= {f"form-{number}-{name}": str(value) for name, value in row.items()}
    return posted


def check_stale(
    acme: AcmeSettings,
    oscar: Client,
    url: str,
    *,
    theirs: dict[str, Any],
    mine: dict[str, Any],
    saved: Callable[[], object],
    send: Callable[[Client, str, dict[str, Any]], Any] = Client.post,
) -> str:
    """Olivia opens the page, Oscar saves, Olivia saves: refused once, and saved when she saves again."""
    opened = stamp(acme.client.get(url))
    assert send(oscar, url, {**theirs, "based_on": stamp(oscar.get(url))}).status_code == 302
    after_theirs = saved()
    refused = send(acme.client, url, {**mine, "based_on": opened})
    assert refused.status_code == 200
    page = str(refused.content.decode())
    assert MESSAGE in page
    assert 'id="saved-now"' in page
    assert saved() == after_theirs
    again = send(acme.client, url, {**mine, "based_on": stamp(refused)})
    assert again.status_code == 302
    assert saved() != after_theirs
    return page


# --- The pages -----------------------------------------------------------------------------------------


def test_session_length(acme: AcmeSettings, connection: Connection, oscar: Client) -> None:
    page = check_stale(
        acme,
        oscar,
        acme.url("policy"),
        theirs={"session_length": "1", "session_unit": str(DAY)},
        mine={"session_length": "12", "session_unit": "3600"},
        saved=lambda: policy_of(acme.org).session_timeout_seconds,
    )
    assert "Off, session length 1 day." in page
    assert 'value="12"' in page
    assert policy_of(acme.org).session_timeout_seconds == 12 * 3600


def test_a_stale_tab_does_not_stop_enforcing(acme: AcmeSettings, connection: Connection) -> None:
    set_policy(acme.org, Enforcement.OPTIONAL)
    opened = stamp(acme.get("policy_off"))
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    set_policy(acme.org, Enforcement.ENFORCED)
    refused = acme.post("policy_off", based_on=opened)
    assert MESSAGE in refused.content.decode()
    assert policy_of(acme.org).enforcement == Enforcement.ENFORCED
    acme.post("policy_off", based_on=stamp(refused))
    assert policy_of(acme.org).enforcement == Enforcement.OFF


def test_domains(acme: AcmeSettings, connection: Connection, oscar: Client) -> None:
    page = check_stale(
        acme,
        oscar,
        acme.url("domains", connection.uid),
        theirs={"domains": "their.example"},
        mine={"domains": "mine.example"},
        saved=lambda: Connection.objects.get(pk=connection.pk).email_domains,
    )
    assert "<code>their.example</code>" in page
    assert "mine.example</textarea>" in page


def test_role_mapping(acme: AcmeSettings, connection: Connection, oscar: Client) -> None:
    page = check_stale(
        acme,
        oscar,
        acme.url("mapping", connection.uid),
        theirs={"is_enabled": "on", "attribute": "groups", **rows({"value": "theirs", "role": "admin"})},
        mine={"is_enabled": "on", "attribute": "roles", **rows({"value": "mine", "role": "admin"})},
        saved=lambda: list(connection.role_rules.values_list("value", "role")),
        send=save_mapping,
    )
    assert "<code>theirs</code> gives Admin" in page
    assert 'value="mine"' in page
    assert 'value="roles"' in page


def test_group_mapping(
    acme: AcmeSettings, connection: Connection, research: ResourceGroup, oscar: Client
) -> None:
    row = {"group": research.pk, "role": "write"}
    page = check_stale(
        acme,
        oscar,
        acme.url("group_mapping", connection.uid),
        theirs={"is_enabled": "on", "attribute": "groups", **rows({"value": "theirs", **row})},
        mine={"is_enabled": "on", "attribute": "groups", **rows({"value": "mine", **row})},
        saved=lambda: list(connection.group_rules.values_list("value", "role")),
        send=save_mapping,
    )
    assert "<code>theirs</code> gives Write in Research" in page
    assert 'value="mine"' in page


def test_oidc_draft(acme: AcmeSettings, connection: Connection, oscar: Client, tenant: Tenant) -> None:
    entered = {"client_secret": SECRET, "issuer": tenant.issuer}
    page = check_stale(
        acme,
        oscar,
        acme.url("draft", connection.uid),
        theirs={**entered, "client_id": "their-client"},
        mine={**entered, "client_id": "my-client"},
        saved=lambda: draft_of(connection).client_id,
    )
    assert "Saved now: draft 2 by Oscar" in page
    assert "<code>their-client</code>" in page
    assert 'value="my-client"' in page
    assert SECRET not in page


def test_saml_draft(acme: AcmeSettings, saml_connection: Connection, oscar: Client) -> None:
    certificate = make_certificate()
    entered = {"sso_url": "https://idp.example/sso", "sso_binding": "redirect", "certificates": certificate}
    page = check_stale(
        acme,
        oscar,
        acme.url("draft", saml_connection.uid),
        theirs={**entered, "issuer": "https://theirs.example"},
        mine={**entered, "issuer": "https://mine.example"},
        saved=lambda: draft_of(saml_connection).issuer,
    )
    assert "<code>https://theirs.example</code>" in page
    assert "CN=" in page
    assert 'value="https://mine.example"' in page


def test_a_draft_that_went_live_in_the_meantime_is_still_what_the_form_showed(
    acme: AcmeSettings, connection: Connection, tenant: Tenant
) -> None:
    opened = stamp(acme.get("draft", connection.uid))
    connection.revisions.update(status=Revision.Status.LIVE)
    entered = {"client_id": "hub", "client_secret": SECRET, "issuer": tenant.issuer}
    assert acme.post("draft", connection.uid, based_on=opened, **entered).status_code == 302


def test_a_form_with_a_typing_error_stays_based_on_what_it_showed(
    acme: AcmeSettings, connection: Connection
) -> None:
    opened = stamp(acme.get("domains", connection.uid))
    Connection.objects.filter(pk=connection.pk).update(email_domains=["their.example"])
    refused = acme.post("domains", connection.uid, domains="no domain", based_on=opened)
    assert stamp(refused) == opened


def test_a_row_that_equals_a_saved_one_is_not_lost(acme: AcmeSettings, connection: Connection) -> None:
    """Both admins entered the same row; saving again keeps it."""
    connection.role_rules.create(value="admins", role=Role.ADMIN)
    posted = rows({"value": "admins", "role": "admin"}, {"value": "eng", "role": "write"})
    data = {"is_enabled": "on", "attribute": "groups", **posted}
    save_mapping(acme.client, acme.url("mapping", connection.uid), data)
    assert list(connection.role_rules.values_list("value", flat=True)) == ["admins", "eng"]


# --- The rules behind them -----------------------------------------------------------------------------


@pytest.fixture
def savers(
    acme: AcmeSettings, connection: Connection, research: ResourceGroup
) -> dict[str, Callable[[str | None], object]]:
    """Every domain function that saves what an admin saw, by name, to be called with a stamp."""
    now = timezone.now()
    mapping: dict[str, Any] = {
        "connection": connection,
        "is_enabled": False,
        "attribute": "",
        "rows": [],
        "actor": acme.admin,
    }
    return {
        "policy": lambda stamp: enforcement.change_policy(
            org=acme.org,
            enforcement=Enforcement.OFF,
            session_timeout_seconds=DAY,
            actor=acme.admin,
            browser_session="",
            now=now,
            based_on=stamp,
        ),
        "draft": lambda stamp: connections.save_draft(
            connection=connection,
            configuration=OIDCConfiguration(issuer="https://idp.example.org", client_id="x"),
            actor=acme.admin,
            now=now,
            based_on=stamp,
        ),
        "domains": lambda stamp: mappings.save_email_domains(
            connection=connection, domains=[], actor=acme.admin, based_on=stamp
        ),
        "roles": lambda stamp: mappings.save_role_mapping(**mapping, now=now, based_on=stamp),
        "groups": lambda stamp: mappings.save_group_mapping(**mapping, based_on=stamp),
    }


@pytest.mark.parametrize("name", ["policy", "draft", "domains", "roles", "groups"])
def test_another_stamp_is_refused_with_the_one_of_now(
    savers: dict[str, Callable[[str | None], object]], name: str
) -> None:
    with pytest.raises(StaleForm) as refusal:
        savers[name]("another-stamp")
    assert refusal.value.code == "stale_form"
    savers[name](refusal.value.stamp)


@pytest.mark.parametrize("name", ["policy", "draft", "domains", "roles", "groups"])
def test_a_caller_that_showed_nobody_a_page_is_not_refused(
    savers: dict[str, Callable[[str | None], object]], name: str
) -> None:
    savers[name](None)
