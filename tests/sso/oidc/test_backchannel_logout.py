"""An OP's server says that somebody signed out (Back-Channel Logout 1.0): what ends, and what is refused."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from orgs import audit
from orgs.models import AuditEvent
from sso import connections
from sso.models import ConsumedMessage, RefusalTrace, Revision, SSOSession
from sso.oidc import discovery, jwks
from tests.builders import live_revision, make_connection, make_member, make_revision, make_sso_session
from tests.conftest import log_in
from tests.demo_idp import IdPBrowser, IDTokenBuilder, LogoutTokenFault
from tests.demo_idp.browser import FORM
from tests.demo_idp.oidc_logout_tokens import EVENT, honest_logout_token, logout_token
from tests.demo_idp.oidc_tokens import OMIT
from tests.demo_idp.tenant import IdPSession
from tests.sso.oidc.conftest import CLIENT_ID, AcmeLogin
from tests.sso.whole_login import change_revision

FAULTS = [
    (LogoutTokenFault.ALG_NONE, "logout_token_algorithm_not_allowed"),
    (LogoutTokenFault.WRONG_ALG, "logout_token_algorithm_not_allowed"),
    (LogoutTokenFault.WRONG_KEY, "logout_token_signature_invalid"),
    (LogoutTokenFault.BAD_SIGNATURE, "logout_token_signature_invalid"),
    (LogoutTokenFault.WRONG_TYPE, "logout_token_type_wrong"),
    (LogoutTokenFault.WRONG_ISS, "logout_token_issuer_mismatch"),
    (LogoutTokenFault.WRONG_AUD, "logout_token_audience_mismatch"),
    (LogoutTokenFault.EXPIRED, "logout_token_expired"),
    (LogoutTokenFault.NO_EXP, "logout_token_claim_missing"),
    (LogoutTokenFault.TOO_OLD, "logout_token_too_old"),
    (LogoutTokenFault.NOT_YET_VALID, "logout_token_not_yet_valid"),
    (LogoutTokenFault.NO_IAT, "logout_token_claim_missing"),
    (LogoutTokenFault.NO_EVENT, "logout_token_event_missing"),
    (LogoutTokenFault.WRONG_EVENT, "logout_token_event_missing"),
    (LogoutTokenFault.EVENT_IS_NO_OBJECT, "logout_token_event_missing"),
    (LogoutTokenFault.WITH_NONCE, "logout_token_nonce"),
    (LogoutTokenFault.NO_JTI, "logout_token_claim_missing"),
    (LogoutTokenFault.NEITHER_SUB_NOR_SID, "logout_token_names_nobody"),
]


@dataclasses.dataclass(frozen=True, slots=True)
class SignedIn:
    """Max has an SSO session at Acme, from one session at the OP."""

    acme: AcmeLogin
    idp_session: IdPSession

    def token(self, *faults: LogoutTokenFault) -> str:
        tenant = self.acme.tenant
        return logout_token(tenant, tenant.clients[CLIENT_ID], self.idp_session, faults)

    def builder(self, **claims: Any) -> IDTokenBuilder:
        tenant = self.acme.tenant
        return honest_logout_token(tenant, tenant.clients[CLIENT_ID], self.idp_session).but(**claims)

    def send(self, token: str, **fields: str) -> Any:
        return self.post(urlencode({"logout_token": token, **fields}))

    def post(self, body: str | bytes, content_type: str = FORM) -> Any:
        url = reverse("sso:oidc_backchannel_logout", args=[self.acme.connection.uid])
        return Client(enforce_csrf_checks=True).post(url, body, content_type=content_type)

    def assert_refused(self, response: Any, code: str) -> None:
        """400, a trace and an event with the code, and nothing else: the session is still there."""
        assert response.status_code == 400
        assert response["Cache-Control"] == "no-store"
        assert response.json() == {"error": "invalid_request"}
        assert list(RefusalTrace.objects.values_list("code", flat=True)) == [code]
        event = AuditEvent.objects.get(event="org.sso_logout_refused")
        assert event.data["code"] == code
        assert SSOSession.objects.count() == 1
        assert self.acme.can_read()

    def assert_ended(self, response: Any) -> None:
        assert (response.status_code, response.content) == (200, b"")
        assert response["Cache-Control"] == "no-store"
        assert not SSOSession.objects.exists()
        assert not self.acme.can_read()


@pytest.fixture
def signed_in(acme: AcmeLogin) -> SignedIn:
    change_revision(acme, signing_algorithms=["RS256"])
    acme.sign_in()
    (session,) = acme.tenant.sessions.values()
    return SignedIn(acme, session)


def test_valid_token_ends_the_session_and_says_so_to_nobody_but_the_audit_log(signed_in: SignedIn) -> None:
    signed_in.assert_ended(signed_in.send(signed_in.token(), an_unknown_field="ignored"))
    event = AuditEvent.objects.get(event="org.sso_idp_logout")
    assert event.actor == signed_in.acme.max.user
    assert signed_in.acme.client.get("/accounts/sso-sessions/").status_code == 200, "the portal session stays"


@pytest.mark.catalogue("WEB-LOGOUT-CSRF")
@pytest.mark.parametrize(("fault", "code"), FAULTS)
def test_wrong_token_is_refused_with_its_code_and_the_honest_one_still_counts(
    signed_in: SignedIn, fault: LogoutTokenFault, code: str
) -> None:
    signed_in.assert_refused(signed_in.send(signed_in.token(fault)), code)
    assert not ConsumedMessage.objects.exists()
    signed_in.assert_ended(signed_in.send(signed_in.token()))


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"jti": 7}, "logout_token_claim_malformed"),
        ({"jti": ""}, "logout_token_claim_missing"),
        ({"jti": "x" * 301}, "logout_token_claim_malformed"),
        ({"sub": ["max"]}, "logout_token_claim_malformed"),
        ({"sub": "max\n"}, "logout_token_claim_malformed"),
        ({"sid": {"a": 1}}, "logout_token_claim_malformed"),
        ({"sid": "x" * 301}, "logout_token_claim_malformed"),
        ({"sid": "", "sub": OMIT}, "logout_token_claim_missing"),
        ({"nonce": None}, "logout_token_nonce"),
        ({"nonce": ""}, "logout_token_nonce"),
        ({"events": [EVENT]}, "logout_token_event_missing"),
        ({"events": {EVENT: []}}, "logout_token_event_missing"),
        ({"events": {EVENT: None}}, "logout_token_event_missing"),
        ({"events": EVENT}, "logout_token_event_missing"),
        ({"aud": [CLIENT_ID, "another"]}, "logout_token_azp_mismatch"),
        ({"aud": {"a": CLIENT_ID}}, "logout_token_claim_malformed"),
        ({"aud": OMIT}, "logout_token_claim_missing"),
        ({"iss": OMIT}, "logout_token_claim_missing"),
        ({"iat": "now"}, "logout_token_claim_malformed"),
    ],
    ids=str,
)
def test_claim_of_the_wrong_form_is_refused(signed_in: SignedIn, claims: dict[str, Any], code: str) -> None:
    signed_in.assert_refused(signed_in.send(signed_in.builder(**claims).encode()), code)


@pytest.mark.parametrize(
    "media_type", [OMIT, "JWT", "jwt", "logout+jwt", "application/logout+jwt", "Logout+JWT"]
)
def test_type_may_be_missing_or_plain(signed_in: SignedIn, media_type: object) -> None:
    token = dataclasses.replace(signed_in.builder(), headers={"typ": media_type})
    signed_in.assert_ended(signed_in.send(token.encode()))


@pytest.mark.parametrize("media_type", ["at+jwt", "secevent+jwt", "id_token+jwt", 7])
def test_other_kind_of_token_is_refused(signed_in: SignedIn, media_type: object) -> None:
    token = dataclasses.replace(signed_in.builder(), headers={"typ": media_type})
    response = signed_in.send(token.encode())
    assert response.status_code == 400
    assert RefusalTrace.objects.get().code in ("logout_token_type_wrong", "logout_token_malformed")
    assert SSOSession.objects.exists()


@pytest.mark.catalogue("WEB-LOGOUT-CSRF")
def test_id_token_is_no_logout_token(signed_in: SignedIn) -> None:
    response = signed_in.send(signed_in.acme.tenant.id_tokens[-1])
    signed_in.assert_refused(response, "logout_token_event_missing")


@pytest.mark.catalogue("WEB-LOGOUT-CSRF")
def test_token_counts_once(signed_in: SignedIn) -> None:
    signed_in.send(signed_in.token())
    signed_in.acme.sign_in()
    signed_in.assert_refused(
        signed_in.send(signed_in.token(LogoutTokenFault.REPLAYED)), "logout_token_replayed"
    )


def test_token_whose_sessions_could_not_be_ended_counts_again(
    signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The note of its use and the end of the sessions are one transaction."""

    def broken(*args: object, **kwargs: object) -> None:
        raise OSError("the disk is full")

    token = signed_in.token()
    with monkeypatch.context() as patch:
        patch.setattr(audit, "record", broken)
        with pytest.raises(OSError, match="full"):
            signed_in.send(token)
    assert SSOSession.objects.exists()
    signed_in.assert_ended(signed_in.send(token))


