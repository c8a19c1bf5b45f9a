"""Matching e-mail domains, role mapping and group mapping, by their pages and their rules."""

from typing import Any

import pytest
from django.utils import timezone

from orgs.models import ResourceGroup, ResourceGroupSeat
from orgs.roles import Role, RoleSource
from sso.mapping import mappings, seen_attributes
from sso.mapping.mappings import GroupRow, RoleRow
from sso.models import Connection
from sso.settings_errors import DomainClaimed, SettingsRefused
from tests.builders import make_assertion, make_connection, make_group, make_org
from tests.sso.settings.conftest import AcmeSettings
from tests.sso.settings.mapping_pages import fields_of, rows, save_mapping


@pytest.fixture
def connection(acme: AcmeSettings) -> Connection:
    return make_connection(acme.org, connection={"name": "Acme Login"})


@pytest.fixture
def research(acme: AcmeSettings) -> ResourceGroup:
    return make_group(acme.org, "Research")


def save(acme: AcmeSettings, name: str, connection: Connection, **data: Any) -> Any:
    return save_mapping(acme.client, acme.url(name, connection.uid), data)


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
    response = save(acme, "mapping", connection, is_enabled="on", attribute="groups", **posted)
    assert response.status_code == 302
    connection.refresh_from_db()
    assert (connection.role_mapping_enabled, connection.role_attribute) == (True, "groups")
    assert list(connection.role_rules.values_list("value", "role")) == [("admins", "admin"), ("eng", "write")]
    assert acme.audit("org.settings.sso.mapping")[0]["rules"] == [
        {"value": "admins", "role": "admin"},
        {"value": "eng", "role": "write"},
    ]
    assert 'value="admins"' in acme.page("mapping", connection.uid)


def test_domains_page_says_which_domain_leads_where(acme: AcmeSettings, connection: Connection) -> None:
    other = make_connection(
        acme.org, connection={"name": "Contractors", "email_domains": ["partner.example"]}
    )
    Connection.objects.filter(pk=connection.pk).update(email_domains=["acme.example", "acme.test"])
    for name, verified_at in (("acme.example", timezone.now()), ("partner.example", None)):
        acme.org.domains.create(name=name, challenge="x", verified_at=verified_at)
    routes = {
        route.connection: route.domains for route in acme.get("domains", connection.uid).context["routes"]
    }
    assert routes[connection] == (("acme.example", True), ("acme.test", False))
    assert routes[other] == (("partner.example", False),)


def test_two_connections_share_no_domain(acme: AcmeSettings, connection: Connection) -> None:
    """It says which of them a member goes through."""
    other = make_connection(acme.org, connection={"name": "Contractors"})
    mappings.save_email_domains(connection=other, domains=["acme.example"], actor=acme.admin)
    elsewhere = make_connection(make_org("globex"))
    mappings.save_email_domains(connection=elsewhere, domains=["partner.example"], actor=acme.admin)
    response = acme.post("domains", connection.uid, domains="partner.example ACME.example")
    assert response.context["form"].errors["domains"] == [
        "Contractors has acme.example already. A domain leads to one connection."
    ]
    with pytest.raises(DomainClaimed) as refusal:
        mappings.save_email_domains(connection=connection, domains=["acme.example"], actor=acme.admin)
    assert refusal.value.code == "email_domain_claimed"
    acme.post("domains", connection.uid, domains="partner.example")
    connection.refresh_from_db()
    assert connection.email_domains == ["partner.example"]


def test_mapping_that_is_on_locks_roles(acme: AcmeSettings, connection: Connection) -> None:
    mappings.save_role_mapping(
        connection=connection,
        is_enabled=True,
        attribute="groups",
        rows=[RoleRow("admins", Role.ADMIN)],
        actor=acme.admin,
        now=timezone.now(),
    )
    acme.post("policy_optional")
    response = acme.client.post(f"/orgs/acme/members/{acme.max.pk}/role/", {"role": "write"})
    assert response.status_code == 403


