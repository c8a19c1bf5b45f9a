"""Matching e-mail domains, role mapping and group mapping, by their pages and their rules."""

from typing import Any

import pytest

from orgs.models import ResourceGroup, ResourceGroupSeat
from orgs.roles import Role, RoleSource
from sso import mappings
from sso.mappings import GroupRow, RoleRow
from sso.models import Connection
from sso.settings_errors import SettingsRefused
from tests.builders import make_connection, make_group, make_org
from tests.sso.settings.conftest import AcmeSettings


@pytest.fixture
def connection(acme: AcmeSettings) -> Connection:
    return make_connection(acme.org, connection={"name": "Acme Login"})


@pytest.fixture
def research(acme: AcmeSettings) -> ResourceGroup:
    return make_group(acme.org, "Research")


def rows(*filled: dict[str, Any], initial: int = 0) -> dict[str, str]:
    """A formset as a browser posts it, with one empty row at the end."""
    posted = {"form-TOTAL_FORMS": str(len(filled) + 1), "form-INITIAL_FORMS": str(initial)}
    for number, row in enumerate([*filled, {"value": ""}]):
        posted |= {f"form-{number}-{name}": str(value) for name, value in row.items()}
    return posted


# --- E-mail domains ------------------------------------------------------------------------------------


def test_domains_are_saved_in_one_spelling(acme: AcmeSettings, connection: Connection) -> None:
    acme.post(
        "domains", connection.uid, domains="Acme.Example\n@acme.example, labs.acme.example.\n bücher.example"
    )
    connection.refresh_from_db()
    assert connection.email_domains == ["acme.example", "labs.acme.example", "xn--bcher-kva.example"]
    assert acme.audit("org.settings.sso.mapping")[0]["domains"] == connection.email_domains


@pytest.mark.parametrize(
    "domain", ["acme", "olivia@acme.example", "https://acme.example", "-acme.example", "*"]
)
def test_what_is_no_domain_is_named_beside_the_field(
    acme: AcmeSettings, connection: Connection, domain: str
) -> None:
    response = acme.post("domains", connection.uid, domains=f"acme.example\n{domain}")
    (error,) = response.context["form"].errors["domains"]
    assert domain in error
    connection.refresh_from_db()
    assert connection.email_domains == []


# --- Roles ---------------------------------------------------------------------------------------------


def test_role_mapping_by_the_page(acme: AcmeSettings, connection: Connection) -> None:
    posted = rows({"value": "admins", "role": "admin"}, {"value": "eng", "role": "write"})
    response = acme.post("mapping", connection.uid, is_enabled="on", attribute="groups", **posted)
    assert response.status_code == 302
    connection.refresh_from_db()
    assert (connection.role_mapping_enabled, connection.role_attribute) == (True, "groups")
    assert list(connection.role_rules.values_list("value", "role")) == [("admins", "admin"), ("eng", "write")]
    assert acme.audit("org.settings.sso.mapping")[0]["rules"] == [
        {"value": "admins", "role": "admin"},
        {"value": "eng", "role": "write"},
    ]
    assert 'value="admins"' in acme.page("mapping", connection.uid)


def test_mapping_that_is_on_locks_roles(acme: AcmeSettings, connection: Connection) -> None:
    mappings.save_role_mapping(
        connection=connection,
        is_enabled=True,
        attribute="groups",
        rows=[RoleRow("admins", Role.ADMIN)],
        actor=acme.admin,
    )
    acme.client.post(
        acme.url("policy"), {"enforcement": "optional", "session_length": 7, "session_unit": 86400}
    )
    response = acme.client.post(f"/orgs/acme/members/{acme.max.pk}/role/", {"role": "write"})
    assert response.status_code == 403


def test_row_is_removed_by_its_tick(acme: AcmeSettings, connection: Connection) -> None:
    connection.role_rules.create(value="admins", role=Role.ADMIN)
    connection.role_rules.create(value="eng", role=Role.WRITE)
    posted = rows(
        {"value": "admins", "role": "admin"}, {"value": "eng", "role": "write", "DELETE": "on"}, initial=2
    )
    acme.post("mapping", connection.uid, is_enabled="on", attribute="groups", **posted)
    assert list(connection.role_rules.values_list("value", flat=True)) == ["admins"]