def test_session_that_is_gone_is_a_success(signed_in: SignedIn) -> None:
    SSOSession.objects.all().delete()
    signed_in.assert_ended(signed_in.send(signed_in.token()))
    assert not AuditEvent.objects.filter(event="org.sso_idp_logout").exists()


@pytest.mark.parametrize("names", [{"sub": OMIT}, {"sid": OMIT}], ids=["sid alone", "sub alone"])
def test_either_name_is_enough(signed_in: SignedIn, names: dict[str, Any]) -> None:
    signed_in.assert_ended(signed_in.send(signed_in.builder(**names).encode()))


@pytest.mark.parametrize("names", [{"sub": "olivia"}, {"sid": "another"}], ids=str)
def test_where_both_names_are_given_both_must_fit(signed_in: SignedIn, names: dict[str, Any]) -> None:
    assert signed_in.send(signed_in.builder(**names).encode()).status_code == 200
    assert SSOSession.objects.exists()


def test_session_of_an_op_that_named_none_ends_by_its_subject(signed_in: SignedIn) -> None:
    SSOSession.objects.update(idp_session_id="")
    assert signed_in.send(signed_in.builder(sub=OMIT).encode()).status_code == 200
    assert SSOSession.objects.exists()
    signed_in.assert_ended(signed_in.send(signed_in.token()))


