"""`apply portal.yaml`: brings about what the file says, once; keeps every rule of the pages; shows no secret."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.emails import add_verified_email
from accounts.models import User
from orgs.models import AuditEvent, Domain, Membership, Organization
from orgs.roles import Role
from sso.declared.wanted import read_wanted
from sso.models import Connection, Revision, SSOPolicy
from sso.protocols import adapter_for
from tests.builders import live_revision, make_group, make_member, make_org, make_revision, make_user
from tests.conftest import World
from tests.demo_idp import DemoIdP, TenantConfig

SECRET = "client-secret-marker"

pytestmark = pytest.mark.django_db

WHOLE = """
organisations:
  - slug: hooli
    name: Hooli
    description: Makes things
    default_role: contributor
    audit_retention_days: 365
    admins: [ada@hooli.example, gavin@hooli.example, nobody@hooli.example]
    domains:
      - name: hooli.example
        auto_join: true
    enforcement: off
    session_hours: 24
    connections:
      - name: Hooli Login
        protocol: oidc
        vendor: okta
        live: true
        configuration:
          issuer: {issuer}
          client_id: hubsso
          client_secret: env:HOOLI_SECRET
          more_scopes: groups
        email_domains: [hooli.example]
        role_mapping:
          attribute: groups
          rules:
            - {{value: admins, role: admin}}
            - {{value: staff, role: read}}
"""


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("HOOLI_SECRET", SECRET)
    with DemoIdP([TenantConfig(slug="hooli")]) as idp:
        yield idp.tenant("hooli").issuer


class Portal:
    """A file, and the command that applies it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "portal.yaml"

    def says(self, text: str, **values: str) -> "Portal":
        self.file.write_text(text.format(**values) if values else text, encoding="utf-8")
        return self

    def apply(self, *arguments: str) -> str:
        output = StringIO()
        call_command("apply", str(self.file), *(arguments or ("--yes",)), stdout=output)
        return output.getvalue()

    def refused(self) -> str:
        with pytest.raises(CommandError) as caught:
            self.apply()
        assert caught.value.returncode == 1
        return str(caught.value)


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    return Portal(tmp_path)


@pytest.fixture
def admins() -> list[User]:
    return [make_user("ada@hooli.example"), make_user("gavin@hooli.example")]


@pytest.mark.usefixtures("admins")
def test_a_whole_organisation_is_set_up_and_the_second_time_nothing_differs(
    portal: Portal, issuer: str
) -> None:
    portal.says(WHOLE, issuer=issuer)
    said = portal.apply()
    assert "+ hooli.organisation: (nothing) -> Hooli, admin ada@hooli.example" in said
    assert "(the secret of env:HOOLI_SECRET)" in said
    assert "waits: hooli: nobody@hooli.example is no account's proven address yet" in said
    assert "waits: hooli: Hooli Login: its draft goes live after an admin has tested it" in said
    assert SECRET not in said

    org = Organization.objects.get(slug="hooli")
    assert (org.description, org.default_role, org.audit_retention_days) == (
        "Makes things",
        "contributor",
        365,
    )
    assert org.memberships.filter(role=Role.ADMIN).count() == 2
    domain = Domain.objects.get(org=org)
    assert (domain.auto_join, domain.verified_at) == (True, None)
    assert SSOPolicy.objects.get(org=org).session_timeout_seconds == 24 * 3600
    draft = Revision.objects.get(org=org)
    assert (draft.status, draft.client_secret, draft.more_scopes) == ("draft", SECRET, "groups")
    assert (draft.created_by, draft.created_by_label) == (None, "operator")
    connection = Connection.objects.get(org=org)
    assert (connection.vendor, connection.role_mapping_enabled) == ("okta", True)
    assert {event.actor_label for event in AuditEvent.objects.filter(org=org)} == {"operator"}

    before = AuditEvent.objects.count()
    assert "Nothing differs." in portal.apply("--check")
    assert "Nothing differs." in portal.apply()
    assert AuditEvent.objects.count() == before


@pytest.mark.usefixtures("admins")
def test_check_ends_with_two_and_changes_nothing(portal: Portal, issuer: str) -> None:
    portal.says(WHOLE, issuer=issuer)
    with pytest.raises(CommandError) as caught:
        portal.apply("--check")
    assert caught.value.returncode == 2
    assert not Organization.objects.exists()