def test_row_is_removed_by_its_tick(acme: AcmeSettings, connection: Connection) -> None:
    connection.role_rules.create(value="admins", role=Role.ADMIN)
    connection.role_rules.create(value="eng", role=Role.WRITE)
    posted = rows(
        {"value": "admins", "role": "admin"},
        {"value": "eng", "role": "write", "DELETE": "on"},
    )
    save(acme, "mapping", connection, is_enabled="on", attribute="groups", **posted)
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
    response = save(acme, "mapping", connection, is_enabled="on", attribute=attribute, **rows(*posted))
    assert response.status_code == 200
    assert message in response.content.decode()
    connection.refresh_from_db()
    assert not connection.role_mapping_enabled
    assert not connection.role_rules.exists()


def test_mapping_that_is_off_may_be_unfinished(acme: AcmeSettings, connection: Connection) -> None:
    response = save(acme, "mapping", connection, attribute="", **rows({"value": "eng", "role": "write"}))
    assert response.status_code == 302
    assert connection.role_rules.count() == 1


# --- Groups --------------------------------------------------------------------------------------------


def test_group_mapping_by_the_page(
    acme: AcmeSettings, connection: Connection, research: ResourceGroup
) -> None:
    posted = rows({"value": "eng", "group": research.pk, "role": "write"})
    response = save(acme, "group_mapping", connection, is_enabled="on", attribute="groups", **posted)
    assert response.status_code == 302
    rule = connection.group_rules.get()
    assert (rule.value, rule.group, rule.role) == ("eng", research, "write")


def test_group_of_another_organisation_can_not_be_mapped(acme: AcmeSettings, connection: Connection) -> None:
    foreign = make_group(make_org("globex"), "Secrets")
    posted = rows({"value": "eng", "group": foreign.pk, "role": "write"})
    response = save(acme, "group_mapping", connection, is_enabled="on", attribute="groups", **posted)
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


# --- The editor and the preview ------------------------------------------------------------------------


@pytest.fixture
def seen(acme: AcmeSettings, connection: Connection) -> None:
    """Olivia and Max have signed in."""
    for member, groups in ((acme.olivia, ["boss", "all"]), (acme.max, ["eng", "all"])):
        seen_attributes.remember(
            connection=connection,
            user=member.user,
            assertion=make_assertion(
                connection, attributes={"groups": groups, "realm_access": {"roles": ["user"]}}
            ),
            now=timezone.now(),
        )


@pytest.mark.usefixtures("seen")
def test_attributes_and_values_that_were_seen_are_suggested(
    acme: AcmeSettings, connection: Connection
) -> None:
    page = acme.page("mapping", connection.uid)
    assert 'name="use" value="realm_access.roles"' in page
    assert 'name="add_value"' not in page
    used = acme.post("mapping", connection.uid, use="groups", **rows())
    assert used.context["attribute"] == "groups"
    assert [(value.value, value.members) for value in used.context["seen_values"]] == [
        ("all", 2),
        ("boss", 1),
        ("eng", 1),
    ]


def test_buttons_change_the_form_and_keep_what_was_entered(
    acme: AcmeSettings, connection: Connection
) -> None:
    entered = {"is_enabled": "on", "attribute": "groups", **rows({"value": "eng", "role": "write"})}
    added = acme.post("mapping", connection.uid, add_value="boss", **entered)
    assert [form["value"].value() for form in added.context["rows"]][:2] == ["eng", "boss"]
    assert added.context["form"]["is_enabled"].value() is True
    removed = acme.post("mapping", connection.uid, add_row="", **entered, **{"form-0-DELETE": "on"})
    assert not any(form["value"].value() for form in removed.context["rows"])
    assert not connection.role_rules.exists()