def test_one_sid_ends_one_browser_and_a_subject_all(signed_in: SignedIn) -> None:
    other = Client()
    log_in(other, signed_in.acme.max.user)
    location = other.get(f"/orgs/{signed_in.acme.org.slug}/sso/")["Location"]
    IdPBrowser().complete_login(location, "max").deliver(other)
    assert SSOSession.objects.count() == 2
    signed_in.send(signed_in.builder().encode())
    assert not signed_in.acme.can_read()
    assert signed_in.acme.can_read(other)
    signed_in.acme.sign_in()
    signed_in.assert_ended(signed_in.send(signed_in.builder(sid=OMIT).encode()))


def test_sessions_of_retired_revisions_of_the_issuer_end_too(signed_in: SignedIn) -> None:
    connection = signed_in.acme.connection
    old = live_revision(connection)
    connection.revisions.update(status=Revision.Status.RETIRED)
    make_revision(connection, issuer=old.issuer, client_id=CLIENT_ID)
    signed_in.assert_ended(signed_in.send(signed_in.token()))


def test_connection_without_a_live_revision_takes_no_logout(signed_in: SignedIn) -> None:
    signed_in.acme.connection.revisions.update(status=Revision.Status.RETIRED)
    assert signed_in.send(signed_in.token()).status_code == 400
    assert RefusalTrace.objects.get().code == "logout_not_expected"


def test_switched_off_connection_takes_no_logout(signed_in: SignedIn) -> None:
    acme = signed_in.acme
    connections.switch_off(connection=acme.connection, actor=acme.olivia.user, accepts_lock_out=True)
    assert signed_in.send(signed_in.token()).status_code == 400
    assert RefusalTrace.objects.get().code == "logout_not_expected"


def test_another_connection_of_the_same_issuer_keeps_its_sessions(signed_in: SignedIn) -> None:
    """A contractor of two organisations that use one OP: the token went to one of them."""
    acme = signed_in.acme
    other = make_connection(acme.org, issuer=acme.tenant.issuer, client_id="another")
    kept = make_sso_session(
        make_member(acme.org),
        browser_session="elsewhere",
        connection=other,
        idp_session_id=signed_in.idp_session.sid,
    )
    signed_in.send(signed_in.token())
    assert list(SSOSession.objects.all()) == [kept]