@pytest.mark.usefixtures("admins")
def test_without_a_yes_nothing_is_changed(
    portal: Portal, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.says(WHOLE, issuer=issuer)
    monkeypatch.setattr("builtins.input", lambda prompt: "no")
    with pytest.raises(CommandError, match=r"Nothing was changed\."):
        portal.apply("-v1")
    assert not Organization.objects.exists()


def test_a_draft_goes_live_by_an_admins_passing_test_alone(
    portal: Portal, issuer: str, admins: list[User]
) -> None:
    portal.says(WHOLE, issuer=issuer)
    portal.apply()
    draft = Revision.objects.get()
    stranger = make_user()
    tests = {"org": draft.org, "revision": draft, "at": timezone.now()}
    draft.tests.create(user=stranger, passed=True, **tests)
    draft.tests.create(user=admins[0], passed=False, **tests)
    assert "waits: hooli: Hooli Login: its draft" in portal.apply()
    draft.tests.create(user=admins[1], passed=True, **tests)
    assert "draft 1, tested by gavin@hooli.example" in portal.apply()
    draft.refresh_from_db()
    assert draft.status == "live"
    assert "Nothing differs." in portal.apply()


def test_an_admins_own_draft_stays_while_the_live_revision_is_what_the_file_says(
    portal: Portal, world: World
) -> None:
    issuer = live_revision(world.acme_idp).issuer
    draft = make_revision(world.acme_idp, status=Revision.Status.DRAFT, client_id="of the admin")
    draft.tests.create(org=world.acme, user=world.olivia.user, passed=True, at=timezone.now())
    portal.says(
        "organisations: [{{slug: acme, connections: [{{name: Acme Login, protocol: oidc, live: true, "
        "configuration: {{client_id: hubsso, issuer: '{issuer}'}}}}]}}]",
        issuer=issuer,
    )
    assert portal.apply() == "Nothing differs.\n"
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_roles_that_come_from_the_idp_are_not_given_by_a_file(portal: Portal, world: World) -> None:
    portal.says("organisations: [{slug: acme, admins: [max@acme.example, nina@partner.example]}]")
    Connection.objects.update(role_mapping_enabled=True)
    said = portal.apply()
    assert "waits: acme: max@acme.example is to be Admin. Roles come from the identity provider." in said
    assert "Nothing differs." in said
    Connection.objects.update(role_mapping_enabled=False)
    assert "An external collaborator can't be an admin" in portal.refused()
    portal.says("organisations: [{slug: acme, admins: [max@acme.example]}]").apply()
    world.max.refresh_from_db()
    assert world.max.role == Role.ADMIN


def test_what_the_file_does_not_name_stays_as_it_is(portal: Portal, world: World) -> None:
    before = (Connection.objects.count(), Membership.objects.count())
    portal.says("organisations: [{slug: acme, description: New}]")
    assert portal.apply().splitlines() == ["+ acme.description: (nothing) -> New", "Applied."]
    world.acme.refresh_from_db()
    assert (world.acme.name, world.acme.description) == ("Acme", "New")
    assert (Connection.objects.count(), Membership.objects.count()) == before
    assert SSOPolicy.objects.get(org=world.acme).enforcement == "enforced"


def test_only_an_admin_enforces(portal: Portal, world: World) -> None:
    SSOPolicy.objects.update(enforcement="optional")
    portal.says("organisations: [{slug: acme, enforcement: enforced}]")
    said = portal.apply()
    assert "waits: acme: enforcement enforced is for an admin to switch on" in said
    assert SSOPolicy.objects.get(org=world.acme).enforcement == "optional"
    portal.says("organisations: [{slug: acme, enforcement: report_only, session_hours: 2}]")
    portal.apply()
    policy = SSOPolicy.objects.get(org=world.acme)
    assert (policy.enforcement, policy.session_timeout_seconds) == ("report_only", 7200)


def test_a_rule_that_refuses_one_step_undoes_all(portal: Portal, world: World) -> None:
    portal.says(
        """
organisations:
  - slug: acme
    description: New
    connections:
      - {name: Acme Login, protocol: oidc, enabled: false}
"""
    )
    assert "line 6: acme.Acme Login.enabled: " in portal.refused()
    world.acme.refresh_from_db()
    assert world.acme.description == ""


def test_saml_by_its_metadata(portal: Portal) -> None:
    make_member(make_org("hooli"), make_user("ada@hooli.example"), role=Role.ADMIN)
    group = make_group(Organization.objects.get(), "Research")
    with DemoIdP([TenantConfig(slug="hooli")]) as idp:
        tenant = idp.tenant("hooli")
        portal.says(
            """
organisations:
  - slug: hooli
    connections:
      - name: Hooli SAML
        protocol: saml
        configuration:
          metadata_url: {url}
          sign_requests: true
        group_mapping:
          attribute: groups
          rules: [{{value: research, group: research, role: write}}]
""",
            url=tenant.saml_entity_id,
        )
        portal.apply()
        draft = Revision.objects.get()
        assert (draft.issuer, draft.sign_requests) == (tenant.saml_entity_id, True)
        assert len(draft.certificates) == 1
        assert Connection.objects.get().group_rules.get().group == group
        assert "Nothing differs." in portal.apply()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("organisations: [{slug: hooli, nmae: x}]", "line 1: organisations[1]: there is no key nmae"),
        ("organisations:\n  - slug: a\n    slug: b", "line 3: organisations[1]: slug is there twice"),
        ("organisations:\n  - slug: a\n  - slug: a", "line 3: the organisation a is there twice"),
        ("organisations:\n  - name: x", "line 2: organisations[1]: slug is missing"),
        ("organisations: [{slug: hooli, name: Hooli}]", "needs an admin who has an account"),
        ("organisations: [{slug: acme, session_hours: 0}]", "write a number from 1 to 2160"),
        ("organisations: [{slug: acme, enforcement: sometimes}]", "write one of off, optional"),
        ("organisations: [{slug: acme, default_role: admin}]", "write one of no_access"),
        ("organisations: [{slug: acme, domains: [{name: gmail.com}]}]", "gmail.com: "),
        ("organisations: [\n", "line 2: "),
        ("organisations: !!python/object:os.system x", "a list is expected here"),
        ("", "The file is empty"),
    ],
)
def test_a_file_that_says_what_can_not_be_is_refused(
    portal: Portal, world: World, text: str, why: str
) -> None:
    assert why in portal.says(text).refused()


