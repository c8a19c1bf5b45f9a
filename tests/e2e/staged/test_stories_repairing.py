"""Stories 1 to 4: keys that roll, an IdP that is gone, and a wrong configuration. An admin always finds the way in."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from orgs.models import Membership
from sso import connections
from sso.models import Revision, SSOPolicy
from sso.types import Enforcement
from tests.builders import give_recovery_codes, set_policy
from tests.e2e.staged.conftest import Enter
from tests.e2e.staged.stage import be_known_at_idp, let_sessions_end, link, live_number, save_saml_draft
from tests.sso.oidc.conftest import AcmeLogin
from tests.sso.saml.conftest import GlobexLogin
from tests.sso.settings.certificates import make_certificate
from tests.sso.whole_login import PRIVATE_TEXT

pytestmark = pytest.mark.e2e


def test_story_1_when_the_idps_key_rolls_an_admin_comes_back_by_a_recovery_code_and_repairs_it(
    globex: GlobexLogin, zoe: Membership, enter: Enter
) -> None:
    (code, *_) = give_recovery_codes(zoe)
    new = globex.tenant.rotate_saml_key(withdraw_old=True).certificate_pem
    max_, admin = enter(globex.max), enter(zoe)
    link(globex, globex.max, "max")
    be_known_at_idp(max_, globex.tenant, "max")
    be_known_at_idp(admin, globex.tenant, "zoe")
    max_.open(globex.page_path)
    max_.authenticate_button(globex.connection.name).click()
    expect(max_.main).to_contain_text("can't be trusted")

    page, main = admin.page, admin.main
    admin.open("/orgs/globex/settings/sso/certificates/")
    main.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label(re.compile("code")).fill(code)
    main.get_by_role("button", name="Open the SSO settings").click()
    main.get_by_role("link", name=globex.connection.name).first.click()
    main.get_by_role("link", name="Certificates and keys").last.click()
    main.get_by_role("link", name="Add next certificate").click()
    page.get_by_label(re.compile("^Certificate")).first.fill(new)
    main.get_by_role("button", name="Save as a draft").click()
    expect(main.get_by_role("button", name="Make live")).to_be_disabled()
    main.get_by_role("link", name="Test this draft").click()
    expect(main.get_by_role("heading", name="The test passed")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    main.get_by_role("button", name="Make live").click()
    strip = page.get_by_role("region", name=f"Trial of {globex.connection.name}")
    strip.get_by_role("link").first.click()
    admin.go_on_to_idp()
    expect(page.get_by_role("status").filter(has_text="is confirmed: it stays live.")).to_be_visible()

    max_.main.get_by_role("link", name="Try again").click()
    expect(max_.main).to_contain_text(PRIVATE_TEXT)


def test_story_1_and_a_repair_that_lets_no_admin_in_is_undone_by_itself(
    globex: GlobexLogin, zoe: Membership, enter: Enter
) -> None:
    draft = save_saml_draft(globex, zoe.user, certificates=[make_certificate()])
    now = timezone.now()
    draft.tests.create(org=globex.org, user=zoe.user, passed=True, at=now)
    max_ = enter(globex.max, has_sso=True)
    connections.go_live(
        connection=globex.connection, revision=draft, actor=zoe.user, now=now, trial_seconds=600
    )
    max_.open(globex.page_path)
    expect(max_.main).to_contain_text("Its single sign-on was changed")
    over = timezone.now() - timedelta(seconds=1)
    Revision.objects.filter(pk=draft.pk).update(confirm_by=over)
    SSOPolicy.objects.filter(org=globex.org).update(confirm_by=over)

    max_.page.reload()
    expect(max_.main).to_contain_text(PRIVATE_TEXT)
    assert live_number(globex.connection) == 1


def test_story_2_when_the_idp_is_gone_members_keep_their_account_and_can_leave(
    acme: AcmeLogin, enter: Enter
) -> None:
    Revision.objects.filter(connection=acme.connection).update(issuer="http://127.0.0.1:9/")
    link(acme, acme.max, "max")
    max_ = enter(acme.max)
    max_.open(acme.page_path)
    max_.authenticate_button(acme.connection.name).click()
    expect(max_.main).to_contain_text("can't be reached just now")
    max_.main.get_by_role("link", name="Go to your other organisations").click()
    expect(max_.main.get_by_role("heading", name="Hello, Max")).to_be_visible()
    max_.page.get_by_text("Account of Max").locator("xpath=ancestor::summary").click()
    max_.page.get_by_role("link", name="Account settings").click()
    expect(max_.page).to_have_url(re.compile("/accounts/profile/$"))
    max_.main.get_by_role("link", name="My organisations' SSO").first.click()
    max_.main.get_by_role("link", name="Leave Acme").click()
    max_.main.get_by_role("button", name="Leave").click()
    expect(max_.main).to_contain_text("You do not belong to an organisation yet")
    assert not Membership.objects.filter(pk=acme.max.pk).exists()


def test_story_3_a_configuration_that_did_not_pass_can_be_neither_made_live_nor_enforced(
    acme: AcmeLogin, enter: Enter
) -> None:
    set_policy(acme.org, Enforcement.OFF)
    draft = acme.revision
    draft.seal_client_secret("mistyped")
    draft.status = Revision.Status.DRAFT
    draft.save()
    olivia = enter(acme.olivia)
    be_known_at_idp(olivia, acme.tenant, "olivia")
    olivia.open(f"/orgs/acme/settings/sso/connections/{acme.connection.uid}/")
    make_live = olivia.main.get_by_role("button", name="Make live")
    expect(make_live).to_be_disabled()
    olivia.main.get_by_role("link", name="Test this draft").click()
    expect(olivia.main.get_by_role("heading", name="The test failed")).to_be_visible()
    expect(olivia.main).to_contain_text("invalid_client")
    expect(make_live).to_be_disabled()

    olivia.open("/orgs/acme/settings/sso/policy/")
    enforced = olivia.main.locator("#step-enforced")
    expect(enforced).to_contain_text("Make a connection live first")
    expect(enforced.get_by_role("link", name="Go to")).to_have_count(0)


def test_story_4_two_certificates_overlap_and_one_that_has_expired_counts_for_nothing(
    globex: GlobexLogin, zoe: Membership, enter: Enter
) -> None:
    present, expired = globex.tenant.saml_certificate_pem, make_certificate(expires_in_days=-1)
    coming = globex.tenant.rotate_saml_key().certificate_pem
    revisions = Revision.objects.filter(connection=globex.connection)
    revisions.update(certificates=[expired, present, coming])
    link(globex, globex.max, "max")
    max_, admin = enter(globex.max), enter(zoe, has_sso=True)
    be_known_at_idp(max_, globex.tenant, "max")
    max_.open(globex.page_path)
    max_.authenticate_button(globex.connection.name).click()
    expect(max_.main).to_contain_text(PRIVATE_TEXT)

    admin.open(f"/orgs/globex/settings/sso/connections/{globex.connection.uid}/certificates/")
    rows = admin.main.get_by_role("region", name="Certificates of the identity provider").get_by_role(
        "listitem"
    )
    expect(rows.filter(has_text="Not trusted any more")).to_have_count(1)
    expect(rows.filter(has_text="It last verified a login")).to_have_count(1)
    expect(rows.filter(has_text="not seen at a login yet")).to_have_count(1)
    let_sessions_end(globex.max)
    revisions.update(certificates=[expired])
    max_.page.reload()  # told before anybody is sent there for nothing
    expect(max_.main).to_contain_text("Authenticate to enter Globex")
    max_.authenticate_button(globex.connection.name).click()
    expect(max_.main.get_by_role("heading", name="You are not signed in to Globex")).to_be_visible()
    assert set(globex.refusals()) == {"certificate_expired"}