@pytest.mark.parametrize(
    ("allowed", "status"), [([], 200), (["ES256", "RS256"], 200), (["ES256"], 400), (["PS256"], 400)]
)
def test_connection_says_which_algorithms_may_sign(
    signed_in: SignedIn, allowed: list[str], status: int
) -> None:
    change_revision(signed_in.acme, signing_algorithms=allowed)
    assert signed_in.send(signed_in.token()).status_code == status


# --- The form ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"", FORM, "logout_form_malformed"),
        (b"logout_token=a.b.c&logout_token=a.b.c", FORM, "logout_form_malformed"),
        (b"token=a.b.c", FORM, "logout_form_malformed"),
        (b"logout_token=", FORM, "logout_token_malformed"),
        (b"logout_token=x", FORM, "logout_token_malformed"),
        (b"logout_token=%00.b.c", FORM, "logout_token_malformed"),
        (b"logout_token=%ff.b.c", FORM, "logout_token_malformed"),
        (b"logout_token=W10.e30.x", FORM, "logout_token_malformed"),
        (b"logout_token=a.b.c", f"{FORM}; charset=utf-16", "logout_form_malformed"),
        (b'{"logout_token": "a.b.c"}', "application/json", "logout_form_malformed"),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", "logout_form_malformed"),
        (b"a=&" * 2000, FORM, "logout_form_malformed"),
        (b"logout_token=" + b"a" * 60_000, FORM, "logout_token_malformed"),
        (b"logout_token=" + b"a" * 70_000, FORM, "logout_form_too_large"),
        (b"logout_token=" + b"a" * 2_000_000, FORM, "logout_form_too_large"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_form_with_one_token_is_refused(
    signed_in: SignedIn, body: bytes, content_type: str, code: str
) -> None:
    signed_in.assert_refused(signed_in.post(body, content_type), code)


def test_address_answers_to_posts_alone(signed_in: SignedIn) -> None:
    url = reverse("sso:oidc_backchannel_logout", args=[signed_in.acme.connection.uid])
    assert Client().get(url, {"logout_token": signed_in.token()}).status_code == 405
    assert SSOSession.objects.exists()


# --- The keys ------------------------------------------------------------------------------------------


def test_keys_that_cannot_be_fetched_fail_the_logout(signed_in: SignedIn) -> None:
    jwks.forget_all()
    signed_in.acme.idp.stop()
    signed_in.assert_refused(signed_in.send(signed_in.token()), "keys_unreachable")


def test_metadata_that_cannot_be_fetched_fails_the_logout(signed_in: SignedIn) -> None:
    discovery.forget_all()
    signed_in.acme.idp.stop()
    signed_in.assert_refused(signed_in.send(signed_in.token()), "discovery_unreachable")


def test_key_that_is_new_since_the_login_is_found(signed_in: SignedIn) -> None:
    signed_in.acme.tenant.rotate_oidc_key(withdraw_old=True)
    signed_in.assert_ended(signed_in.send(signed_in.token()))


def test_unknown_keys_of_strangers_cost_no_login_its_refetch(signed_in: SignedIn) -> None:
    acme = signed_in.acme
    stranger = dataclasses.replace(signed_in.builder(), kid="made-up")
    for _ in range(3):
        assert signed_in.send(stranger.encode()).status_code == 400
    assert set(RefusalTrace.objects.values_list("code", flat=True)) == {"logout_token_key_unknown"}
    assert len(acme.idp.requests.to("jwks")) == 3, "the login, the stranger, and once more for the kid"
    acme.idp.requests.clear()
    acme.tenant.rotate_oidc_key(withdraw_old=True)
    acme.sign_in()
    assert acme.can_read()
    assert len(acme.idp.requests.to("jwks")) == 1


# --- One second either side ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"iat": -180}, 400),
        ({"iat": -170}, 200),
        ({"iat": 50}, 200),
        ({"iat": 70, "exp": 300}, 400),
        ({"exp": -50}, 200),
        ({"exp": -70}, 400),
    ],
    ids=str,
)
def test_clocks_may_differ_by_a_minute(signed_in: SignedIn, claims: dict[str, int], status: int) -> None:
    now = datetime.now(UTC)
    times = {
        name: int((now + timedelta(seconds=offset)).timestamp()) - (offset == -180)
        for name, offset in claims.items()
    }
    assert signed_in.send(signed_in.builder(**times).encode()).status_code == status
