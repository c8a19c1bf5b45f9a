"""The 25 stories that users of other products told of being locked out, each played here and survived.

Where a sentence of a story is tested in full elsewhere, the story stays short:

=====  ==========================================  =====================================================
story  what went wrong                             also shown in
=====  ==========================================  =====================================================
1      the IdP's key rolled, nobody got in         settings/test_recovery_codes, test_trials
2      the IdP's application was deleted           test_gate_table, e2e/test_stories
3      a wrong configuration was enforced          settings/test_going_live, settings/test_enforcement
4      a certificate was cut over                  saml/test_login, saml/test_metadata_refresh
5, 7   the way back was lost, or led elsewhere     test_return_paths, test_member_pages, e2e/test_stories
6      the cross-site POST had no cookie           saml/test_login, attacks/web/test_cross_site
8      "failed:" and nothing after the colon       test_refusals, test_failure_lab, test_causes
9-11   roles reverted, stayed, or left no admin    test_provisioning, settings/test_mappings
12-14  upper case, a new subject, a username       test_linking
15     clocks differed by less than a second       oidc/test_id_token, saml/test_rules
16     a 403 that said nothing                     test_gate_table
17     empty lists instead of an error             orgs/test_visible_to, orgs/test_search
18     deactivated, and still in                   test_session_ends
19-21  one click more, a lost form, the length     test_member_pages, test_session_limits
22     too many groups                             test_provisioning, oidc/test_claims
23     a tile on the IdP's start page              saml/test_login, oidc/test_login
24     signed out there, still in here             oidc/test_backchannel_logout, saml/test_slo_from_idp
25     two IdPs after a merger                     test_choosing
=====  ==========================================  =====================================================
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.models import AuditEvent, Membership
from orgs.roles import Role
from sso import connections, linking, login
from sso.enforcing import recovery_codes
from sso.errors import SSOError
from sso.models import Connection, LinkedIdentity, RefusalTrace, Revision, RoleRule, SSOPolicy, SSOSession
from sso.settings_errors import DraftNotTested
from sso.types import Enforcement, SSOProtocol
from sso.viewer import start_url
from tests.builders import (
    make_assertion,
    make_attempt,
    make_connection,
    make_member,
    make_revision,
    make_sso_session,
    make_user,
    set_policy,
)
from tests.conftest import World, log_in, log_in_with_sso
from tests.demo_idp import IdPBrowser, OIDCFault, SAMLFault
from tests.demo_idp.oidc_logout_tokens import logout_token
from tests.sso.oidc.conftest import CLIENT_ID, AcmeLogin
from tests.sso.saml.conftest import GlobexLogin
from tests.sso.settings.certificates import make_certificate
from tests.sso.stories import live_number, run_saml_test, save_saml_draft, sso_settings_path
from tests.sso.test_provisioning import apply, events, map_roles

TESTS = Path(__file__).parent.parent
PAGE = "/orgs/acme/r/private-marker/"


@pytest.fixture
def zoe(globex: GlobexLogin) -> Membership:
    """Globex's admin."""
    return make_member(globex.org, make_user("zoe@globex.example", name="Zoe"), role=Role.ADMIN)


def test_story_1_when_the_idps_key_rolls_an_admin_comes_back_by_a_recovery_code_and_repairs_it(
    globex: GlobexLogin, zoe: Membership
) -> None:
    codes = recovery_codes.make_codes(org=globex.org, user=zoe.user, now=timezone.now())
    old = globex.tenant.saml_certificate_pem
    new = globex.tenant.rotate_saml_key(withdraw_old=True).certificate_pem
    assert globex.sign_in().status_code == 403
    assert globex.refusals() == ["signature_invalid"]
    admin = Client()
    log_in(admin, zoe.user)
    assert admin.get(sso_settings_path(globex)).status_code == 403

    admin.post(reverse("sso:recovery", args=["globex"]), {"code": codes[0]})
    assert admin.get(sso_settings_path(globex)).status_code == 200
    draft = save_saml_draft(globex, zoe.user, certificates=[old, new])
    assert run_saml_test(globex, admin, "zoe").passed
    admin.post(sso_settings_path(globex, "go-live/"), {"revision": draft.number})

    assert live_number(globex.connection) == draft.number
    assert globex.sign_in().status_code == 302
    assert globex.can_read()


def test_story_1_and_a_repair_that_lets_no_admin_in_is_undone_by_itself(
    globex: GlobexLogin, zoe: Membership
) -> None:
    log_in_with_sso(globex.client, globex.max)
    draft = save_saml_draft(globex, zoe.user, certificates=[make_certificate()])
    draft.tests.create(org=globex.org, user=zoe.user, passed=True, at=timezone.now())
    connections.go_live(
        connection=globex.connection, revision=draft, actor=zoe.user, now=timezone.now(), trial_seconds=600
    )
    assert not globex.can_read()
    over = timezone.now() - timedelta(seconds=1)
    Revision.objects.filter(pk=draft.pk).update(confirm_by=over)
    SSOPolicy.objects.filter(org=globex.org).update(confirm_by=over)
    assert globex.can_read()
    assert live_number(globex.connection) == 1


