"""Who an IdP may say somebody is, and what it may make of them: a member of its own organisation and no more.

Sentry CVE-2025-22146 and its three successors, Grafana CVE-2023-3128, django-allauth CVE-2025-65431, nOAuth.
"""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.emails import verified_emails
from accounts.models import User
from orgs.models import Membership
from orgs.roles import Role
from sso.models import LinkedIdentity, SSOSession
from sso.types import Enforcement
from tests.attacks.web.steps import Login, steps_of, walk
from tests.builders import (
    make_connection,
    make_group,
    make_member,
    make_org,
    make_page,
    make_user,
    set_policy,
)
from tests.conftest import log_in
from tests.demo_idp import Person
from tests.sso.oidc.conftest import AcmeLogin

by_name = pytest.mark.parametrize("protocol", ["acme", "globex"])


@pytest.fixture
def login(db: None, protocol: str, request: pytest.FixtureRequest) -> Login:
    login: Login = request.getfixturevalue(protocol)
    return login


def sign_in_as(login: Login, subject: str) -> Any:
    """The whole login in the member's browser, as another person at the IdP. The last response."""
    result: Any = None
    for step in steps_of(login, subject):
        result = step(result)
        if getattr(result, "status_code", 0) >= 400:
            break
    return result


def says(login: Login, subject: str, **fields: Any) -> str:
    """Make the IdP know somebody of this subject."""
    login.tenant.people[subject] = Person(subject=subject, **{"name": "Somebody", **fields})
    return subject


# --- The same address, another subject -------------------------------------------------------------------


@pytest.mark.catalogue("WEB-NOAUTH", "WEB-FOREIGN-PEOPLE")
@by_name
def test_address_of_a_linked_member_with_another_subject_is_not_that_member(
    login: Login, protocol: str
) -> None:
    """Max is linked. Who comes with his address and another subject gets nothing of his, in his browser or theirs."""
    sign_in_as(login, "max")
    max_is = LinkedIdentity.objects.get(user=login.max.user)
    eve = make_member(login.org, make_user("eve@evil.example"))
    says(login, "eve", email=max_is.email)

    assert sign_in_as(login, "eve").status_code == 403  # in Max's own browser
    log_in(login.client, eve.user)
    sign_in_as(login, "eve")  # in Eve's: she is herself, whatever address the IdP has for her

    assert login.refusals() == ["account_linked_to_another"]
    assert LinkedIdentity.objects.get(user=login.max.user).subject == "max"
    session = SSOSession.objects.get(user=eve.user)
    assert session.identity.subject == "eve"
    assert verified_emails(eve.user) == {"eve@evil.example"}


@pytest.mark.catalogue("WEB-NOAUTH")
@by_name
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"email": "max@acme.example"}, "email_not_yours"),
        ({"email": "eve@evil.example"}, "email_domain_not_allowed"),
        ({"email": "eve@acme.example.evil.example"}, "email_domain_not_allowed"),
        ({"email": "eve@evil.example,max@acme.example"}, "email_not_yours"),
        ({"email": None}, "email_missing"),
    ],
    ids=str,
)
def test_first_link_needs_an_address_that_the_account_has_proven(
    login: Login, protocol: str, changes: dict[str, Any], code: str
) -> None:
    login.connection.email_domains = ["acme.example"]
    login.connection.save()
    log_in(login.client, make_member(login.org, make_user("eve@evil.example")).user)

    assert sign_in_as(login, says(login, "eve", **changes)).status_code == 403

    assert login.refusals()[0] in {code, "email_missing"}  # SAML takes what is no address for none
    assert not LinkedIdentity.objects.exists()
    assert not SSOSession.objects.exists()


@pytest.mark.catalogue("WEB-NOAUTH")
@pytest.mark.parametrize(
    "claims",
    [{"email_verified": False}, {"email_verified": "false"}, {"xms_edov": False}, {"xms_edov": "0"}],
    ids=str,
)
def test_unverified_address_proves_nothing_even_of_the_right_person(
    acme: AcmeLogin, claims: dict[str, Any]
) -> None:
    acme.connection.email_domains = ["acme.example"]
    acme.connection.save()
    acme.tenant.next_id_token(**claims)
    acme.sign_in()
    assert acme.refusals() == ["email_missing"]
    acme.sign_in()
    assert acme.can_read()


# --- People of other organisations -----------------------------------------------------------------------


