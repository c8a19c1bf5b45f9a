"""From draft to live: a real test login through the draft by the admin who makes it live."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from accounts.models import User
from orgs.models import AuditEvent
from orgs.roles import Role
from sso import connections
from sso.enforcing import recovery_codes
from sso.models import Connection, LinkedIdentity, Revision, RevisionTest, SSOSession
from sso.oidc.addresses import callback_url
from sso.saml.sp import service_provider
from sso.settings_errors import DraftGone, DraftNotTested, SettingsRefused
from sso.types import Enforcement, SSOProtocol
from tests.builders import (
    make_connection,
    make_member,
    make_org,
    make_revision,
    make_sso_session,
    make_user,
    set_policy,
)
from tests.conftest import log_in
from tests.demo_idp import (
    IdPBrowser,
    OIDCClient,
    OIDCFault,
    SAMLFault,
    SAMLServiceProvider,
    Tenant,
)
from tests.sso.settings.conftest import SECRET, AcmeSettings, draft_of, record_pass


@pytest.fixture
def oidc(acme: AcmeSettings, tenant: Tenant) -> Connection:
    """A draft that the demo IdP knows."""
    connection = make_connection(
        acme.org, status=Revision.Status.DRAFT, issuer=tenant.issuer, client_id="hub", client_secret=SECRET
    )
    tenant.add_client(
        OIDCClient(client_id="hub", client_secret=SECRET, redirect_uris=(callback_url(connection.uid),))
    )
    return connection


@pytest.fixture
def saml(acme: AcmeSettings, tenant: Tenant) -> Connection:
    """A draft that the demo IdP knows."""
    connection = make_connection(
        acme.org,
        SSOProtocol.SAML,
        status=Revision.Status.DRAFT,
        client_id="",
        issuer=tenant.saml_entity_id,
        sso_url=tenant.saml_sso_url,
        certificates=[tenant.saml_certificate_pem],
    )
    sp = service_provider(connection.uid)
    tenant.add_service_provider(SAMLServiceProvider(entity_id=sp.entity_id, acs_url=sp.acs_url))
    return connection


def run_test(acme: AcmeSettings, connection: Connection, subject: str = "olivia") -> RevisionTest:
    """The whole test login by the page's link, as far as the result page. Returns the mark it left."""
    response = acme.get("draft_test", connection.uid)
    assert response.status_code == 302, response.content.decode()
    answer = IdPBrowser().complete_login(response["Location"], subject)
    response = answer.deliver(acme.client)
    while response.status_code in (302, 303):
        response = acme.client.get(response["Location"])
    return RevisionTest.objects.latest("pk")


@pytest.mark.parametrize("protocol", ["oidc", "saml"])
def test_passed_test_lets_the_draft_go_live(
    acme: AcmeSettings, protocol: str, request: pytest.FixtureRequest
) -> None:
    connection: Connection = request.getfixturevalue(protocol)
    test = run_test(acme, connection)
    assert (test.passed, test.code, test.user) == (True, "", acme.admin)
    assert "The test passed" in acme.page("revision_test", connection.uid, test.pk)
    response = acme.post("go_live", connection.uid, revision=draft_of(connection).number)
    assert response.status_code == 302
    live = connection.revisions.get(status=Revision.Status.LIVE)
    assert live == test.revision
    assert live.live_since is not None
    assert acme.audit("org.settings.sso.live")[0]["revision"] == 1


@pytest.mark.catalogue("WEB-FOREIGN-PEOPLE")
def test_test_writes_nothing_but_its_mark(acme: AcmeSettings, oidc: Connection) -> None:
    oidc.role_mapping_enabled, oidc.role_attribute = True, "groups"
    oidc.save()
    oidc.role_rules.create(value="eng", role=Role.READ)
    test = run_test(acme, oidc)
    assert not LinkedIdentity.objects.exists()
    assert not SSOSession.objects.exists()
    acme.olivia.refresh_from_db()
    assert acme.olivia.role == Role.ADMIN
    assert test.details["role"]["role"] == "read"
    assert "You would no longer be an admin." in acme.page("revision_test", oidc.uid, test.pk)


def test_claims_are_kept_sealed_with_what_became_of_each(acme: AcmeSettings, oidc: Connection) -> None:
    oidc.role_mapping_enabled, oidc.role_attribute = True, "groups"
    oidc.save()
    oidc.role_rules.create(value="admins", role=Role.ADMIN)
    test = run_test(acme, oidc)
    assert test.details["subject"] == "olivia"
    assert test.details["emails"] == ["olivia@acme.example"]
    assert "eng" not in str(test.details)
    assert "Olivia" not in test.claims_sealed
    claims = {claim["name"]: (claim["values"], claim["uses"]) for claim in test.claims}
    assert claims["sub"] == (["olivia"], ["subject"])
    assert claims["email"] == (["olivia@acme.example"], ["email"])
    assert claims["groups"] == (["admins", "eng"], ["role"])
    assert claims["name"] == (["Olivia"], [])
    page = acme.page("revision_test", oidc.uid, test.pk)
    for words in ("Used as", "Role mapping", "Not used", "eng"):
        assert words in page