@pytest.mark.parametrize(
    ("attribute", "posted", "message"),
    [
        ("groups", [{"value": "eng", "role": "write"}], "At least one row must give the role Admin"),
        ("groups", [], "At least one row must give the role Admin"),
        ("", [{"value": "admins", "role": "admin"}], "Name the attribute"),
        ("groups", [{"value": "a", "role": "admin"}, {"value": "a", "role": "read"}], "several rows for a"),
        ("groups", [{"value": "a", "role": ""}], "Fill this in, or remove the row."),
        ("groups", [{"value": "", "role": "admin"}], "Fill this in, or remove the row."),
        ("groups", [{"value": "a", "role": "owner"}], "Select a valid choice"),
    ],
    ids=["no admin row", "no row", "no attribute", "repeated", "no role", "no value", "unknown role"],
)
def test_role_mapping_that_makes_no_sense_is_refused(
    acme: AcmeSettings, connection: Connection, attribute: str, posted: list[dict[str, str]], message: str
) -> None:
    response = acme.post("mapping", connection.uid, is_enabled="on", attribute=attribute, **rows(*posted))
    assert response.status_code == 200
    assert message in response.content.decode()
    connection.refresh_from_db()
    assert not connection.role_mapping_enabled
    assert not connection.role_rules.exists()


def test_mapping_that_is_off_may_be_unfinished(acme: AcmeSettings, connection: Connection) -> None:
    response = acme.post("mapping", connection.uid, attribute="", **rows({"value": "eng", "role": "write"}))
    assert response.status_code == 302
    assert connection.role_rules.count() == 1


# --- Groups --------------------------------------------------------------------------------------------


def test_group_mapping_by_the_page(
    acme: AcmeSettings, connection: Connection, research: ResourceGroup
) -> None:
    posted = rows({"value": "eng", "group": research.pk, "role": "write"})
    response = acme.post("group_mapping", connection.uid, is_enabled="on", attribute="groups", **posted)
    assert response.status_code == 302
    rule = connection.group_rules.get()
    assert (rule.value, rule.group, rule.role) == ("eng", research, "write")


def test_group_of_another_organisation_can_not_be_mapped(acme: AcmeSettings, connection: Connection) -> None:
    foreign = make_group(make_org("globex"), "Secrets")
    posted = rows({"value": "eng", "group": foreign.pk, "role": "write"})
    response = acme.post("group_mapping", connection.uid, is_enabled="on", attribute="groups", **posted)
    assert response.status_code == 200
    assert "Secrets" not in response.content.decode()
    with pytest.raises(SettingsRefused) as refusal:
        mappings.save_group_mapping(
            connection=connection,
            is_enabled=True,
            attribute="groups",
            rows=[GroupRow("eng", foreign, Role.READ)],
            actor=acme.admin,
        )
    assert refusal.value.code == "mapping_group_unknown"
    assert not connection.group_rules.exists()


def test_group_mapping_switched_off_takes_its_seats_back(
    acme: AcmeSettings, connection: Connection, research: ResourceGroup
) -> None:
    for source in (RoleSource.IDP, RoleSource.MANUAL):
        ResourceGroupSeat.objects.create(
            org=acme.org, group=research, membership=acme.max, role=Role.READ, source=source
        )
    mappings.save_group_mapping(
        connection=connection, is_enabled=False, attribute="groups", rows=[], actor=acme.admin
    )
    assert list(research.seats.values_list("source", flat=True)) == [RoleSource.MANUAL]
    (taken,) = acme.audit("org.group.remove_seat")
    assert (taken["groups"], taken["seats"]) == (["Research"], 1)


def test_organisation_without_groups_is_told_to_make_one(acme: AcmeSettings, connection: Connection) -> None:
    assert "Make a resource group first" in acme.page("group_mapping", connection.uid)
