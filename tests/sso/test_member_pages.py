"""The member's side: banner, start page, "not now", join link, silent renewal, and a form that was held up."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from orgs.organisations import rename_organisation
from orgs.roles import Role
from sso import held_posts
from sso.models import HeldPost, LoginAttempt, ReportedBlock, SSOSession
from sso.types import Enforcement, Purpose, SessionLimit
from tests.builders import make_connection, make_member, make_sso_session, make_user, set_policy
from tests.conftest import World, log_in, log_in_with_sso


def banner_of(client: Client, path: str = "/accounts/profile/") -> str:
    page = client.get(path).content.decode()
    return page.partition('<section class="sso-banner')[2].partition("</section>")[0]


# --- The banner ----------------------------------------------------------------------------------------


def test_the_banner_shows_on_every_page_and_leads_back_to_it(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    banner = banner_of(client)
    assert "Acme Login" in banner
    assert "idp.example.org" in banner
    assert "hidden from you until then" in banner
    assert 'href="/orgs/acme/sso/?next=%2Faccounts%2Fprofile%2F"' in banner
    assert "Not now" not in banner


def test_one_banner_names_all_organisations_that_wait(client: Client, world: World) -> None:
    make_member(world.globex, world.max.user)
    make_connection(world.globex, connection={"name": "Globex Login"})
    set_policy(world.globex, Enforcement.OPTIONAL)
    log_in(client, world.max.user)
    banner = banner_of(client)
    assert "Acme Login" in banner
    assert "Globex Login" in banner


def test_not_now_stands_beside_those_that_can_wait_alone(client: Client, world: World) -> None:
    make_member(world.globex, world.max.user)
    make_connection(world.globex, connection={"name": "Globex Login"})
    set_policy(world.globex, Enforcement.OPTIONAL)
    log_in(client, world.max.user)
    rows = {row.partition("</li>")[0] for row in banner_of(client).split("<li")[1:]}
    assert {("Acme Login" in row, "Not now" in row) for row in rows} == {(True, False), (False, True)}


def test_an_optional_banner_can_be_set_aside_for_this_browser(client: Client, world: World) -> None:
    set_policy(world.acme, Enforcement.OPTIONAL)
    log_in(client, world.max.user)
    assert "Not now" in banner_of(client)
    response = client.post("/sso/skip/", {"next": "/orgs/acme/"})
    assert response["Location"] == "/orgs/acme/"
    assert banner_of(client) == ""
    other_browser = Client()
    log_in(other_browser, world.max.user)
    assert banner_of(other_browser) != ""


def test_an_enforced_banner_cannot_be_set_aside(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    client.post("/sso/skip/")
    assert banner_of(client) != ""


@pytest.mark.parametrize("person", ["nina", "zoe", "anonymous"])
def test_nobody_else_sees_the_banner(client: Client, world: World, person: str) -> None:
    log_in(client, world.person(person))
    assert banner_of(client, "/orgs/acme/") == ""


def test_the_banner_is_gone_after_sso(client: Client, world: World) -> None:
    log_in_with_sso(client, world.max)
    assert banner_of(client) == ""


# --- The start page ------------------------------------------------------------------------------------


def test_the_start_page_sends_a_member_to_the_idp_with_an_opaque_name_for_the_way_back(
    client: Client, saml_world: World
) -> None:
    log_in(client, saml_world.max.user)
    response = client.get("/orgs/acme/sso/?next=/orgs/acme/r/private-marker/")
    attempt = LoginAttempt.objects.get()
    target = urlsplit(response["Location"])
    assert target.netloc == "idp.example.org"
    assert parse_qs(target.query)["RelayState"] == [attempt.state]
    assert attempt.next_path == "/orgs/acme/r/private-marker/"
    assert "private-marker" not in response["Location"]


def test_a_request_by_post_may_go_to_that_idp_and_to_no_other_place(
    client: Client, saml_world: World
) -> None:
    saml_world.acme.connections.get().revisions.update(sso_binding="post")
    log_in(client, saml_world.max.user)
    response = client.get("/orgs/acme/sso/")
    assert 'action="https://idp.example.org/sso"' in response.content.decode()
    assert response["Cache-Control"] == "no-store"
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy["form-action"] == "'self' https://idp.example.org"
    assert policy["script-src"] == "'self'"


@pytest.mark.catalogue("WEB-OPEN-REDIRECT")
@pytest.mark.parametrize("next_path", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_a_foreign_way_back_is_dropped(client: Client, saml_world: World, next_path: str) -> None:
    log_in(client, saml_world.max.user)
    client.get("/orgs/acme/sso/", {"next": next_path})
    assert LoginAttempt.objects.get().next_path == ""


def test_an_outsider_learns_nothing_from_the_start_page(client: Client, world: World) -> None:
    log_in(client, world.zoe.user)
    assert client.get("/orgs/acme/sso/").status_code == 404


def test_an_anonymous_visitor_of_the_start_page_signs_in_first(client: Client, world: World) -> None:
    response = client.get("/orgs/acme/sso/?next=/orgs/acme/")
    assert response["Location"].startswith("/accounts/login/?next=/orgs/acme/sso/")


def test_without_a_live_connection_the_start_page_says_so(client: Client, world: World) -> None:
    world.acme_idp.delete()
    log_in(client, world.max.user)
    response = client.get("/orgs/acme/sso/")
    assert response.status_code == 503
    assert "no single sign-on just now" in response.content.decode()
    assert "Contact an admin" in response.content.decode()
    log_in(client, world.olivia.user)
    page = client.get("/orgs/acme/sso/").content.decode()
    assert "Contact an admin" not in page
    assert 'href="/orgs/acme/settings/sso/"' in page


# --- Joining -------------------------------------------------------------------------------------------


def test_the_join_link_explains_first_and_then_goes_to_the_idp(client: Client, saml_world: World) -> None:
    log_in(client, make_user())
    page = client.get("/orgs/acme/join/")
    assert "Join with Acme Login" in page.content.decode()
    assert not LoginAttempt.objects.exists()
    button = page.context["choices"][0].url
    response = client.get(f"/orgs/acme/join/{button}")
    assert urlsplit(response["Location"]).netloc == "idp.example.org"
    assert LoginAttempt.objects.get().purpose == Purpose.JOIN


@pytest.mark.catalogue("WEB-LOGIN-CSRF")
def test_a_link_on_somebody_elses_page_joins_nobody(client: Client, saml_world: World) -> None:
    log_in(client, make_user())
    other = Client()
    log_in(other, make_user())
    foreign_button = other.get("/orgs/acme/join/").context["choices"][0].url
    own_button = client.get("/orgs/acme/join/").context["choices"][0].url
    for query in ("?go=1", "?go=", foreign_button):
        assert client.get(f"/orgs/acme/join/{query}").status_code == 200
    assert not LoginAttempt.objects.exists()
    assert client.get(f"/orgs/acme/join/{own_button}").status_code == 302
    assert client.get(f"/orgs/acme/join/{own_button}").status_code == 200  # good for one press


@pytest.mark.catalogue("WEB-LOGIN-CSRF")
def test_a_first_login_that_another_site_started_asks_the_person(client: Client, saml_world: World) -> None:
    browser_session = log_in(client, saml_world.max.user)
    from_elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    page = client.get("/orgs/acme/sso/?next=/orgs/acme/", headers=from_elsewhere)
    assert page.status_code == 200
    assert "Another site sent you here" in page.text
    button = page.context["continue_url"]
    assert client.get(f"/orgs/acme/sso/{button}", headers=from_elsewhere).status_code == 200
    assert not LoginAttempt.objects.exists()
    own = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
    assert client.get(f"/orgs/acme/sso/{button}", headers=own).status_code == 302
    assert LoginAttempt.objects.get().next_path == "/orgs/acme/"
    make_sso_session(saml_world.max, browser_session=browser_session)
    assert client.get("/orgs/acme/sso/", headers=from_elsewhere).status_code == 302


def test_the_join_link_of_an_organisation_without_sso_does_not_exist(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    assert client.get("/orgs/globex/join/").status_code == 404


def test_a_member_who_follows_the_join_link_is_already_there(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    assert client.get("/orgs/acme/join/")["Location"] == "/orgs/acme/"


# --- Silent renewal ------------------------------------------------------------------------------------


def expire_by_idp(client: Client, world: World) -> None:
    now = timezone.now()
    make_sso_session(
        world.max,
        browser_session=log_in(client, world.max.user),
        expires_at=now - timedelta(seconds=1),
        org_limit_at=now + timedelta(days=1),
        limit=SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER,
    )


def test_a_page_navigation_is_sent_to_the_idp_silently_once(client: Client, world: World) -> None:
    expire_by_idp(client, world)
    first = client.get("/orgs/acme/r/private-marker/")
    assert first["Location"] == "/orgs/acme/sso/?next=%2Forgs%2Facme%2Fr%2Fprivate-marker%2F&silent=1"
    assert client.get("/orgs/acme/r/private-marker/").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/json"},
        {"HX-Request": "true"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
def test_nothing_but_a_page_navigation_is_ever_sent_to_the_idp(
    client: Client, world: World, headers: dict[str, str]
) -> None:
    expire_by_idp(client, world)
    assert client.get("/orgs/acme/r/private-marker/", headers=headers).status_code == 403
    assert client.post("/orgs/acme/members/").status_code == 403
    assert not SSOSession.objects.get().silent_renewal_tried


def test_a_session_that_the_organisations_limit_ended_is_not_renewed_silently(
    client: Client, world: World
) -> None:
    expire_by_idp(client, world)
    SSOSession.objects.update(org_limit_at=timezone.now())
    assert client.get("/orgs/acme/r/private-marker/").status_code == 403


# --- A form that met an expired session ----------------------------------------------------------------


def send_page(client: Client, **more: object) -> str:
    """Post a new page without SSO, and give the path of the form that was kept."""
    fields = {"title": "Planted-title", "body": "Planted-body", "csrfmiddlewaretoken": "x" * 64, **more}
    response = client.post("/orgs/acme/new-page/", fields)
    assert response.status_code == 403
    start = response.context["start_url"]
    return parse_qs(urlsplit(start).query)["next"][0] if response.context["is_post_held"] else ""


def test_a_form_is_kept_sealed_and_sent_on_after_sso(client: Client, world: World) -> None:
    world.max.role = Role.WRITE
    world.max.save()
    browser_session = log_in(client, world.max.user)
    path = send_page(client, visibility="private")
    held = HeldPost.objects.get()
    assert "Planted" not in held.fields_sealed
    make_sso_session(world.max, browser_session=browser_session)
    page = client.get(path)
    assert "Planted-title" in page.content.decode()
    assert "csrfmiddlewaretoken" not in dict(page.context["opened"].fields)
    sent = client.post(
        page.context["opened"].path, {name: values[0] for name, values in page.context["opened"].fields}
    )
    assert sent.status_code == 302
    assert world.acme.resources.filter(title="Planted-title", created_by=world.max.user).exists()


def test_a_kept_form_opens_for_its_own_browser_only_and_not_for_ever(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    path = send_page(client)
    other_browser = Client()
    log_in(other_browser, world.max.user)
    assert other_browser.get(path).status_code == 404
    HeldPost.objects.update(expires_at=timezone.now())
    assert client.get(path).status_code == 404


def test_a_kept_form_is_found_and_sent_on_after_the_organisation_has_moved(
    client: Client, world: World
) -> None:
    world.max.role = Role.WRITE
    world.max.save()
    browser_session = log_in(client, world.max.user)
    path = send_page(client, visibility="private")
    rename_organisation(org=world.acme, slug="acme-group", actor=world.olivia.user)
    make_sso_session(world.max, browser_session=browser_session)

    page = client.get(path, follow=True)

    assert page.redirect_chain == [(path.replace("/acme/", "/acme-group/"), 302)]
    fields = {name: values[0] for name, values in page.context["opened"].fields}
    assert client.post(page.context["opened"].path, fields).status_code == 302
    assert world.acme.resources.filter(title="Planted-title", created_by=world.max.user).exists()


@pytest.mark.parametrize("more", [{"body": "x" * 300_000}, {"client_secret": "s3cret"}])
def test_what_is_too_large_or_secret_is_not_kept_and_the_page_says_so(
    client: Client, world: World, more: dict[str, object]
) -> None:
    log_in(client, world.max.user)
    assert send_page(client, **more) == ""
    assert not HeldPost.objects.exists()


def test_a_browser_keeps_its_latest_forms_only(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    other_browser = Client()
    log_in(other_browser, world.max.user)
    of_the_other = send_page(other_browser)
    paths = [send_page(client) for _ in range(held_posts.MAX_HELD + 2)]
    assert [client.get(path).status_code for path in paths] == [404] * 2 + [200] * held_posts.MAX_HELD
    assert other_browser.get(of_the_other).status_code == 200


def test_a_form_at_an_endless_address_is_not_kept(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    response = client.post(f"/orgs/acme/new-page/?{'x' * 2000}", {"title": "Planted-title"})
    assert response.status_code == 403
    assert response.context["is_post_lost"]


# --- Report-only ---------------------------------------------------------------------------------------


def test_report_only_counts_what_enforcing_would_have_stopped(client: Client, world: World) -> None:
    set_policy(world.acme, Enforcement.REPORT_ONLY)
    log_in(client, world.max.user)
    for _ in range(3):
        assert client.get("/orgs/acme/r/private-marker/").status_code == 200
    client.get("/orgs/acme/", headers={"Accept": "application/json"})
    counted = set(ReportedBlock.objects.values_list("user", "channel", "path", "count"))
    assert counted == {
        (world.max.user_id, "html", "/orgs/acme/r/private-marker/", 3),
        (world.max.user_id, "json", "/orgs/acme/", 1),
    }


@pytest.mark.parametrize("path", ["settings/sso/", "settings/sso/policy/", "new-page/", "members/"])
def test_every_kind_of_place_is_counted_by_its_own_path(client: Client, world: World, path: str) -> None:
    set_policy(world.acme, Enforcement.REPORT_ONLY)
    log_in(client, world.olivia.user)
    assert client.get(f"/orgs/acme/{path}?page=2").status_code == 200
    assert ReportedBlock.objects.get().path == f"/orgs/acme/{path}"


def test_paths_that_lead_nowhere_are_not_counted(client: Client, world: World) -> None:
    set_policy(world.acme, Enforcement.REPORT_ONLY)
    log_in(client, world.max.user)
    for number in range(3):
        assert client.get(f"/orgs/acme/r/made-up-{number}/").status_code == 404
    assert client.get("/orgs/acme/settings/").status_code == 403  # no SSO needed to refuse this
    assert not ReportedBlock.objects.exists()


def test_one_place_written_in_many_ways_is_counted_as_one(client: Client, world: World) -> None:
    set_policy(world.acme, Enforcement.REPORT_ONLY)
    log_in(client, world.olivia.user)
    for number in ("{}", "0{}", "000{}"):
        path = f"/orgs/acme/members/{number.format(world.max.pk)}/role/"
        assert client.post(path, {"role": "write"}).status_code == 302
    (block,) = ReportedBlock.objects.all()
    assert (block.path, block.count) == (f"/orgs/acme/members/{world.max.pk}/role/", 3)


def test_an_organisation_deleted_meanwhile_is_not_counted(client: Client, world: World) -> None:
    set_policy(world.acme, Enforcement.REPORT_ONLY)
    log_in(client, world.olivia.user)
    assert client.post("/orgs/acme/settings/delete/", {"confirmation": "acme"}).status_code == 302
    assert not ReportedBlock.objects.exists()