@pytest.mark.catalogue("WEB-FOREIGN-PEOPLE")
def test_identity_of_somebody_else_fails_the_test(acme: AcmeSettings, oidc: Connection) -> None:
    LinkedIdentity.objects.create(
        org=acme.org, user=acme.max.user, issuer=draft_of(oidc).issuer, subject="max"
    )
    test = run_test(acme, oidc, subject="max")
    assert (test.passed, test.code) == (False, "subject_linked_to_another")
    page = acme.page("revision_test", oidc.uid, test.pk)
    assert "The test failed" in page
    assert "Correct the draft and test it again." in page


def test_address_outside_the_matching_domains_fails_the_test(acme: AcmeSettings, oidc: Connection) -> None:
    oidc.email_domains = ["elsewhere.example"]
    oidc.save()
    assert run_test(acme, oidc).code == "email_domain_not_allowed"


def test_refused_oidc_answer_fails_the_test(acme: AcmeSettings, oidc: Connection, tenant: Tenant) -> None:
    tenant.next_fault(OIDCFault.WRONG_AUD)
    test = run_test(acme, oidc)
    assert (test.passed, test.code) == (False, "audience_mismatch")
    assert test.details["reference"] in acme.page("revision_test", oidc.uid, test.pk)


def test_refused_saml_answer_fails_the_test(acme: AcmeSettings, saml: Connection, tenant: Tenant) -> None:
    tenant.next_fault(SAMLFault.WRONG_AUDIENCE)
    test = run_test(acme, saml)
    assert not test.passed
    assert draft_of(saml).status == Revision.Status.DRAFT


def test_idp_that_does_not_answer_fails_the_test(acme: AcmeSettings) -> None:
    connection = make_connection(acme.org, status=Revision.Status.DRAFT, issuer="http://127.0.0.1:9/")
    response = acme.get("draft_test", connection.uid)
    test = RevisionTest.objects.get()
    assert response["Location"] == acme.url("revision_test", connection.uid, test.pk)
    assert (test.passed, test.code) == (False, "discovery_unreachable")
    assert acme.audit("org.settings.sso.test")[0]["passed"] is False


# --- Who may make what live ----------------------------------------------------------------------------


def go_live(connection: Connection, revision: Revision, actor: User) -> Revision:
    return connections.go_live(connection=connection, revision=revision, actor=actor, now=timezone.now())


@pytest.mark.catalogue("WEB-GATE-BYPASS")
def test_untested_draft_stays_a_draft(acme: AcmeSettings, oidc_draft: Connection) -> None:
    with pytest.raises(DraftNotTested):
        go_live(oidc_draft, draft_of(oidc_draft), acme.admin)
    page = acme.page("connection", oidc_draft.uid)
    assert "Test this draft first." in page


def test_test_by_another_admin_does_not_count(acme: AcmeSettings, oidc_draft: Connection) -> None:
    record_pass(draft_of(oidc_draft), acme.oscar.user)
    with pytest.raises(DraftNotTested):
        go_live(oidc_draft, draft_of(oidc_draft), acme.admin)
    assert "Oscar has tested this draft. Test it yourself" in acme.page("connection", oidc_draft.uid)


def test_test_of_an_older_draft_does_not_count(acme: AcmeSettings, oidc_draft: Connection) -> None:
    old = draft_of(oidc_draft)
    record_pass(old, acme.admin)
    Revision.objects.filter(pk=old.pk).update(status=Revision.Status.RETIRED)
    new = make_revision(oidc_draft, status=Revision.Status.DRAFT)
    with pytest.raises(DraftNotTested):
        go_live(oidc_draft, new, acme.admin)
    with pytest.raises(DraftGone):
        go_live(oidc_draft, old, acme.admin)


def test_only_the_newest_test_counts(acme: AcmeSettings, oidc_draft: Connection) -> None:
    draft = draft_of(oidc_draft)
    record_pass(draft, acme.admin)
    record_pass(draft, acme.admin, passed=False)
    with pytest.raises(DraftNotTested):
        go_live(oidc_draft, draft, acme.admin)


def test_refusal_to_go_live_is_said_on_the_page(acme: AcmeSettings, oidc_draft: Connection) -> None:
    url = acme.url("go_live", oidc_draft.uid)
    response = acme.client.post(url, {"revision": "1"}, follow=True)
    assert "Test this draft first: it goes live once" in response.content.decode()