@pytest.mark.parametrize(
    "path", ["/", "/accounts/profile/", "/accounts/sso-sessions/", "/orgs/globex/leave/"]
)
def test_story_2_when_the_idp_is_gone_members_keep_their_account_and_can_leave(
    client: Client, world: World, path: str
) -> None:
    Revision.objects.filter(connection=world.acme_idp).update(issuer="http://127.0.0.1:9/")
    log_in(client, world.max.user)
    make_member(world.globex, world.max.user)
    assert client.get(PAGE).status_code == 403
    assert client.get(path).status_code == 200
    client.post("/orgs/acme/leave/")
    assert not Membership.objects.filter(pk=world.max.pk).exists()


def test_story_3_a_configuration_that_nobody_passed_can_be_neither_made_live_nor_enforced(
    client: Client, world: World
) -> None:
    set_policy(world.acme, Enforcement.OPTIONAL)
    draft = make_revision(world.acme_idp, status=Revision.Status.DRAFT)
    with pytest.raises(DraftNotTested):
        connections.go_live(
            connection=world.acme_idp, revision=draft, actor=world.olivia.user, now=timezone.now()
        )
    log_in(client, world.olivia.user)
    rules = client.get("/orgs/acme/settings/sso/policy/")
    form = {
        "session_length": "7",
        "session_unit": "days",
        "based_on": rules.context["form"]["based_on"].value(),
    }
    client.post("/orgs/acme/settings/sso/policy/", {**form, "enforcement": "enforced"})
    assert SSOPolicy.objects.get(org=world.acme).enforcement == Enforcement.OPTIONAL


def test_story_4_two_certificates_overlap_and_one_that_has_expired_counts_for_nothing(
    globex: GlobexLogin,
) -> None:
    present, expired = globex.tenant.saml_certificate_pem, make_certificate(expires_in_days=-1)
    coming = globex.tenant.rotate_saml_key().certificate_pem
    revisions = Revision.objects.filter(connection=globex.connection)
    revisions.update(certificates=[expired, present, coming])
    assert globex.sign_in().status_code == 302
    revisions.update(certificates=[expired])
    assert globex.start().status_code == 403  # told before anybody is sent there for nothing
    assert globex.refusals() == ["certificate_expired"]


def test_story_5_the_member_lands_on_the_very_page_asked_for(acme: AcmeLogin, globex: GlobexLogin) -> None:
    log_in(acme.client, acme.max.user)
    assert acme.sign_in()["Location"] == acme.page_path
    log_in(globex.client, globex.max.user)
    assert globex.sign_in()["Location"] == globex.page_path


def test_story_6_the_idps_post_comes_without_a_cookie_and_only_the_right_browser_finishes(
    globex: GlobexLogin,
) -> None:
    posted = globex.post(globex.go_to_idp())  # by a client without any cookie
    assert posted.status_code == 303
    assert Client().get(posted["Location"]).status_code == 400
    assert globex.finish(posted)["Location"] == globex.page_path


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"]
)
def test_story_7_the_way_back_leads_to_this_site_only(acme: AcmeLogin, elsewhere: str) -> None:
    response = acme.client.get(start_url("acme"), {"next": elsewhere})
    done = acme.bring(IdPBrowser().complete_login(response["Location"], "max"))
    assert done["Location"] == "/orgs/acme/"


def test_story_8_every_refusal_has_a_reference_under_which_the_admin_reads_the_cause(acme: AcmeLogin) -> None:
    acme.tenant.next_fault(OIDCFault.WRONG_AUD)
    refused = acme.sign_in()
    trace = RefusalTrace.objects.get()
    assert trace.reference in refused.content.decode()
    admin = Client()
    log_in_with_sso(admin, acme.olivia)
    page = admin.get(f"/orgs/acme/settings/sso/refusals/{trace.reference}/").content.decode()
    assert "audience_mismatch" in page
    assert "expected the client ID" in page


def test_story_9_a_role_set_by_hand_stays_and_where_a_mapping_decides_the_hand_is_stopped(
    client: Client, world: World
) -> None:
    world.max.role = Role.WRITE
    world.max.save()
    assert apply(world, world.max, attributes={"groups": ["eng"]}).role == Role.WRITE
    map_roles(world, eng=Role.READ, boss=Role.ADMIN)
    log_in_with_sso(client, world.olivia)
    path = reverse("orgs:change_role", args=["acme", world.max.pk])
    assert client.post(path, {"role": "admin"}).status_code == 403