@pytest.mark.usefixtures("seen")
def test_preview_saves_nothing_and_says_what_would_change(acme: AcmeSettings, connection: Connection) -> None:
    entered = {"is_enabled": "on", "attribute": "groups"} | rows(
        {"value": "boss", "role": "admin"}, {"value": "eng", "role": "write"}
    )
    response = acme.post("mapping", connection.uid, **entered)
    assert (response.context["summary"]["gain"], response.context["summary"]["unknown"]) == (1, 1)
    page = response.content.decode()
    assert "max@acme.example" in page
    assert "<code>groups</code> has <code>eng</code>" in page
    assert "oscar@acme.example" not in page
    assert not connection.role_rules.exists()
    unknown = acme.post("mapping", connection.uid, show="unknown", **fields_of(response))
    assert "oscar@acme.example" in unknown.content.decode()
    back = acme.post("mapping", connection.uid, edit="", **fields_of(response))
    assert [form["value"].value() for form in back.context["rows"]][:2] == ["boss", "eng"]


def test_add_a_row_gives_one_empty_row_more(acme: AcmeSettings, connection: Connection) -> None:
    entered = {"attribute": "groups", **rows({"value": "eng", "role": "write"})}
    assert len(acme.get("mapping", connection.uid).context["rows"]) == 1
    for button, shown in (("edit", 2), ("add_row", 3)):
        assert len(acme.post("mapping", connection.uid, **{button: ""}, **entered).context["rows"]) == shown


@pytest.mark.usefixtures("seen")
def test_mapping_without_an_admin_row_is_previewed_row_by_row_and_can_not_be_saved(
    acme: AcmeSettings, connection: Connection
) -> None:
    acme.oscar.delete()
    entered = {"is_enabled": "on", "attribute": "groups", **rows({"value": "all", "role": "write"})}
    preview = acme.post("mapping", connection.uid, **entered)
    summary = preview.context["summary"]
    assert [summary[name] for name in ("gain", "lose", "admins_left")] == [1, 1, 0]
    assert [(row.member.email, row.after) for row in preview.context["rows"]] == [
        ("olivia@acme.example", Role.WRITE),
        ("max@acme.example", Role.WRITE),
    ]
    assert "At least one row must give the role Admin" in preview.text
    assert 'name="save"' not in preview.text
    forced = acme.post("mapping", connection.uid, **fields_of(preview), save="")
    assert forced.context["refusal"].code == "mapping_needs_admin"
    assert not connection.role_rules.exists()


@pytest.mark.usefixtures("seen")
def test_mapping_that_leaves_no_admin_can_not_be_saved(acme: AcmeSettings, connection: Connection) -> None:
    acme.oscar.delete()
    data = {"is_enabled": "on", "attribute": "groups", **rows({"value": "nobody", "role": "admin"})}
    refused = save_mapping(acme.client, acme.url("mapping", connection.uid), data)
    assert refused.status_code == 200
    assert "nobody would be an admin any more" in refused.content.decode()
    assert 'name="save"' not in refused.content.decode()
    assert not connection.role_rules.exists()


def test_saving_what_was_not_previewed_shows_the_preview(acme: AcmeSettings, connection: Connection) -> None:
    data = {"is_enabled": "on", "attribute": "groups", **rows({"value": "boss", "role": "admin"})}
    response = acme.post("mapping", connection.uid, **data, save="", previewed="another")
    assert "Look at what this mapping changes first" in response.content.decode()
    assert not connection.role_rules.exists()


def test_keeping_is_switched_off_and_on_by_the_page(acme: AcmeSettings, connection: Connection) -> None:
    acme.post("keep_attributes", connection.uid)
    assert "a preview knows nobody" in acme.page("mapping", connection.uid)
    acme.post("keep_attributes", connection.uid, keep="on")
    assert seen_attributes.keeps_attributes(acme.org.pk)


@pytest.mark.usefixtures("seen")
def test_group_preview_names_the_groups(
    acme: AcmeSettings, connection: Connection, research: ResourceGroup
) -> None:
    entered = {"is_enabled": "on", "attribute": "groups"} | rows(
        {"value": "eng", "group": research.pk, "role": "write"}
    )
    page = acme.post("group_mapping", connection.uid, **entered)
    assert page.context["summary"]["given"] == 1
    assert page.context["rows"][0].seats[0].group == "Research"
    assert page.context["rows"][0].because == "eng"