@pytest.mark.catalogue("WEB-CONFIG-CHANGED")
def test_new_live_revision_ends_the_sessions_of_the_old_one(acme: AcmeSettings) -> None:
    set_policy(acme.org, Enforcement.ENFORCED)
    connection = make_connection(acme.org)
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    draft = make_revision(connection, status=Revision.Status.DRAFT)
    record_pass(draft, acme.admin)
    assert acme.get("connection", connection.uid).status_code == 200
    acme.post("go_live", connection.uid, revision=draft.number)
    assert acme.get("connection", connection.uid).status_code == 403
    old = connection.revisions.get(number=1)
    assert (old.status, old.retired_at is not None) == (Revision.Status.RETIRED, True)


@pytest.mark.catalogue("WEB-RACES")
@pytest.mark.django_db(transaction=True)
def test_of_two_admins_going_live_at_once_one_does_and_the_other_is_told() -> None:
    org = make_org("acme")
    admins = [make_member(org, make_user(), role=Role.ADMIN).user for _ in range(2)]
    connection = make_connection(org)
    draft = make_revision(connection, status=Revision.Status.DRAFT)
    for admin in admins:
        record_pass(draft, admin)

    def go(admin: User) -> str:
        try:
            go_live(Connection.objects.get(pk=connection.pk), draft, admin)
        except SettingsRefused as refusal:
            return refusal.code
        finally:
            database.close()
        return "live"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, admins)) == ["draft_gone", "live"]
    assert AuditEvent.objects.filter(event="org.settings.sso.live").count() == 1


def test_progress_follows_the_organisation(acme: AcmeSettings) -> None:
    def states() -> list[str]:
        return [step.state.value for step in acme.get("settings").context["steps"]]

    assert states() == ["current", "ahead", "ahead", "ahead"]
    connection = make_connection(acme.org, status=Revision.Status.DRAFT)
    assert states() == ["done", "current", "ahead", "ahead"]
    record_pass(draft_of(connection), acme.admin)
    assert states() == ["done", "done", "current", "ahead"]
    connections.go_live(
        connection=connection, revision=draft_of(connection), actor=acme.admin, now=timezone.now()
    )
    assert states() == ["done", "done", "done", "current"]


def test_test_page_of_another_connection_is_not_found(acme: AcmeSettings, oidc_draft: Connection) -> None:
    other = make_connection(acme.org)
    test = record_pass(draft_of(oidc_draft), acme.admin)
    assert acme.get("revision_test", other.uid, test.pk).status_code == 404
    assert acme.get("revision_test", oidc_draft.uid, test.pk).status_code == 200


def test_draft_is_tested_while_the_organisation_enforces(acme: AcmeSettings, oidc: Connection) -> None:
    """An admin with a live session changes the configuration without losing it."""
    set_policy(acme.org, Enforcement.ENFORCED)
    make_connection(acme.org, issuer="https://old.example", connection={"name": "Old"})
    old = Connection.objects.get(name="Old")
    make_sso_session(acme.olivia, browser_session=acme.browser_session, connection=old)
    assert run_test(acme, oidc, subject="olivia").code == "account_linked_to_another"
    assert acme.get("settings").status_code == 200


def test_anonymous_browser_starts_no_test(acme: AcmeSettings, oidc_draft: Connection) -> None:
    response = Client().get(acme.url("draft_test", oidc_draft.uid))
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]
    other = Client()
    log_in(other, acme.max.user)
    assert other.get(acme.url("draft_test", oidc_draft.uid)).status_code == 403


@pytest.mark.parametrize(
    ("enforcement", "on_overview", "after_codes"),
    [
        (Enforcement.OFF, "Next: ask members to authenticate", True),
        (Enforcement.REPORT_ONLY, "Next: go on to enforcing", True),
        (Enforcement.ENFORCED, "", False),
    ],
)
def test_what_comes_after_live_is_one_button(
    acme: AcmeSettings, enforcement: Enforcement, on_overview: str, after_codes: bool
) -> None:
    now = timezone.now()
    connection = make_connection(acme.org)
    recovery_codes.make_codes(org=acme.org, user=acme.admin, now=now)
    made = recovery_codes.codes_of(org=acme.org, user=acme.admin)
    recovery_codes.mark_saved(org=acme.org, user=acme.admin, based_on=recovery_codes.stamp(made), now=now)
    make_sso_session(acme.olivia, connection=connection, browser_session=acme.browser_session)
    set_policy(acme.org, enforcement)

    offered = re.findall(r">(Next: [^<]+)<", acme.page("settings"))
    assert offered == ([on_overview] if on_overview else [])
    assert ("Next: ask members" in acme.page("connection", connection.uid)) == (
        enforcement is Enforcement.OFF
    )
    assert (acme.url("policy_enforced") in acme.page("recovery_codes")) == after_codes
