"""Ways around the gate: methods, headers, ways to have become a member, stages without their proof, portal logins.

GitLab CVE-2023-3115 (indirect members), authentik CVE-2026-49443 (an empty POST to a stage) and CVE-2026-54730 (a
stage passed without its proof), PostHog #9208 (enforcement by address), Zulip CVE-2025-31478.
"""

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.emails import add_verified_email
from orgs import invitations
from orgs.models import Membership, Organization
from orgs.roles import Role, RoleSource
from sso.models import LinkedIdentity, LoginAttempt, RevisionTest, SSOSession
from sso.types import Enforcement, Purpose, SSOProtocol
from tests.builders import (
    PASSWORD,
    make_attempt,
    make_connection,
    make_group,
    make_member,
    make_user,
    set_policy,
)
from tests.conftest import World, log_in, log_in_with_sso

PAGE = "/orgs/acme/r/private-marker/"
MARKERS = (b"private-body-marker", b"Private-marker")
HEADERS = [
    {"X-Original-URL": "/"},
    {"X-Rewrite-URL": "/"},
    {"X-Forwarded-Prefix": "/accounts"},
    {"X-HTTP-Method-Override": "OPTIONS"},
    {"X-Forwarded-User": "olivia@acme.example", "X-Forwarded-Email": "olivia@acme.example"},
    {"Remote-User": "olivia@acme.example", "X-Remote-User": "olivia@acme.example"},
    {"Authorization": "Basic b2xpdmlhQGFjbWUuZXhhbXBsZTp4"},
    {"Authorization": "Bearer x"},
    {"HX-Request": "true", "HX-Boosted": "true"},
    {"X-Requested-With": "XMLHttpRequest"},
    {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"},
    {"Purpose": "prefetch", "Sec-Purpose": "prefetch"},
    {"Range": "bytes=0-10"},
    {"If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT", "If-None-Match": "*"},
    {"Accept": "application/json"},
    {"Accept": "text/markdown, */*;q=0.1"},
    {"Host": "localhost"},
    {"X-Forwarded-Host": "testserver:443", "X-Forwarded-Proto": "https"},
]


@pytest.mark.catalogue("WEB-GATE-BYPASS")
@pytest.mark.parametrize(
    "path", [PAGE, "/orgs/acme/members/", "/orgs/acme/settings/", "/orgs/acme/settings/sso/"]
)
def test_no_method_passes(client: Client, world: World, path: str) -> None:
    log_in(client, world.olivia.user)
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        response = client.generic(method, path)
        assert response.status_code == 403, method
        assert response.headers["X-HubSSO-SSO"].startswith("required")
        assert not any(marker in response.content for marker in MARKERS)


@pytest.mark.catalogue("WEB-GATE-BYPASS", "WEB-HEADER-INJECTION")
@pytest.mark.parametrize("headers", HEADERS, ids=str)
def test_no_header_passes(client: Client, world: World, headers: dict[str, str]) -> None:
    for user, status in ((world.max.user, 403), (None, 404)):
        browser = Client()
        log_in(browser, user)
        response = browser.get(PAGE, headers=headers)
        assert response.status_code == status
        assert not any(marker in response.content for marker in MARKERS)
        assert browser.session.get("_auth_user_id") == (str(user.pk) if user else None)


@pytest.mark.catalogue("WEB-GATE-BYPASS")
def test_the_same_browser_with_sso_passes(client: Client, world: World) -> None:
    log_in_with_sso(client, world.max)
    assert MARKERS[0] in client.get(PAGE).content


@pytest.mark.catalogue("WEB-HEADER-INJECTION", "WEB-GATE-BYPASS")
@pytest.mark.parametrize(
    "cookie",
    ["", " ", "x", "é", "null", "../../x", "a" * 4000, "' OR 1=1", "%00", '"quoted"', "x; sessionid=y"],
)
def test_malformed_session_cookie_is_nobody(world: World, cookie: str) -> None:
    client = Client()
    response = client.get(
        PAGE, headers={"Cookie": f"sessionid={cookie}; hubsso_sso=1".encode().decode("latin-1")}
    )
    assert response.status_code in (400, 404)
    assert not any(marker in response.content for marker in MARKERS)


# --- Every way to be a member ------------------------------------------------------------------------------


def by_invitation(org: Organization) -> Membership:
    """Accepted before the organisation began to enforce, which ends classic invitations."""
    policy = set_policy(org, Enforcement.OFF)
    user = make_user("invited@elsewhere.example")
    invitations.invite(org=org, email=user.email, role=Role.READ, actor=make_user(), now=timezone.now())
    link = next(word for word in mail.outbox[-1].body.split() if "/invitations/" in word)
    client = Client()
    client.force_login(user)
    accept = client.get(link, follow=True)
    client.post(accept.redirect_chain[-1][0])
    policy.enforcement = Enforcement.ENFORCED
    policy.save()
    return Membership.objects.get(org=org, user=user)


def by_hand(org: Organization) -> Membership:
    return make_member(org, make_user())


def from_another_directory(org: Organization) -> Membership:
    return make_member(org, make_user(), role_source=RoleSource.SCIM)


def from_the_idp(org: Organization) -> Membership:
    return make_member(org, make_user(), role_source=RoleSource.IDP)


def by_a_seat_in_a_group(org: Organization) -> Membership:
    member = make_member(org, make_user(), role=Role.NO_ACCESS)
    make_group(org).seats.create(org=org, membership=member, role=Role.ADMIN)
    return member


def with_an_address_of_another_domain(org: Organization) -> Membership:
    """Enforcement asks who is a member, not which domain an address is of."""
    return make_member(org, make_user("somebody@gmail.example"), role=Role.ADMIN)


def with_several_addresses(org: Organization) -> Membership:
    member = make_member(org, make_user("several@acme.example"))
    add_verified_email(user=member.user, email="several@private.example")
    return member


def site_staff(org: Organization) -> Membership:
    return make_member(org, make_user(is_staff=True, is_superuser=True), role=Role.ADMIN)


@pytest.mark.catalogue("WEB-GATE-BYPASS")
@pytest.mark.parametrize(
    "way",
    [
        by_invitation,
        by_hand,
        from_another_directory,
        from_the_idp,
        by_a_seat_in_a_group,
        with_an_address_of_another_domain,
        with_several_addresses,
        site_staff,
    ],
)
def test_whoever_became_a_member_however_is_asked(
    client: Client, world: World, way: Callable[[Organization], Membership]
) -> None:
    member = way(world.acme)
    log_in(client, member.user)
    assert client.get(PAGE).status_code == 403
    assert not any(
        marker in client.get("/search/?q=Private-marker").content for marker in (b"private-body-marker",)
    )
    assert not any(marker in client.get("/").content for marker in MARKERS)


# --- Ways to be signed in at the portal ----------------------------------------------------------------------


def by_password(client: Client, email: str) -> None:
    client.post("/accounts/login/", {"login": email, "password": PASSWORD})


def by_resetting_the_password(client: Client, email: str) -> None:
    client.post("/accounts/password/reset/", {"email": email})
    link = next(word for word in mail.outbox[-1].body.split() if "/password/reset/key/" in word)
    path = client.get(link, follow=True).request["PATH_INFO"]
    client.post(path, {"password1": "an entirely new phrase", "password2": "an entirely new phrase"})
    client.post("/accounts/login/", {"login": email, "password": "an entirely new phrase"})


def by_confirming_another_address(client: Client, email: str) -> None:
    by_password(client, email)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/email/", {"action_add": "", "email": "olivia@acme.example.org"})
    link = next(word for word in mail.outbox[-1].body.split() if "/confirm-email/" in word)
    client.post(link)


@pytest.mark.catalogue("WEB-GATE-BYPASS")
@pytest.mark.parametrize("way", [by_password, by_resetting_the_password, by_confirming_another_address])
def test_no_portal_login_replaces_sso(
    client: Client, world: World, way: Callable[[Client, str], None]
) -> None:
    way(client, "max@acme.example")
    assert client.session["_auth_user_id"] == str(world.max.user.pk)
    assert client.get(PAGE).status_code == 403


@pytest.mark.catalogue("WEB-GATE-BYPASS")
def test_signing_up_with_a_members_address_takes_nothing_over(client: Client, world: World) -> None:
    for email in ("max@acme.example", "MAX@acme.example", "new@acme.example"):
        client.post("/accounts/signup/", {"name": "Max", "email": email, "password1": "a quite new phrase"})
        assert "_auth_user_id" not in client.session
    client.post("/accounts/login/", {"login": "max@acme.example", "password": "a quite new phrase"})
    assert "_auth_user_id" not in client.session
    assert client.get(PAGE).status_code == 404


# --- Stages without their proof --------------------------------------------------------------------------------


def stages(world: World, saml_uid: object) -> list[tuple[str, str]]:
    acme = world.acme_idp.uid
    return [
        (reverse("sso:oidc_callback", args=[acme]), "GET"),
        (reverse("sso:oidc_callback", args=[acme]), "POST"),
        (reverse("sso:oidc_initiate", args=[acme]), "POST"),
        (reverse("sso:saml_acs", args=[saml_uid]), "POST"),
        (reverse("sso:saml_finish", args=[saml_uid]), "GET"),
        (reverse("sso:saml_finish", args=[saml_uid]), "POST"),
        (reverse("sso:signed_out", args=[acme]), "GET"),
        (reverse("sso:join", args=["acme"]), "GET"),
        (reverse("sso:join", args=["acme"]), "POST"),
        (reverse("sso:skip"), "POST"),
        (reverse("sso:recovery", args=["acme"]), "POST"),
    ]


@pytest.mark.catalogue("WEB-GATE-BYPASS", "WEB-LOGIN-CSRF")
@pytest.mark.parametrize("person", ["max", "olivia", "zoe"])
def test_stage_that_is_called_without_its_proof_passes_nobody_on(world: World, person: str) -> None:
    """Empty, with an open attempt of the same browser: only what an IdP has answered completes it."""
    saml = make_connection(world.acme, SSOProtocol.SAML)
    user = world.person(person)
    assert user is not None
    client = Client()
    browser_session = log_in(client, user)
    purpose = Purpose.JOIN if person == "zoe" else Purpose.LOGIN
    for connection in (world.acme_idp, saml):
        make_attempt(connection, user, browser_session=browser_session, purpose=purpose)
    attempts = list(LoginAttempt.objects.order_by("pk").values())
    for path, method in stages(world, saml.uid):
        response = client.generic(method, path)
        assert response.status_code in (200, 302, 303, 400, 404, 405), path
        assert client.get(PAGE).status_code == (404 if person == "zoe" else 403), path
    assert list(LoginAttempt.objects.order_by("pk").values()) == attempts
    assert not SSOSession.objects.exists()
    assert not LinkedIdentity.objects.exists()
    assert not RevisionTest.objects.exists()
    assert world.acme.memberships.filter(user=user).exists() == (person != "zoe")