@pytest.mark.parametrize(
    ("configuration", "why"),
    [
        ("{client_secret: plain-secret-marker}", "write env:NAME or file:/path, never the secret itself"),
        ("{client_secret: 'env:HUBSSO_NOT_SET'}", "HUBSSO_NOT_SET is empty, or not set"),
        ("{client_secret: 'file:/nowhere'}", "/nowhere can't be read"),
        ("{client_sceret: x}", "there is no such key. Known are client_id, client_secret"),
        ("{held_secret: x}", "there is no such key"),
        ("{issuer: 'http://127.0.0.1:1'}", "Acme Login: issuer: "),
    ],
)
def test_configuration_that_can_not_be_is_refused(
    portal: Portal, world: World, configuration: str, why: str
) -> None:
    portal.says(
        "organisations:\n  - slug: acme\n    connections:\n      - name: Acme Login\n        protocol: oidc\n"
        f"        configuration: {configuration}"
    )
    said = portal.refused()
    assert said.startswith(f"{portal.file}, line 6: ")
    assert why in said
    assert "plain-secret-marker" not in said


def test_the_example_says_nothing_unknown() -> None:
    example = Path(__file__).parents[3] / "deploy" / "portal.example.yaml"
    (acme,) = read_wanted(example.read_bytes())
    assert [connection.name for connection in acme.connections] == ["Okta", "Contractors"]
    for connection in acme.connections:
        known = adapter_for(connection.protocol).draft_form(base=None).fields
        assert connection.configuration.keys() <= known.keys()


def test_whoever_signed_up_with_an_admins_address_and_has_not_proven_it_gets_nothing(portal: Portal) -> None:
    """Nor does a stranger stand before the admin, whose second address it is."""
    make_user("ada@hooli.example", verified=False)
    gavin = make_user("gavin@elsewhere.example")
    add_verified_email(user=gavin, email="gavin@hooli.example")
    make_user("gavin@hooli.example", verified=False)
    said = portal.says(
        """
organisations:
  - slug: hooli
    name: Hooli
    admins: [ada@hooli.example, gavin@hooli.example]
"""
    ).apply()
    assert "waits: hooli: ada@hooli.example is no account's proven address yet" in said
    assert [each.user for each in Membership.objects.filter(org__slug="hooli")] == [gavin]
