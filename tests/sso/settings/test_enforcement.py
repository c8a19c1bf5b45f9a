"""What an organisation asks of its members, and who may ask for it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sso.enforcing import enforcement, recovery_codes
from sso.models import Connection, RecoveryCode, Revision, SSOPolicy, SSOSession
from sso.settings_errors import SettingsRefused
from sso.types import Enforcement, SessionLimit
from tests.builders import give_recovery_codes, make_connection, make_sso_session, set_policy
from tests.conftest import log_in
from tests.sso.settings.conftest import AcmeSettings

WEEK = 7 * 24 * 3600


@pytest.fixture
def connection(acme: AcmeSettings) -> Connection:
    """Live, and Olivia has recovery codes: what is left to enforcing is her session."""
    give_recovery_codes(acme.olivia)
    return make_connection(acme.org, connection={"name": "Acme Login"})


def change(
    acme: AcmeSettings, to: Enforcement, *, seconds: int = WEEK, browser_session: str | None = None
) -> SSOPolicy:
    return enforcement.change_policy(
        org=acme.org,
        enforcement=to,
        session_timeout_seconds=seconds,
        actor=acme.admin,
        browser_session=acme.browser_session if browser_session is None else browser_session,
        now=timezone.now(),
    )


def refused(acme: AcmeSettings, to: Enforcement, browser_session: str | None = None) -> str:
    with pytest.raises(SettingsRefused) as refusal:
        change(acme, to, browser_session=browser_session)
    return refusal.value.code


def test_enforcing_with_a_live_session_in_this_browser(acme: AcmeSettings, connection: Connection) -> None:
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    assert change(acme, Enforcement.ENFORCED).enforcement == Enforcement.ENFORCED


@pytest.mark.catalogue("WEB-LAST-ADMIN")
def test_enforcing_without_a_session_is_refused(acme: AcmeSettings, connection: Connection) -> None:
    assert refused(acme, Enforcement.ENFORCED) == "enforcing_needs_sso_session"
    assert enforcement.policy_of(acme.org).enforcement == Enforcement.OFF


@pytest.mark.catalogue("WEB-LAST-ADMIN")
@pytest.mark.parametrize("browser_session", ["another-browser", ""])
def test_session_of_another_browser_does_not_count(
    acme: AcmeSettings, connection: Connection, browser_session: str
) -> None:
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    assert refused(acme, Enforcement.ENFORCED, browser_session) == "enforcing_needs_sso_session"


@pytest.mark.catalogue("WEB-LAST-ADMIN")
def test_session_of_another_admin_does_not_count(acme: AcmeSettings, connection: Connection) -> None:
    make_sso_session(acme.oscar, browser_session=acme.browser_session)
    assert refused(acme, Enforcement.ENFORCED) == "enforcing_needs_sso_session"


@pytest.mark.catalogue("WEB-LAST-ADMIN")
def test_enforcing_without_recovery_codes_is_refused(acme: AcmeSettings) -> None:
    make_connection(acme.org)
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    give_recovery_codes(acme.oscar)
    assert refused(acme, Enforcement.ENFORCED) == "enforcing_needs_recovery_codes"


def test_recovery_codes_that_nobody_saved_or_that_are_used_up_do_not_count(
    acme: AcmeSettings, connection: Connection
) -> None:
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    RecoveryCode.objects.update(used_at=timezone.now())
    assert refused(acme, Enforcement.ENFORCED) == "enforcing_needs_recovery_codes"
    recovery_codes.make_codes(org=acme.org, user=acme.admin, now=timezone.now())
    assert refused(acme, Enforcement.ENFORCED) == "enforcing_needs_recovery_codes"


def test_expired_session_does_not_count(acme: AcmeSettings, connection: Connection) -> None:
    make_sso_session(acme.olivia, browser_session=acme.browser_session, expires_at=timezone.now())
    assert refused(acme, Enforcement.ENFORCED) == "enforcing_needs_sso_session"


def test_session_of_a_retired_revision_does_not_count(acme: AcmeSettings, connection: Connection) -> None:
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    connection.revisions.update(status=Revision.Status.RETIRED)
    make_connection(acme.org)
    assert refused(acme, Enforcement.ENFORCED) == "enforcing_needs_sso_session"


@pytest.mark.parametrize("to", [Enforcement.OPTIONAL, Enforcement.REPORT_ONLY, Enforcement.ENFORCED])
def test_nothing_is_asked_before_a_connection_is_live(acme: AcmeSettings, to: Enforcement) -> None:
    make_connection(acme.org, status=Revision.Status.DRAFT)
    assert refused(acme, to) == "no_live_connection"


def test_steps_are_audited(acme: AcmeSettings, connection: Connection) -> None:
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    for step in (Enforcement.OPTIONAL, Enforcement.ENFORCED, Enforcement.OFF):
        change(acme, step)
    change(acme, Enforcement.OFF, seconds=WEEK * 2)
    change(acme, Enforcement.OFF, seconds=WEEK * 2)
    assert acme.audit("org.settings.sso.enable") == [{"enforcement": {"from": "off", "to": "optional"}}]
    assert acme.audit("org.settings.sso.disable") == [{"enforcement": {"from": "enforced", "to": "off"}}]
    assert acme.audit("org.settings.sso") == [
        {"enforcement": {"from": "optional", "to": "enforced"}},
        {"session_timeout_seconds": {"from": WEEK, "to": WEEK * 2}},
    ]


def test_enforced_organisation_changes_its_timeout_without_a_session(acme: AcmeSettings) -> None:
    """As in a recovery session, where there is none."""
    set_policy(acme.org, Enforcement.ENFORCED)
    assert change(acme, Enforcement.ENFORCED, seconds=3600).session_timeout_seconds == 3600


def test_shorter_timeout_holds_for_open_sessions(acme: AcmeSettings, connection: Connection) -> None:
    week = timezone.now() + timedelta(days=7)
    session = make_sso_session(acme.max, browser_session="max", expires_at=week)
    change(acme, Enforcement.OFF, seconds=3600)
    session.refresh_from_db()
    assert session.expires_at == session.org_limit_at == session.started_at + timedelta(hours=1)


def test_shorter_timeout_leaves_sessions_that_end_sooner(acme: AcmeSettings, connection: Connection) -> None:
    soon = timezone.now() + timedelta(minutes=10)
    session = make_sso_session(
        acme.max, browser_session="max", expires_at=soon, limit=SessionLimit.OIDC_MAX_AGE
    )
    change(acme, Enforcement.OFF, seconds=3600)
    session.refresh_from_db()
    assert (session.expires_at, session.limit) == (soon, SessionLimit.OIDC_MAX_AGE)


# --- The pages -----------------------------------------------------------------------------------------


def test_step_names_all_that_is_missing_with_the_way_to_it(acme: AcmeSettings) -> None:
    page = acme.page("policy_enforced")
    for code in ("no_live_connection", "enforcing_needs_sso_session", "enforcing_needs_recovery_codes"):
        assert f'id="missing-{code}"' in page
    assert "Authenticate now" not in page  # there is nothing to authenticate with yet
    assert f'href="{acme.url("recovery_codes")}">Make recovery codes' in page
    assert "Enforce single sign-on</button>" not in page


def test_step_that_lacks_a_session_leads_to_the_login(acme: AcmeSettings, connection: Connection) -> None:
    back = "%2Forgs%2Facme%2Fsettings%2Fsso%2Fpolicy%2Fenforced%2F"
    assert f'href="/orgs/acme/sso/?next={back}">Authenticate now' in acme.page("policy_enforced")


def test_step_that_lacks_nothing_offers_its_button(acme: AcmeSettings, connection: Connection) -> None:
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    page = acme.page("policy_enforced")
    assert "missing-" not in page
    assert "Enforce single sign-on</button>" in page


def test_refused_step_is_said_on_its_page(acme: AcmeSettings, connection: Connection) -> None:
    response = acme.post("policy_enforced")
    assert response.context["form"].non_field_errors() == [
        "Authenticate with the live connection in this browser first, so that enforcing can't lock you out."
    ]
    assert not SSOPolicy.objects.filter(enforcement=Enforcement.ENFORCED).exists()


def test_enforcing_by_the_page_blocks_on_the_next_request(acme: AcmeSettings, connection: Connection) -> None:
    other = Client()
    log_in(other, acme.oscar.user)
    assert other.get(acme.url("settings")).status_code == 200
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    assert acme.post("policy_enforced").status_code == 302
    assert other.get(acme.url("settings")).status_code == 403
    assert acme.get("settings").status_code == 200


def test_step_changes_nothing_else_and_the_length_no_step(acme: AcmeSettings, connection: Connection) -> None:
    acme.post("policy", session_length="12", session_unit="3600")
    acme.post("policy_optional")
    policy = SSOPolicy.objects.get()
    assert (policy.enforcement, policy.session_timeout_seconds) == (Enforcement.OPTIONAL, 12 * 3600)
    acme.post("policy", session_length="1", session_unit="86400")
    assert SSOPolicy.objects.get().enforcement == Enforcement.OPTIONAL


def test_looking_at_a_step_takes_none_and_the_present_one_leads_back(
    acme: AcmeSettings, connection: Connection
) -> None:
    acme.page("policy_optional")
    assert enforcement.policy_of(acme.org).enforcement == Enforcement.OFF
    assert acme.get("policy_off")["Location"] == acme.url("policy")


@pytest.mark.parametrize(("length", "unit"), [("91", "86400"), ("0", "3600"), ("", "3600"), ("-1", "86400")])
def test_session_length_is_between_an_hour_and_ninety_days(
    acme: AcmeSettings, length: str, unit: str
) -> None:
    response = acme.post("policy", session_length=length, session_unit=unit)
    assert response.context["form"].errors["session_length"]
    assert not SSOSession.objects.exists()


@pytest.mark.parametrize(
    ("enforcement", "title"),
    [(Enforcement.OPTIONAL, "Before you enforce"), (Enforcement.ENFORCED, "Who has yet to come")],
)
def test_members_who_have_yet_to_come_are_a_click_away_under_every_rule(
    acme: AcmeSettings, connection: Connection, enforcement: Enforcement, title: str
) -> None:
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    set_policy(acme.org, enforcement)
    page = acme.page("policy")
    assert title in page
    assert acme.url("unlinked") in page
