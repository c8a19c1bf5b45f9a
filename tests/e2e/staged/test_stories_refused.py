"""Stories 8, 12 to 15, 18 and 24: who somebody is, what a refusal says, and who is out at the next click."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from orgs.models import Membership
from sso.models import Connection, LinkedIdentity
from tests.demo_idp import OIDCFault, SAMLFault
from tests.demo_idp.oidc_logout_tokens import logout_token
from tests.e2e.staged.conftest import Enter
from tests.e2e.staged.stage import be_known_at_idp, link
from tests.e2e.visitor import Visitor
from tests.sso.oidc.conftest import CLIENT_ID, AcmeLogin
from tests.sso.saml.conftest import GlobexLogin
from tests.sso.whole_login import PRIVATE_TEXT, WholeLogin

pytestmark = pytest.mark.e2e


def authenticate(visitor: Visitor, login: WholeLogin, *, subject: str = "max") -> None:
    """From the block page, as somebody whom the IdP knows, to whatever comes."""
    be_known_at_idp(visitor, login.tenant, subject)
    visitor.open(login.page_path)
    visitor.authenticate_button(login.connection.name).click()
    go_on = visitor.main.get_by_role("link", name=re.compile("^Continue to "))
    expect(
        go_on.or_(visitor.main.get_by_text(PRIVATE_TEXT)).or_(visitor.main.locator(".reference"))
    ).to_be_visible()
    if go_on.is_visible():
        go_on.click()


def read_refusal(admin: Visitor, login: WholeLogin, reference: str) -> None:
    """Find it as the member tells it: by its reference."""
    admin.open(f"/orgs/{login.org.slug}/settings/sso/refusals/")
    admin.main.get_by_role("link", name=reference).click()
    expect(admin.main.get_by_role("heading", name=reference)).to_be_visible()


def reference_on(visitor: Visitor) -> str:
    return visitor.main.locator(".reference code").inner_text()


def test_story_8_every_refusal_has_a_reference_under_which_the_admin_reads_the_cause(
    acme: AcmeLogin, enter: Enter
) -> None:
    link(acme, acme.max, "max")
    acme.tenant.next_fault(OIDCFault.WRONG_AUD)
    max_ = enter(acme.max)
    authenticate(max_, acme)
    expect(max_.main).to_contain_text("can't be trusted")
    expect(max_.main).not_to_contain_text("audience")
    reference = reference_on(max_)
    max_.main.get_by_role("link", name="Why was I refused?").click()
    expect(max_.main.get_by_label("Reference")).to_have_value(reference)

    olivia = enter(acme.olivia, has_sso=True)
    read_refusal(olivia, acme, reference)
    expect(olivia.main).to_contain_text("audience_mismatch")
    expect(olivia.main).to_contain_text("expected the client ID")
    expect(olivia.main).to_contain_text("max@acme.example")
    max_.main.get_by_role("link", name="Try again").click()
    expect(max_.main).to_contain_text(PRIVATE_TEXT)  # by two pages of explanation, and still there


def test_story_12_an_address_in_capitals_is_the_same_address(acme: AcmeLogin, enter: Enter) -> None:
    Connection.objects.filter(pk=acme.connection.pk).update(email_domains=["acme.example"])
    acme.tenant.change_person("max", email="Max@ACME.example")
    max_ = enter(acme.max)
    authenticate(max_, acme)
    expect(max_.main).to_contain_text(PRIVATE_TEXT)
    olivia = enter(acme.olivia, has_sso=True)
    olivia.open("/orgs/acme/members/?q=max")
    expect(olivia.main.get_by_role("link", name="Max")).to_have_count(1)


def test_story_13_a_changed_subject_is_refused_until_an_admin_has_compared_the_two(
    acme: AcmeLogin, enter: Enter
) -> None:
    link(acme, acme.max, "MAX")
    max_, olivia = enter(acme.max), enter(acme.olivia, has_sso=True)
    authenticate(max_, acme)
    expect(max_.main).to_contain_text("linked to another identity")

    read_refusal(olivia, acme, reference_on(max_))
    expect(olivia.main).to_contain_text("account_linked_to_another")
    olivia.main.get_by_role("link", name="Compare the identities").click()
    expect(olivia.main.get_by_role("region", name="Linked now")).to_contain_text("MAX")
    expect(olivia.main.get_by_role("region", name="Came as")).to_contain_text("max")
    olivia.main.get_by_role("button", name="Replace the link").click()
    expect(olivia.main.get_by_role("region", name="Linked identity")).to_contain_text("max")
    expect(olivia.main.get_by_role("link", name="Compare the identities")).to_have_count(0)

    max_.main.get_by_role("link", name="Try again").click()
    expect(max_.main).to_contain_text(PRIVATE_TEXT)


def test_story_14_nobody_is_linked_by_a_username(acme: AcmeLogin, enter: Enter) -> None:
    """Max comes as somebody who calls himself Olivia: he is still Max, and asked to choose nothing."""
    acme.tenant.next_id_token(preferred_username="olivia@acme.example", name="Olivia", nickname="olivia")
    max_ = enter(acme.max)
    authenticate(max_, acme)
    expect(max_.main).to_contain_text(PRIVATE_TEXT)
    expect(max_.page.get_by_text("Account of Max")).to_be_attached()
    assert LinkedIdentity.objects.get().user == acme.max.user


def test_story_15_a_small_drift_of_clocks_is_let_pass_and_a_large_one_is_told_with_both_times(
    globex: GlobexLogin, zoe: Membership, enter: Enter
) -> None:
    globex.tenant.next_fault(SAMLFault.CLOCK_AHEAD)
    max_ = enter(globex.max)
    authenticate(max_, globex)
    expect(max_.main).to_contain_text("clocks may be wrong")
    admin = enter(zoe, has_sso=True)
    read_refusal(admin, globex, reference_on(max_))
    expect(admin.main).to_contain_text("Compare the IdP's clock with ours.")

    soon = timezone.now() + timedelta(seconds=30)
    globex.tenant.next_saml_response(not_before=soon, issue_instant=soon)
    max_.main.get_by_role("link", name="Try again").click()
    max_.go_on_to_idp()
    expect(max_.main).to_contain_text(PRIVATE_TEXT)


def test_story_18_a_deactivated_account_is_out_at_the_next_click_and_so_is_its_login(
    acme: AcmeLogin, enter: Enter
) -> None:
    """Switched off by whoever runs the portal: the one channel there is, until an IdP can say so (SCIM)."""
    link(acme, acme.max, "max")
    inside, on_the_way = enter(acme.max, has_sso=True), enter(acme.max)
    inside.open(acme.page_path)
    expect(inside.main).to_contain_text(PRIVATE_TEXT)
    on_the_way.open(acme.page_path)
    on_the_way.authenticate_button(acme.connection.name).click()
    expect(on_the_way.page.locator("#login-form")).to_be_visible()
    acme.max.user.is_active = False
    acme.max.user.save()

    inside.page.reload()
    expect(inside.page.get_by_text(PRIVATE_TEXT)).to_have_count(0)
    inside.page.get_by_role("link", name="Go to the start page").click()
    expect(inside.page.get_by_role("link", name="Sign in").first).to_be_visible()
    on_the_way.choose_at_idp("max")
    expect(on_the_way.page.get_by_text(PRIVATE_TEXT)).to_have_count(0)
    expect(on_the_way.page).to_have_url(re.compile("localhost"))


def test_story_24_signed_out_there_is_signed_out_here_at_the_next_click(
    acme: AcmeLogin, enter: Enter
) -> None:
    max_ = enter(acme.max)
    authenticate(max_, acme)
    expect(max_.main).to_contain_text(PRIVATE_TEXT)
    (at_idp,) = acme.tenant.sessions.values()
    body: dict[str, str | float | bool] = {
        "logout_token": logout_token(acme.tenant, acme.tenant.clients[CLIENT_ID], at_idp)
    }
    url = reverse("sso:oidc_backchannel_logout", args=[acme.connection.uid])
    assert max_.context.request.post(url, form=body, headers={"Cookie": ""}).status == 200  # IdP to portal

    max_.page.reload()
    expect(max_.main.get_by_role("heading", name="Authenticate to enter Acme")).to_be_visible()
    expect(max_.page.get_by_text(PRIVATE_TEXT)).to_have_count(0)
