"""What a member is told before a first login, and the offer to renew before a session ends."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sso.models import LoginAttempt, SSOPolicy
from tests.builders import make_sso_session
from tests.conftest import World, log_in, log_in_with_sso

OWN_NAVIGATION = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}


def test_the_first_login_says_first_where_it_leads_and_what_it_shares(
    client: Client, saml_world: World
) -> None:
    connection = saml_world.acme.connections.get()
    connection.role_mapping_enabled, connection.role_attribute = True, "memberOf"
    connection.email_domains = ["acme.example"]
    connection.save()
    log_in(client, saml_world.max.user)
    page = client.get("/orgs/acme/sso/?next=/orgs/acme/", headers=OWN_NAVIGATION)
    for words in ("Continue to idp.example.org", "memberOf", "acme.example", "kept encrypted for 30 days"):
        assert words in page.text
    assert "/orgs/acme/leave/" in page.text
    assert "Another site" not in page.text
    assert not LoginAttempt.objects.exists()
    client.get(f"/orgs/acme/sso/{page.context['continue_url']}", headers=OWN_NAVIGATION)
    assert LoginAttempt.objects.get().next_path == "/orgs/acme/"


def test_the_first_login_names_no_attribute_that_nothing_reads(client: Client, saml_world: World) -> None:
    SSOPolicy.objects.filter(org=saml_world.acme).update(keeps_attributes=False)
    log_in(client, saml_world.max.user)
    shared = client.get("/orgs/acme/sso/", headers=OWN_NAVIGATION).context["shared"]
    assert (shared.role_attribute, shared.group_attribute, shared.kept_days) == ("", "", 0)


@pytest.mark.parametrize(("name", "offered"), [("max", False), ("olivia", True)])
def test_recovery_is_offered_to_admins_alone(
    client: Client, saml_world: World, name: str, offered: bool
) -> None:
    log_in(client, saml_world.person(name))
    page = client.get("/orgs/acme/sso/", headers=OWN_NAVIGATION)
    assert ("/orgs/acme/sso/recovery/" in page.text) is offered


def test_a_second_login_goes_straight_to_the_idp(client: Client, saml_world: World) -> None:
    browser_session = log_in(client, saml_world.max.user)
    make_sso_session(saml_world.max, browser_session=browser_session)
    assert client.get("/orgs/acme/sso/", headers=OWN_NAVIGATION).status_code == 302


# --- Renewing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "is_there", "is_due"),
    [
        (timedelta(minutes=4), True, True),
        (timedelta(minutes=6), True, False),
        (timedelta(hours=13), False, False),
    ],
)
def test_a_session_that_ends_soon_can_be_renewed_in_a_new_tab(
    client: Client, world: World, left: timedelta, is_there: bool, is_due: bool
) -> None:
    browser_session = log_in(client, world.max.user)
    make_sso_session(world.max, browser_session=browser_session, expires_at=timezone.now() + left)
    page = client.get("/orgs/acme/")
    notice = page.text.partition('<section class="renew-notice"')[2].partition("</section>")[0]
    assert bool(notice) is is_there
    if is_there:
        assert notice.partition(">")[0].endswith("hidden") is not is_due
        assert 'href="/orgs/acme/sso/?next=%2Forgs%2Facme%2Fsso%2Frenewed%2F"' in notice
        assert 'target="_blank" rel="noopener"' in notice


@pytest.mark.parametrize("name", ["nina", "zoe"])
def test_nobody_without_a_session_is_offered_to_renew_it(client: Client, world: World, name: str) -> None:
    log_in(client, world.person(name))
    assert "renew-notice" not in client.get("/orgs/acme/r/public-marker/").text


def test_the_new_tab_ends_on_a_page_that_needs_the_renewed_session(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    assert client.get("/orgs/acme/sso/renewed/").status_code == 403
    log_in_with_sso(client, world.max)
    assert 'data-renewed="acme"' in client.get("/orgs/acme/sso/renewed/").text