def test_story_10_who_left_the_idps_admin_group_is_no_admin_any_more_and_the_log_says_so(
    world: World,
) -> None:
    map_roles(world, eng=Role.READ, boss=Role.ADMIN)
    assert apply(world, world.max, attributes={"groups": ["boss"]}).role == Role.ADMIN
    assert apply(world, world.max, attributes={"groups": ["eng"]}).role == Role.READ
    changed = AuditEvent.objects.filter(event="org.change_role").order_by("seq").last()
    assert changed is not None
    assert changed.data["role"] == {"from": "admin", "to": "read"}


def test_story_11_a_mapping_never_takes_the_last_admin_and_tells_the_admins(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    map_roles(world, eng=Role.READ, boss=Role.ADMIN)
    with django_capture_on_commit_callbacks(execute=True):
        assert apply(world, world.olivia, attributes={"groups": ["eng"]}).role == Role.ADMIN
    assert events(world) == ["org.withhold_role"]
    assert [letter.to for letter in mail.outbox] == [["olivia@acme.example"]]


def test_story_12_an_address_in_capitals_is_the_same_address(acme: AcmeLogin) -> None:
    Connection.objects.filter(pk=acme.connection.pk).update(email_domains=["acme.example"])
    acme.tenant.change_person("max", email="Max@ACME.example")
    assert acme.sign_in().status_code == 302
    assert LinkedIdentity.objects.get().user == acme.max.user


def test_story_13_a_changed_subject_is_refused_with_both_named_until_an_admin_unlinks_the_old_one(
    acme: AcmeLogin,
) -> None:
    issuer = acme.tenant.issuer
    identity = LinkedIdentity.objects.create(
        org=acme.org, user=acme.max.user, connection=acme.connection, issuer=issuer, subject="MAX"
    )
    assert acme.sign_in().status_code == 403
    told = RefusalTrace.objects.get()
    assert told.code == "account_linked_to_another"
    assert "'MAX'" in told.admin_detail
    assert "'max'" in told.admin_detail
    admin = Client()
    log_in_with_sso(admin, acme.olivia)
    admin.post(reverse("sso:identity_unlink", args=["acme", identity.pk]))
    assert acme.sign_in().status_code == 302
    assert LinkedIdentity.objects.get(user=acme.max.user).subject == "max"


def test_story_14_nobody_is_linked_by_a_username(world: World) -> None:
    """Max comes as somebody who calls herself Olivia: he is linked as himself, and she to nothing."""
    said = {"preferred_username": "olivia@acme.example", "name": "Olivia", "nickname": "olivia"}
    assertion = make_assertion(world.acme_idp, subject="s-1", attributes=said)
    linking.link(connection=world.acme_idp, user=world.max.user, assertion=assertion, now=timezone.now())
    assert list(LinkedIdentity.objects.values_list("user", flat=True)) == [world.max.user_id]


def test_story_15_a_small_drift_of_clocks_is_let_pass_and_a_large_one_is_told_with_both_times(
    globex: GlobexLogin,
) -> None:
    soon = timezone.now() + timedelta(seconds=30)
    globex.tenant.next_saml_response(not_before=soon, issue_instant=soon)
    assert globex.sign_in().status_code == 302
    globex.tenant.next_fault(SAMLFault.CLOCK_AHEAD)
    assert globex.sign_in().status_code == 403
    assert "Compare the IdP's clock with ours." in RefusalTrace.objects.get().admin_detail


def test_story_16_a_machine_is_told_why_and_where_to_authenticate(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    refused = client.get(PAGE, headers={"Accept": "application/json"})
    told = refused.json()
    assert (refused.status_code, told["reason"], told["org"]) == (403, "sso_missing", "acme")
    assert told["authenticate_url"].endswith("/orgs/acme/sso/")
    assert refused["X-HubSSO-SSO"].startswith("required; url=")
    assert Client().get(world.public_page.get_absolute_url()).status_code == 200


def test_story_17_lists_say_what_they_hide(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    home = client.get("/").content.decode()
    assert "Private-marker" not in home
    assert "Acme" in home
    assert "hidden" in home


def test_story_18_a_deactivated_account_is_out_on_the_next_request(client: Client, world: World) -> None:
    log_in_with_sso(client, world.max)
    attempt = make_attempt(world.acme_idp, world.max.user)
    assert client.get(PAGE).status_code == 200
    world.max.user.is_active = False
    world.max.user.save()
    assert client.get(PAGE).status_code == 404
    assertion = make_assertion(world.acme_idp, subject=f"subject-{world.max.user_id}")
    with pytest.raises(SSOError) as refused:
        login.complete_login(attempt=attempt, assertion=assertion, now=timezone.now())
    assert refused.value.code == "account_inactive"


def test_story_19_while_the_idps_session_lives_nobody_clicks(acme: AcmeLogin) -> None:
    browser = IdPBrowser()
    acme.bring(acme.go_to_idp(browser=browser))
    SSOSession.objects.update(expires_at=timezone.now())
    way = acme.client.get(acme.page_path)  # an ordinary visit to a page: sent on by itself
    at_idp = acme.client.get(way["Location"])
    assert "prompt=none" in at_idp["Location"]
    acme.bring(browser.follow(at_idp["Location"]))
    assert acme.can_read()


def test_story_20_a_form_that_met_an_expired_session_is_kept(client: Client, world: World) -> None:
    world.max.role = Role.WRITE
    world.max.save()
    browser_session = log_in(client, world.max.user)
    blocked = client.post("/orgs/acme/new-page/", {"title": "Half an hour's work", "body": "typed"})
    assert blocked.status_code == 403
    assert blocked.context["is_post_held"]
    make_sso_session(world.max, browser_session=browser_session)
    kept = blocked.context["start_url"].partition("next=")[2].replace("%2F", "/")
    assert "Half an hour" in client.get(kept).content.decode()


@pytest.mark.parametrize(("idp_hours", "expected_hours"), [(2, 2), (48, 24), (None, 24)])
def test_story_21_a_session_follows_the_idp_but_never_beyond_the_organisations_length(
    globex: GlobexLogin, idp_hours: int | None, expected_hours: int
) -> None:
    set_policy(globex.org, Enforcement.ENFORCED, session_timeout_seconds=24 * 3600)
    if idp_hours is not None:
        ends_at = timezone.now() + timedelta(hours=idp_hours)
        globex.tenant.next_saml_response(session_not_on_or_after=ends_at)
    globex.sign_in()
    length = SSOSession.objects.get().expires_at - timezone.now()
    assert abs(length - timedelta(hours=expected_hours)) < timedelta(minutes=1)


def test_story_22_whose_groups_are_too_many_keeps_the_role_and_the_admins_are_told(acme: AcmeLogin) -> None:
    Connection.objects.filter(pk=acme.connection.pk).update(
        role_mapping_enabled=True, role_attribute="groups"
    )
    RoleRule.objects.create(connection=acme.connection, value="engineering", role=Role.WRITE)
    acme.sign_in()
    acme.tenant.next_fault(OIDCFault.GROUPS_OVERAGE)
    acme.sign_in()
    acme.max.refresh_from_db()
    assert acme.max.role == Role.WRITE
    assert AuditEvent.objects.filter(event="org.sso_groups_incomplete").exists()


def test_story_23_a_tile_on_the_idps_start_page_begins_a_login_of_our_own(globex: GlobexLogin) -> None:
    entity_id = "http://testserver" + reverse("sso:saml_metadata", args=[globex.connection.uid])
    tile = f"{globex.tenant.url}/saml/launch?{urlencode({'sp': entity_id})}"
    response = globex.post(IdPBrowser().complete_login(tile, "max"))
    assert response["Location"] == start_url("globex")
    globex.assert_nothing_was_opened()


def test_story_24_signed_out_there_is_signed_out_here(acme: AcmeLogin) -> None:
    acme.sign_in()
    (at_idp,) = acme.tenant.sessions.values()
    token = logout_token(acme.tenant, acme.tenant.clients[CLIENT_ID], at_idp)
    url = reverse("sso:oidc_backchannel_logout", args=[acme.connection.uid])
    body = urlencode({"logout_token": token})
    assert Client().post(url, body, content_type="application/x-www-form-urlencoded").status_code == 200
    assert not acme.can_read()


def test_story_25_after_a_merger_each_signs_in_at_their_own_idp_and_passes_one_gate(world: World) -> None:
    labs = make_connection(
        world.acme, SSOProtocol.SAML, connection={"name": "Labs", "email_domains": ["labs.example"]}
    )
    lea = make_member(world.acme, make_user("lea@labs.example"))
    for member, connection in ((world.max, world.acme_idp), (lea, labs)):
        browser = Client()
        make_sso_session(member, browser_session=log_in(browser, member.user), connection=connection)
        assert browser.get(PAGE).status_code == 200
    connections.switch_off(connection=labs, actor=world.olivia.user)
    assert browser.get(PAGE).status_code == 403  # hers was Labs'; the others' sessions stay
    assert SSOSession.objects.filter(user=world.max.user).exists()


def test_the_table_names_files_that_exist_and_every_story_has_a_test() -> None:
    named = re.findall(r"[\w/]*test_\w+", __doc__ or "")
    assert named
    for name in named:
        assert (TESTS / "sso" / f"{name}.py").exists() or (TESTS / f"{name}.py").exists(), name
    told = {int(number) for name in globals() for number in re.findall(r"^test_story_(\d+)_", name)}
    assert told == set(range(1, 26))
