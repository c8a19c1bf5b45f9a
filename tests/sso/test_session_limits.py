"""Every limit of an SSO session as members meet it: access one second before its end, none at it or after.

The gate's clock is the middleware's `timezone.now`. It is set, not waited for; nothing else is replaced.
"""

from datetime import datetime, timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone

from sso import middleware
from sso.models import SSOPolicy, SSOSession
from sso.types import Enforcement, SessionLimit
from tests.builders import make_sso_session, set_policy
from tests.conftest import World, log_in
from tests.sso.oidc.conftest import AcmeLogin
from tests.sso.saml.conftest import GlobexLogin
from tests.sso.whole_login import change_revision

PAGE = "/orgs/acme/r/private-marker/"
SECOND = timedelta(seconds=1)
MOMENTS = [(-SECOND, True), (timedelta(0), False), (SECOND, False)]


class GateClock:
    """`django.utils.timezone` for the middleware, with a time of its own."""

    def __init__(self) -> None:
        self.time = timezone.now()

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def gate_clock(monkeypatch: pytest.MonkeyPatch) -> GateClock:
    clock = GateClock()
    monkeypatch.setattr(middleware, "timezone", clock)
    return clock


@pytest.mark.parametrize("limit", SessionLimit)
@pytest.mark.parametrize(("after", "is_in"), MOMENTS, ids=["a second before", "at", "a second after"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_access_ends_exactly_at_the_limit(
    client: Client,
    world: World,
    gate_clock: GateClock,
    limit: SessionLimit,
    after: timedelta,
    is_in: bool,
    method: str,
) -> None:
    ends_at = timezone.now() + timedelta(minutes=30)
    make_sso_session(
        world.max,
        browser_session=log_in(client, world.max.user),
        expires_at=ends_at,
        limit=limit,
        silent_renewal_tried=True,
    )
    gate_clock.time = ends_at + after
    response = getattr(client, method)(PAGE)
    passed = HTTPStatus.METHOD_NOT_ALLOWED if method == "post" else HTTPStatus.OK
    assert response.status_code == (passed if is_in else HTTPStatus.FORBIDDEN)


@pytest.mark.parametrize("limit", [limit for limit in SessionLimit if limit is not SessionLimit.ORG_TIMEOUT])
def test_limit_of_the_idp_is_renewed_silently_once_while_the_organisations_own_is_ahead(
    client: Client, world: World, gate_clock: GateClock, limit: SessionLimit
) -> None:
    session = make_sso_session(world.max, browser_session=log_in(client, world.max.user), limit=limit)
    gate_clock.time = session.expires_at
    assert client.get(PAGE)["Location"].endswith("&silent=1")
    assert client.get(PAGE).status_code == 403

    SSOSession.objects.update(silent_renewal_tried=False)
    gate_clock.time = session.org_limit_at
    assert client.get(PAGE).status_code == 403


# --- From the IdP's word to the door, by whole logins --------------------------------------------------


def ends_where_it_says(
    login: AcmeLogin | GlobexLogin, gate_clock: GateClock, *, limit: SessionLimit
) -> datetime:
    """Is the member in until the session's end, and asked from then on? Returns the end."""
    assert login.sign_in()["Location"] == login.page_path
    session = SSOSession.objects.get()
    assert session.limit == limit
    SSOSession.objects.update(silent_renewal_tried=True)
    for after, is_in in MOMENTS:
        gate_clock.time = session.expires_at + after
        assert login.can_read() is is_in
    return session.expires_at


def test_organisations_timeout_ends_access(acme: AcmeLogin, gate_clock: GateClock) -> None:
    set_policy(acme.org, Enforcement.ENFORCED, session_timeout_seconds=3600)
    before = timezone.now()
    ends_at = ends_where_it_says(acme, gate_clock, limit=SessionLimit.ORG_TIMEOUT)
    assert before <= ends_at - timedelta(hours=1) <= timezone.now()


def test_max_age_ends_access_counted_from_the_sign_in_at_the_idp(
    acme: AcmeLogin, gate_clock: GateClock
) -> None:
    """The person signed in at the IdP twenty minutes ago, by the IdP's word, and may for half an hour."""
    change_revision(acme, max_age_seconds=1800)
    signed_in_at = timezone.now().replace(microsecond=0) - timedelta(minutes=20)
    acme.tenant.next_id_token(auth_time=int(signed_in_at.timestamp()))
    ends_at = ends_where_it_says(acme, gate_clock, limit=SessionLimit.OIDC_MAX_AGE)
    assert ends_at == signed_in_at + timedelta(minutes=30)


def test_id_tokens_expiry_ends_access_where_the_organisation_follows_it(
    acme: AcmeLogin, gate_clock: GateClock
) -> None:
    change_revision(acme, follow_id_token_expiry=True)
    expires_at = timezone.now().replace(microsecond=0) + timedelta(minutes=7)
    acme.tenant.next_id_token(exp=int(expires_at.timestamp()))
    assert ends_where_it_says(acme, gate_clock, limit=SessionLimit.OIDC_ID_TOKEN_EXP) == expires_at


def test_id_tokens_expiry_ends_nothing_otherwise(acme: AcmeLogin, gate_clock: GateClock) -> None:
    acme.sign_in()
    gate_clock.time = timezone.now() + timedelta(days=6)
    assert acme.can_read()
    assert SSOSession.objects.get().limit == SessionLimit.ORG_TIMEOUT


def test_session_not_on_or_after_ends_access(globex: GlobexLogin, gate_clock: GateClock) -> None:
    ends_at = timezone.now().replace(microsecond=0) + timedelta(minutes=40)
    globex.tenant.next_saml_response(session_not_on_or_after=ends_at)
    found = ends_where_it_says(globex, gate_clock, limit=SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER)
    assert found == ends_at


def test_later_limit_of_the_idp_does_not_lengthen_the_organisations(
    globex: GlobexLogin, gate_clock: GateClock
) -> None:
    SSOPolicy.objects.update(session_timeout_seconds=3600)
    globex.tenant.next_saml_response(session_not_on_or_after=timezone.now() + timedelta(days=30))
    ends_at = ends_where_it_says(globex, gate_clock, limit=SessionLimit.ORG_TIMEOUT)
    assert ends_at <= timezone.now() + timedelta(hours=1)
