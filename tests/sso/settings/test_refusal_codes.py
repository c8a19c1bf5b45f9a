"""Settings that are refused, each with its code beside the field it belongs to, and nothing half-written."""

from typing import Any

import pytest
from django.utils import timezone

from orgs.roles import Role
from sso import connections
from sso.mapping import mappings
from sso.mapping.mappings import GroupRow, RoleRow
from sso.models import Connection
from sso.settings_errors import (
    AdminRuleNeeded,
    AttributeNeeded,
    ConnectionNameTaken,
    DomainInvalid,
    RuleRepeated,
    RulesNeeded,
    SettingsRefused,
)
from sso.types import SSOProtocol
from tests.builders import make_connection, make_group
from tests.sso.settings.conftest import AcmeSettings

ADMINS = RoleRow("admins", Role.ADMIN)


@pytest.fixture
def connection(acme: AcmeSettings) -> Connection:
    return make_connection(acme.org)


@pytest.mark.parametrize("domain", ["acme", "-acme.example", "a b.example", "acme..example", "é" * 300])
def test_what_is_no_domain_is_refused(acme: AcmeSettings, connection: Connection, domain: str) -> None:
    with pytest.raises(DomainInvalid):
        mappings.save_email_domains(connection=connection, domains=["acme.example", domain], actor=acme.admin)
    assert Connection.objects.get().email_domains == []
    response = acme.post("domains", connection.uid, domains=f"acme.example\n{domain.replace(' ', '_')}")
    assert codes_in(response) == {"domains": ["email_domain_invalid"]}


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"attribute": ""}, AttributeNeeded),
        ({"rows": []}, AdminRuleNeeded),
        ({"rows": [RoleRow("engineers", Role.READ)]}, AdminRuleNeeded),
        ({"rows": [ADMINS, ADMINS]}, RuleRepeated),
        ({"rows": [ADMINS, RoleRow("admins", Role.READ)], "is_enabled": False}, RuleRepeated),
    ],
)
def test_role_mapping_that_makes_no_sense_is_refused(
    acme: AcmeSettings, connection: Connection, fields: dict[str, Any], refusal: type[SettingsRefused]
) -> None:
    given = {"is_enabled": True, "attribute": "groups", "rows": [ADMINS], **fields}
    with pytest.raises(refusal):
        mappings.save_role_mapping(connection=connection, actor=acme.admin, now=timezone.now(), **given)
    assert not Connection.objects.get().role_mapping_enabled
    assert not connection.role_rules.exists()
    assert acme.audit("org.settings.sso.mapping") == []


@pytest.mark.parametrize(
    ("attribute", "times", "refusal"),
    [("", 1, AttributeNeeded), ("groups", 0, RulesNeeded), ("groups", 2, RuleRepeated)],
)
def test_group_mapping_that_makes_no_sense_is_refused(
    acme: AcmeSettings, connection: Connection, attribute: str, times: int, refusal: type[SettingsRefused]
) -> None:
    row = GroupRow("eng", make_group(acme.org), Role.READ)
    with pytest.raises(refusal):
        mappings.save_group_mapping(
            connection=connection, is_enabled=True, attribute=attribute, rows=[row] * times, actor=acme.admin
        )
    assert not connection.group_rules.exists()


def test_mapping_without_an_attribute_is_refused_beside_the_field(
    acme: AcmeSettings, connection: Connection
) -> None:
    rows = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 0, "form-0-value": "a", "form-0-role": "admin"}
    response = acme.post("mapping", connection.uid, is_enabled="on", attribute="", **rows)
    assert codes_in(response) == {"attribute": ["mapping_needs_attribute"]}


def test_name_of_another_connection_is_refused_beside_the_field(
    acme: AcmeSettings, connection: Connection
) -> None:
    other = make_connection(acme.org, connection={"name": "Taken"})
    with pytest.raises(ConnectionNameTaken):
        connections.create_connection(
            org=acme.org, name=other.name, protocol=SSOProtocol.OIDC, actor=acme.admin
        )
    response = acme.post("connection_rename", connection.uid, name=other.name)
    assert codes_in(response) == {"name": ["connection_name_taken"]}
    assert acme.org.connections.count() == 2


def codes_in(response: Any) -> dict[str, list[str]]:
    """The codes of the errors that a form shows, by field."""
    assert response.status_code == 200
    errors = response.context["form"].errors.as_data()
    return {field: [error.code for error in found] for field, found in errors.items()}
