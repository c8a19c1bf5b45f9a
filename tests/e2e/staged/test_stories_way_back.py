"""Stories 5 to 7, 17, 19, 20 and 23: what one clicked, read or typed is there again after single sign-on."""

import re

import pytest
from playwright.sync_api import Response, expect

from orgs.models import Resource
from orgs.roles import Role
from sso.viewer import start_url
from tests.e2e.staged.conftest import Enter
from tests.e2e.staged.stage import be_known_at_idp, let_sessions_end, link
from tests.sso.oidc.conftest import AcmeLogin
from tests.sso.saml.conftest import GlobexLogin
from tests.sso.whole_login import PRIVATE_TEXT, WholeLogin

pytestmark = pytest.mark.e2e

PLACE = "?from=mail#the-end"


@pytest.fixture(params=["acme", "globex"], ids=["oidc", "saml"])
def login(request: pytest.FixtureRequest) -> WholeLogin:
    found: WholeLogin = request.getfixturevalue(request.param)
    return found


def test_story_5_the_member_lands_on_the_very_place_of_the_page_asked_for(
    login: WholeLogin, enter: Enter
) -> None:
    max_ = enter(login.max)
    max_.open(f"{login.page_path}{PLACE}")
    expect(max_.main.get_by_role("heading", name=f"Authenticate to enter {login.org}")).to_be_visible()
    max_.authenticate(login.connection.name, "max")
    expect(max_.page).to_have_url(re.compile(re.escape(f"{login.page_path}{PLACE}") + "$"))
    expect(max_.main).to_contain_text(PRIVATE_TEXT)


def test_story_6_the_idps_post_comes_without_a_cookie_and_the_login_is_found_all_the_same(
    globex: GlobexLogin, enter: Enter
) -> None:
    max_, stranger = enter(globex.max), enter(globex.max)
    link(globex, globex.max, "max")
    be_known_at_idp(max_, globex.tenant, "max")
    posted: list[Response] = []
    max_.page.on("response", lambda answer: posted.append(answer) if answer.url.endswith("/acs/") else None)
    max_.open(globex.page_path)
    max_.authenticate_button(globex.connection.name).click()
    expect(max_.main).to_contain_text(PRIVATE_TEXT)
    (answer,) = posted
    assert answer.request.method == "POST"
    assert "cookie" not in answer.request.all_headers()

    stranger.open(answer.headers["location"])
    expect(stranger.main).to_contain_text("not started here, or it was already used")


def test_story_7_the_way_back_leads_to_this_site_only(acme: AcmeLogin, enter: Enter) -> None:
    """Every spelling of elsewhere is in tests/sso/test_return_paths."""
    max_ = enter(acme.max)
    link(acme, acme.max, "max")
    be_known_at_idp(max_, acme.tenant, "max")
    max_.open(f"{start_url('acme')}?next=//evil.example/")
    expect(max_.page).to_have_url(re.compile(r"^http://localhost:\d+/orgs/acme/$"))


def test_story_17_lists_say_what_they_hide(acme: AcmeLogin, enter: Enter) -> None:
    max_ = enter(acme.max)
    max_.open("/")
    told = max_.main.get_by_role("list", name="Hidden until you authenticate")
    expect(told).to_contain_text("1 resource of Acme is hidden until you authenticate.")
    max_.open("/search/?q=private")
    expect(max_.main).not_to_contain_text(PRIVATE_TEXT)
    expect(told).to_contain_text("Acme")
    max_.banner.get_by_role("link", name="Authenticate with").click()
    max_.choose_at_idp("max")
    expect(max_.page).to_have_url(re.compile(r"/search/\?q=private$"))
    expect(max_.main.get_by_role("link", name="Private")).to_be_visible()


def test_story_19_while_the_idps_session_lives_nobody_clicks(login: WholeLogin, enter: Enter) -> None:
    link(login, login.max, "max")
    max_ = enter(login.max, has_sso=True)
    be_known_at_idp(max_, login.tenant, "max")
    let_sessions_end(login.max)
    max_.open(f"{login.page_path}?from=mail")
    expect(max_.main).to_contain_text(PRIVATE_TEXT)
    expect(max_.page).to_have_url(re.compile(r"\?from=mail$"))


def test_story_20_a_form_that_met_an_expired_session_is_kept(acme: AcmeLogin, enter: Enter) -> None:
    acme.max.role = Role.WRITE
    acme.max.save()
    link(acme, acme.max, "max")
    max_ = enter(acme.max, has_sso=True)
    max_.open("/orgs/acme/new-page/")
    max_.page.get_by_label("Title").fill("Half an hour's work")
    max_.page.get_by_label("Text").fill("# Wheels\n\nTwelve of them.")
    let_sessions_end(acme.max)

    max_.main.get_by_role("button", name="Create").click()
    expect(max_.main).to_contain_text("What you sent is kept for an hour.")
    be_known_at_idp(max_, acme.tenant, "max")
    max_.authenticate_button(acme.connection.name).click()
    expect(max_.main).to_contain_text("Twelve of them.")
    max_.main.get_by_role("button", name="Send now").click()
    expect(max_.main.get_by_role("heading", name="Half an hour's work")).to_be_visible()
    expect(max_.main.get_by_role("heading", name="Wheels")).to_be_visible()
    assert Resource.objects.filter(org=acme.org, title="Half an hour's work").count() == 1


def test_story_23_a_tile_on_the_idps_start_page_begins_a_login_of_our_own(
    globex: GlobexLogin, enter: Enter
) -> None:
    max_ = enter(globex.max)
    link(globex, globex.max, "max")
    be_known_at_idp(max_, globex.tenant, "max")
    max_.open(f"{globex.tenant.url}/")
    max_.page.get_by_role("link", name="SAML login that begins here").click()
    expect(max_.page).to_have_url(re.compile("/orgs/globex/$"))
    expect(max_.page.get_by_role("status").filter(has_text="You are authenticated")).to_be_visible()
