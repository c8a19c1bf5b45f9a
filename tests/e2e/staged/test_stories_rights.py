"""Stories 9 to 11, 21, 22 and 25: which role, for how long, by which IdP. Nobody loses more than the IdP said."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Locator, expect

from orgs.roles import Role
from sso.models import Connection, RoleRule
from sso.types import Enforcement, SSOProtocol
from tests.builders import make_connection, make_member, make_user, set_policy
from tests.demo_idp import OIDCFault, Person, TenantConfig
from tests.e2e.staged.conftest import Enter
from tests.e2e.staged.stage import be_known_at_idp, let_sessions_end, link
from tests.e2e.visitor import Visitor
from tests.sso.oidc.conftest import AcmeLogin
from tests.sso.saml.conftest import GlobexLogin, register_sp
from tests.sso.whole_login import PRIVATE_TEXT

pytestmark = pytest.mark.e2e


def map_roles(acme: AcmeLogin, **rules: Role) -> None:
    Connection.objects.filter(pk=acme.connection.pk).update(
        role_mapping_enabled=True, role_attribute="groups"
    )
    for value, role in rules.items():
        RoleRule.objects.create(connection=acme.connection, value=value, role=role)


def authenticate(visitor: Visitor, acme: AcmeLogin) -> None:
    """As somebody whom the IdP knows and who came before."""
    visitor.open("/orgs/acme/")
    visitor.authenticate_button(acme.connection.name).click()
    expect(visitor.page.get_by_role("status").filter(has_text="You are authenticated")).to_be_visible()


def come_back_later(max_: Visitor, acme: AcmeLogin) -> None:
    """The SSO session is over, and renewed without a word."""
    let_sessions_end(acme.max)
    max_.open("/orgs/acme/")
    expect(role_of(max_)).to_be_visible()


def role_of(visitor: Visitor) -> Locator:
    return visitor.page.locator(".org-title .badge")


def settings_of(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("navigation", name="Acme").get_by_role("link", name="Settings")


@pytest.fixture
def max_(acme: AcmeLogin, enter: Enter) -> Visitor:
    """Linked, and known at the IdP."""
    link(acme, acme.max, "max")
    visitor = enter(acme.max)
    be_known_at_idp(visitor, acme.tenant, "max")
    return visitor


def test_story_9_a_role_set_by_hand_stays_and_where_a_mapping_decides_the_hand_is_stopped(
    acme: AcmeLogin, max_: Visitor, enter: Enter
) -> None:
    olivia = enter(acme.olivia, has_sso=True)
    olivia.open(f"/orgs/acme/members/{acme.max.pk}/")
    olivia.main.get_by_label("Role of Max").select_option(label="Write")
    olivia.main.get_by_role("button", name="Set role").click()
    expect(olivia.main.get_by_label("Role of Max")).to_have_value("write")
    authenticate(max_, acme)
    expect(role_of(max_)).to_have_text("Write")

    map_roles(acme, engineering=Role.READ)
    come_back_later(max_, acme)
    expect(role_of(max_)).to_have_text("Read")
    olivia.page.reload()
    expect(olivia.main.get_by_label("Role of Max")).to_be_disabled()
    expect(olivia.main.get_by_label("Role of Max")).to_have_accessible_description(re.compile("engineering"))


def test_story_10_who_left_the_idps_admin_group_is_no_admin_any_more_and_the_log_says_so(
    acme: AcmeLogin, max_: Visitor, enter: Enter
) -> None:
    map_roles(acme, engineering=Role.READ, boss=Role.ADMIN)
    acme.tenant.change_person("max", groups=("boss",))
    authenticate(max_, acme)
    expect(settings_of(max_)).to_be_visible()

    acme.tenant.change_person("max", groups=("engineering",))
    come_back_later(max_, acme)
    expect(role_of(max_)).to_have_text("Read")
    expect(settings_of(max_)).to_have_count(0)
    olivia = enter(acme.olivia, has_sso=True)
    olivia.open("/orgs/acme/settings/audit/")
    entry = olivia.main.get_by_role("listitem").filter(has_text="role").first
    expect(entry).to_contain_text(re.compile("admin.*read", re.IGNORECASE | re.DOTALL))


def test_story_11_a_mapping_never_takes_the_last_admin_and_tells_the_admins(
    acme: AcmeLogin, enter: Enter
) -> None:
    map_roles(acme, engineering=Role.READ, boss=Role.ADMIN)
    acme.tenant.change_person("olivia", groups=("engineering",))
    link(acme, acme.olivia, "olivia")
    olivia = enter(acme.olivia)
    be_known_at_idp(olivia, acme.tenant, "olivia")
    authenticate(olivia, acme)
    settings_of(olivia).click()
    olivia.main.locator(".side-wide").get_by_role("link", name="Audit log").click()
    expect(olivia.main).to_contain_text("org.withhold_role")
    assert [letter.to for letter in mail.outbox] == [["olivia@acme.example"]]


@pytest.mark.parametrize(
    ("idp_hours", "expected_hours", "limit"),
    [(2, 2, "identity provider"), (48, 24, "organisation's session length")],
    ids=["IdP's", "organisation's"],
)
def test_story_21_a_session_follows_the_idp_but_never_beyond_the_organisations_length(
    globex: GlobexLogin, enter: Enter, idp_hours: int, expected_hours: int, limit: str
) -> None:
    set_policy(globex.org, Enforcement.ENFORCED, session_timeout_seconds=24 * 3600)
    now = timezone.now()
    globex.tenant.next_saml_response(session_not_on_or_after=now + timedelta(hours=idp_hours))
    link(globex, globex.max, "max")
    max_ = enter(globex.max)
    be_known_at_idp(max_, globex.tenant, "max")
    max_.open(globex.page_path)
    max_.authenticate_button(globex.connection.name).click()
    told = max_.page.get_by_role("status").filter(has_text="You are authenticated for Globex until")
    expect(told).to_contain_text(limit)
    end = now + timedelta(hours=expected_hours)
    expect(told).to_contain_text(re.compile(f"{end:%H:%M}|{end + timedelta(minutes=1):%H:%M}"))


def test_story_22_whose_groups_are_too_many_keeps_the_role_and_the_admins_are_told(
    acme: AcmeLogin, max_: Visitor, enter: Enter
) -> None:
    map_roles(acme, engineering=Role.WRITE)
    authenticate(max_, acme)
    expect(role_of(max_)).to_have_text("Write")
    acme.tenant.next_fault(OIDCFault.GROUPS_OVERAGE)
    come_back_later(max_, acme)
    expect(role_of(max_)).to_have_text("Write")
    olivia = enter(acme.olivia, has_sso=True)
    olivia.open("/orgs/acme/settings/audit/")
    expect(olivia.main).to_contain_text("org.sso_groups_incomplete")


@pytest.fixture
def labs(acme: AcmeLogin) -> Connection:
    """The IdP that came to Acme by a merger."""
    people = (Person(subject="lea", name="Lea", email="lea@labs.example"),)
    tenant = acme.idp.add_tenant(TenantConfig(slug="labs", protocols=("saml",), people=people))
    made = make_connection(
        acme.org,
        SSOProtocol.SAML,
        connection={"name": "Labs ID", "email_domains": ["labs.example"]},
        issuer=tenant.saml_entity_id,
        sso_url=tenant.saml_sso_url,
        certificates=[tenant.saml_certificate_pem],
    )
    register_sp(tenant, made)
    return made


def test_story_25_after_a_merger_each_signs_in_at_their_own_idp_and_passes_one_gate(
    acme: AcmeLogin, labs: Connection, max_: Visitor, enter: Enter
) -> None:
    lea, tom = (make_member(acme.org, make_user(email)) for email in ("lea@labs.example", "tom@home.example"))
    by_labs, undecided = enter(lea), enter(tom)
    for person, subject in ((max_, "max"), (by_labs, "lea")):
        person.open(acme.page_path)
        person.main.get_by_role("link", name="Authenticate with").click()
        person.choose_at_idp(subject) if subject == "lea" else None
        expect(person.main).to_contain_text(PRIVATE_TEXT)
    undecided.open(acme.page_path)
    undecided.main.get_by_role("link", name="Authenticate with Acme").click()
    offered = undecided.main.get_by_role("link", name=re.compile("^Authenticate with"))
    expect(offered).to_have_text([f"Authenticate with {acme.connection.name}", "Authenticate with Labs ID"])

    olivia = enter(acme.olivia, has_sso=True)
    olivia.open(f"/orgs/acme/settings/sso/connections/{labs.uid}/switch/")
    olivia.main.get_by_role("button", name="Switch off").click()
    by_labs.page.reload()
    expect(by_labs.page.get_by_text(PRIVATE_TEXT)).to_have_count(0)
    max_.page.reload()
    expect(max_.main).to_contain_text(PRIVATE_TEXT)