@pytest.mark.catalogue("WEB-FOREIGN-PEOPLE")
@by_name
def test_words_about_people_elsewhere_open_nothing_elsewhere(login: Login, protocol: str) -> None:
    """Victor is an admin elsewhere, where the same address and subject are his. Max says at his IdP to be Victor."""
    elsewhere = make_org("elsewhere")
    set_policy(elsewhere, Enforcement.ENFORCED)
    make_connection(elsewhere, issuer=login.revision.issuer)
    victor = make_member(elsewhere, make_user("victor@elsewhere.example"), role=Role.ADMIN)
    make_member(elsewhere, login.max.user)
    page = make_page(elsewhere, "Elsewhere", body="elsewhere-marker").get_absolute_url()
    LinkedIdentity.objects.create(
        org=elsewhere, user=victor.user, issuer=login.revision.issuer, subject="victor"
    )

    sign_in_as(login, says(login, "victor", email="victor@elsewhere.example"))

    assert login.can_read()  # Max is in his own organisation, as whatever his IdP calls him there
    assert login.client.get(page).status_code == 403  # and member without SSO elsewhere, as before
    assert login.client.session["_auth_user_id"] == str(login.max.user.pk)
    assert LinkedIdentity.objects.filter(org=elsewhere).count() == 1
    assert not SSOSession.objects.filter(org=elsewhere).exists()


@pytest.mark.catalogue("WEB-FOREIGN-PEOPLE", "WEB-GATE-BYPASS")
@by_name
def test_sso_makes_no_account_and_no_member(login: Login, protocol: str) -> None:
    """Zulip CVE-2025-31478 and CVE-2019-18933: there is no account that SSO made, so none without a password."""
    people, members = User.objects.count(), Membership.objects.count()
    sign_in_as(login, says(login, "new", email="new@acme.example"))
    stranger = Client()
    stranger.get(f"/orgs/{login.org.slug}/sso/")
    assert (User.objects.count(), Membership.objects.count()) == (people, members)
    assert not User.objects.create_user("new@acme.example").has_usable_password()


# --- Roles -------------------------------------------------------------------------------------------------


def map_roles(login: Login) -> None:
    login.connection.role_mapping_enabled, login.connection.role_attribute = True, "groups"
    login.connection.group_mapping_enabled, login.connection.group_attribute = True, "groups"
    login.connection.save()
    login.connection.role_rules.create(value="writers", role=Role.WRITE)
    login.connection.role_rules.create(value="admins", role=Role.ADMIN)
    make_member(login.org, make_user(), role=Role.ADMIN)  # so that Max is not the last one


@pytest.mark.catalogue("WEB-MAPPING")
@by_name
@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (("writers",), Role.WRITE),
        (("admins", "writers"), Role.ADMIN),
        (("owner", "staff", "superuser", "root"), Role.READ),
        (("admin", "Admins", "admins,writers", "admins\u200b"), Role.READ),
        ((), Role.READ),
    ],
    ids=str,
)
def test_role_is_what_the_mapping_says_and_never_more(
    login: Login, protocol: str, groups: tuple[str, ...], role: Role
) -> None:
    map_roles(login)
    extra = {"is_staff": True, "is_superuser": True, "role": "admin", "roles": ["admins"]}
    sign_in_as(login, says(login, "max", groups=groups, extra=extra))
    login.max.refresh_from_db()
    stripped = (
        protocol == "globex" and " admins " in groups
    )  # SAML's values are read without blanks around them
    assert login.max.role == (Role.ADMIN if stripped else role)
    user = User.objects.get(pk=login.max.user.pk)
    assert not user.is_staff
    assert not user.is_superuser


@pytest.mark.catalogue("WEB-MAPPING")
@by_name
def test_group_that_is_gone_demotes_at_the_next_login(login: Login, protocol: str) -> None:
    map_roles(login)
    group = make_group(login.org)
    login.connection.group_rules.create(value="admins", group=group, role=Role.WRITE)
    sign_in_as(login, says(login, "max", groups=("admins",)))
    login.max.refresh_from_db()
    assert (login.max.role, login.max.group_seats.count()) == (Role.ADMIN, 1)

    sign_in_as(login, says(login, "max", groups=()))

    login.max.refresh_from_db()
    assert (login.max.role, login.max.group_seats.count()) == (Role.READ, 0)


# --- Sessions ------------------------------------------------------------------------------------------------


@pytest.mark.catalogue("WEB-FIXATION")
@by_name
def test_session_that_was_planted_is_worth_nothing_after_the_login(login: Login, protocol: str) -> None:
    planted = Client()
    planted.cookies.update(login.client.cookies)
    assert planted.session.session_key == login.client.session.session_key
    walk(login, happening=lambda: None, before_step=0)
    assert login.can_read()
    assert planted.cookies["sessionid"].value != login.client.cookies["sessionid"].value
    assert planted.get(login.page_path).status_code == 404  # as for any stranger


@pytest.mark.catalogue("WEB-FIXATION")
def test_session_key_rotates_at_the_portals_own_login(db: None) -> None:
    user, client = make_user("max@acme.example"), Client()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = str(timezone.now())
    session.save()
    client.cookies["sessionid"] = session.session_key or ""
    client.post("/accounts/login/", {"login": user.email, "password": "correct horse battery"})
    assert client.session["_auth_user_id"] == str(user.pk)
    assert client.session.session_key != session.session_key
    assert "_auth_user_id" not in Client().session
