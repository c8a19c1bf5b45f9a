"""The profiles of logout: RP-Initiated, Back-Channel and Front-Channel, module by module."""

from typing import Any

import pytest

from sso.models import LogoutAttempt
from tests.demo_idp import LogoutTokenFault, OIDCFault
from tests.demo_idp.tenant import LogoutAnswer
from tests.protocol.conftest import SingleLogout, text_of
from tests.sso.oidc.conftest import CLIENT_ID
from tests.sso.whole_login import change_revision

HERE = "You are signed out of single sign-on"
THERE_TOO = "signed out there too"


@pytest.fixture(autouse=True)
def _registered_algorithm(request: pytest.FixtureRequest) -> None:
    """The suite's client is registered for RS256."""
    if "back_channel" in request.fixturenames:
        change_revision(request.getfixturevalue("back_channel").acme, signing_algorithms=["RS256"])


# --- RP-Initiated --------------------------------------------------------------------------------------


@pytest.mark.catalogue("OIDC-RPINIT-rp-init-logout")
def test_rp_init_logout(back_channel: SingleLogout) -> None:
    acme = back_channel.acme
    answer = back_channel.sign_out_here()
    first, second = acme.idp.requests.to("end_session")
    assert (first.method, second.method) == ("POST", "GET"), "the token is in no address"
    assert first.form["id_token_hint"] in acme.tenant.id_tokens
    assert first.form["id_token_hint"] not in str(second.query)
    assert first.form["post_logout_redirect_uri"] in acme.tenant.clients[CLIENT_ID].post_logout_redirect_uris
    assert first.form["client_id"] == CLIENT_ID
    page = answer.deliver(acme.client)
    assert (page.status_code, LogoutAttempt.objects.get().answered_at is not None) == (200, True)
    assert HERE in text_of(page)
    assert THERE_TOO in text_of(page)
    assert acme.tenant.sessions == {}
    back_channel.assert_signed_out()


def _come_back_with(fault: OIDCFault, logout: SingleLogout) -> Any:
    logout.acme.tenant.next_fault(fault)
    page = logout.sign_out_here().deliver(logout.acme.client)
    assert page.status_code == 200
    assert HERE in text_of(page)
    assert THERE_TOO not in text_of(page)
    assert LogoutAttempt.objects.get().answered_at is None
    logout.assert_signed_out()
    return page


@pytest.mark.catalogue("OIDC-RPINIT-rp-init-logout-other-state")
def test_rp_init_logout_other_state(back_channel: SingleLogout) -> None:
    page = _come_back_with(OIDCFault.LOGOUT_OTHER_STATE, back_channel)
    assert "another-state" not in page.content.decode()


@pytest.mark.catalogue("OIDC-RPINIT-rp-init-logout-no-state")
def test_rp_init_logout_no_state(back_channel: SingleLogout) -> None:
    _come_back_with(OIDCFault.LOGOUT_NO_STATE, back_channel)


# --- Back-Channel --------------------------------------------------------------------------------------


@pytest.mark.catalogue("OIDC-BACKCHANNEL-rpinitlogout")
def test_backchannel_rpinitlogout(back_channel: SingleLogout) -> None:
    """The token arrives while the browser is at the end-session endpoint, for a session that is gone here."""
    answer = back_channel.sign_out_here()
    assert back_channel.acme.tenant.logout_answers == [
        LogoutAnswer(client_id=CLIENT_ID, status=200, cache_control="no-store")
    ]
    assert THERE_TOO in text_of(answer.deliver(back_channel.acme.client))
    back_channel.assert_signed_out()


@pytest.mark.catalogue("OIDC-BACKCHANNEL-rpinitlogout")
def test_backchannel_opinitlogout(back_channel: SingleLogout) -> None:
    back_channel.sign_out_there()
    assert [answer.status for answer in back_channel.acme.tenant.logout_answers] == [200]
    back_channel.assert_signed_out()


@pytest.mark.catalogue("OIDC-BACKCHANNEL-alg-none")
def test_backchannel_alg_none(back_channel: SingleLogout) -> None:
    back_channel.assert_token_refused(LogoutTokenFault.ALG_NONE, "logout_token_algorithm_not_allowed")


@pytest.mark.catalogue("OIDC-BACKCHANNEL-no-event")
def test_backchannel_no_event(back_channel: SingleLogout) -> None:
    back_channel.assert_token_refused(LogoutTokenFault.NO_EVENT, "logout_token_event_missing")


@pytest.mark.catalogue("OIDC-BACKCHANNEL-with-nonce")
def test_backchannel_with_nonce(back_channel: SingleLogout) -> None:
    back_channel.assert_token_refused(LogoutTokenFault.WITH_NONCE, "logout_token_nonce")


@pytest.mark.catalogue("OIDC-BACKCHANNEL-wrong-alg")
def test_backchannel_wrong_alg(back_channel: SingleLogout) -> None:
    back_channel.assert_token_refused(LogoutTokenFault.WRONG_ALG, "logout_token_algorithm_not_allowed")


@pytest.mark.catalogue("OIDC-BACKCHANNEL-wrong-aud")
def test_backchannel_wrong_aud(back_channel: SingleLogout) -> None:
    back_channel.assert_token_refused(LogoutTokenFault.WRONG_AUD, "logout_token_audience_mismatch")


@pytest.mark.catalogue("OIDC-BACKCHANNEL-wrong-event")
def test_backchannel_wrong_event(back_channel: SingleLogout) -> None:
    back_channel.assert_token_refused(LogoutTokenFault.WRONG_EVENT, "logout_token_event_missing")


@pytest.mark.catalogue("OIDC-BACKCHANNEL-wrong-iss")
def test_backchannel_wrong_iss(back_channel: SingleLogout) -> None:
    back_channel.assert_token_refused(LogoutTokenFault.WRONG_ISS, "logout_token_issuer_mismatch")


# --- Front-Channel -------------------------------------------------------------------------------------


@pytest.mark.catalogue("OIDC-FRONTCHANNEL-rpinitlogout")
def test_frontchannel_rpinitlogout(front_channel: SingleLogout) -> None:
    answer = front_channel.sign_out_here()
    (frame,) = front_channel.browser.frames
    assert frame.status_code == 200
    assert f"frame-ancestors {front_channel.acme.idp.url}" in frame.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in frame.headers
    assert "no-store" in frame.headers["Cache-Control"]
    assert THERE_TOO in text_of(answer.deliver(front_channel.acme.client))
    front_channel.assert_signed_out()


@pytest.mark.catalogue("OIDC-FRONTCHANNEL-rpinitlogout")
def test_frontchannel_opinitlogout(front_channel: SingleLogout) -> None:
    front_channel.sign_out_there()
    assert [frame.status_code for frame in front_channel.browser.frames] == [200]
    front_channel.assert_signed_out()
