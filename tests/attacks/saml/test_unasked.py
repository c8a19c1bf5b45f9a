"""SAML-30 and 38: answers that nobody asked for, that lead elsewhere, or that come too late for a connection."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from sso.models import LoginAttempt, Revision, SSOSession
from sso.viewer import start_url
from tests.attacks.nothing_written import nothing_written, nothing_written_but_refusal
from tests.attacks.saml.target import Target
from tests.builders import make_revision
from tests.demo_idp.keys import make_saml_key_pair
from tests.demo_idp.saml_response import SamlResponseBuilder

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/orgs/globex/\r\nLocation: https://evil.example/",
    "https://testserver@evil.example/",
    "\0",
    "é",
    "x" * 5_000,
    "",
]


def unsolicited(honest: SamlResponseBuilder) -> SamlResponseBuilder:
    return honest.but(in_response_to=None, response_in_response_to=None)


# --- RelayState ----------------------------------------------------------------------------------------------------


@pytest.mark.catalogue("SAML-30", "WEB-OPEN-REDIRECT")
@pytest.mark.parametrize("relay_state", ELSEWHERE)
def test_relay_state_of_an_answer_leads_nowhere(target: Target, relay_state: str) -> None:
    """The login itself is honest, so it ends where it was to end."""
    target.assert_let_in(target.begin().honest, relay_state)


@pytest.mark.catalogue("SAML-30", "WEB-OPEN-REDIRECT")
@pytest.mark.parametrize("relay_state", ELSEWHERE)
def test_relay_state_of_an_unasked_answer_leads_nowhere(target: Target, relay_state: str) -> None:
    trip = target.begin()
    with nothing_written():
        response = target.post(unsolicited(trip.honest), relay_state)
    assert (response.status_code, response["Location"]) == (303, start_url(target.org.slug))

    target.assert_let_in(trip.honest, trip.relay_state)


@pytest.mark.catalogue("SAML-30")
@pytest.mark.parametrize("next_path", [path for path in ELSEWHERE if path and "\0" not in path])
def test_page_to_return_to_is_one_of_ours(target: Target, next_path: str) -> None:
    """What the start page was asked for is kept on the server, and is never an address elsewhere."""
    target.client.get(start_url(target.org.slug), {"next": next_path})
    kept = LoginAttempt.objects.get().next_path
    assert kept == "" or (kept.startswith("/") and not kept.startswith(("//", "/\\")))
    assert "evil" not in kept.partition("?")[0]

    target.assert_let_in(target.begin().honest)


# --- Nobody asked --------------------------------------------------------------------------------------------------


@pytest.mark.catalogue("SAML-38")
def test_unasked_assertion_opens_nothing_and_begins_an_honest_login(target: Target) -> None:
    """It is dropped unread: whether it is genuine or not leads to the same answer."""
    trip = target.begin()
    for document in (
        unsolicited(trip.honest),
        unsolicited(trip.honest).but(signing_key=make_saml_key_pair()),
    ):
        with nothing_written():
            response = target.post(document)
        assert (response.status_code, response["Location"]) == (303, start_url(target.org.slug))

    assert not target.can_read()
    target.assert_let_in(trip.honest)


@pytest.mark.catalogue("SAML-38", "WEB-LOGIN-CSRF")
def test_unasked_assertion_plants_no_identity_in_a_signed_in_browser(target: Target) -> None:
    """Login CSRF: Mallory's assertion, posted from Max's browser with all its cookies."""
    trip = target.begin()
    mallory = unsolicited(trip.honest).but(name_id="mallory")
    with nothing_written():
        response = target.post(mallory, client=target.client)
    assert (response.status_code, response["Location"]) == (303, start_url(target.org.slug))
    assert not SSOSession.objects.exists()

    target.assert_let_in(trip.honest)


# --- Changed on the way ----------------------------------------------------------------------------------------------


def switch_off(target: Target) -> None:
    target.connection.is_enabled = False
    target.connection.save()


def switch_on(target: Target) -> None:
    target.connection.is_enabled = True
    target.connection.save()


def replace_revision(target: Target) -> None:
    """By another that trusts the very same IdP: what began before has ended all the same."""
    old = target.revision
    Revision.objects.filter(pk=old.pk).update(status=Revision.Status.RETIRED)
    make_revision(
        target.connection, issuer=old.issuer, sso_url=old.sso_url, certificates=list(old.certificates)
    )


def withdraw_revision(target: Target) -> None:
    Revision.objects.filter(pk=target.revision.pk).update(status=Revision.Status.RETIRED)


CHANGES = [switch_off, replace_revision, withdraw_revision]


def put_back(target: Target) -> None:
    switch_on(target)
    newest = target.connection.revisions.order_by("-number").first()
    assert newest is not None
    Revision.objects.filter(pk=newest.pk).update(status=Revision.Status.LIVE)


@pytest.mark.catalogue("SAML-38")
@pytest.mark.parametrize("change", [switch_off, withdraw_revision])
def test_login_does_not_begin_at_a_connection_that_is_off(
    target: Target, change: Callable[[Target], None]
) -> None:
    change(target)
    with nothing_written():
        assert target.client.get(start_url(target.org.slug)).status_code == 503

    put_back(target)
    target.assert_let_in(target.begin().honest)


@pytest.mark.catalogue("SAML-38")
@pytest.mark.parametrize("change", CHANGES)
def test_answer_to_a_connection_that_has_changed_is_refused(
    target: Target, change: Callable[[Target], None]
) -> None:
    trip = target.begin()
    change(target)
    target.assert_refused(trip.honest, "configuration_changed", trip.relay_state)

    put_back(target)
    target.assert_let_in(target.begin().honest)


@pytest.mark.catalogue("SAML-38")
@pytest.mark.parametrize("change", CHANGES)
def test_ticket_of_a_connection_that_has_changed_is_refused(
    target: Target, change: Callable[[Target], None]
) -> None:
    """After the ACS took the answer and before the browser came for it."""
    finish_url = target.post(target.begin().honest)["Location"]
    change(target)
    with nothing_written_but_refusal(target.org, "configuration_changed"):
        assert target.client.get(finish_url).status_code == 403
    assert not SSOSession.objects.exists()

    put_back(target)
    target.assert_let_in(target.begin().honest)


@pytest.mark.catalogue("SAML-38")
@pytest.mark.parametrize("change", CHANGES)
def test_session_of_a_connection_that_has_changed_lets_nobody_in(
    target: Target, change: Callable[[Target], None]
) -> None:
    target.assert_let_in(target.begin().honest)
    change(target)
    assert not target.can_read()


@pytest.mark.catalogue("SAML-38")
def test_answer_that_took_too_long_is_refused(target: Target) -> None:
    trip = target.begin()
    LoginAttempt.objects.update(expires_at=timezone.now())
    target.assert_refused(trip.honest, "attempt_expired", trip.relay_state)

    target.assert_let_in(target.begin().honest)


@pytest.mark.catalogue("SAML-38")
def test_person_who_was_deactivated_on_the_way_is_not_let_in(target: Target) -> None:
    finish_url = target.post(target.begin().honest)["Location"]
    target.max.user.is_active = False
    target.max.user.save()
    with nothing_written_but_refusal(target.org, "wrong_browser"):
        assert target.client.get(finish_url).status_code == 400

    target.max.user.is_active = True
    target.max.user.save()
    assert target.client.get(finish_url)["Location"] == target.page_path
