"""An OP's page says in a frame that somebody signed out (Front-Channel Logout 1.0)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import AuditEvent
from sso import connections
from sso.models import RefusalTrace, Revision, SSOSession
from sso.oidc import discovery
from tests.builders import make_connection, make_member, make_sso_session
from tests.sso.framing import frame_ancestors
from tests.sso.oidc.conftest import AcmeLogin


@pytest.fixture
def signed_in(acme: AcmeLogin) -> AcmeLogin:
    acme.sign_in()
    return acme


def load(acme: AcmeLogin, query: dict[str, Any] | None = None, **changes: Any) -> Any:
    """The frame's request, by a browser that keeps our cookie out of it."""
    sid = SSOSession.objects.values_list("idp_session_id", flat=True).first() or "gone"
    named = {"iss": acme.tenant.issuer, "sid": sid, **changes}
    query = (
        query if query is not None else {name: value for name, value in named.items() if value is not None}
    )
    return Client().get(address(acme), query)


def address(acme: AcmeLogin) -> str:
    return reverse("sso:oidc_frontchannel_logout", args=[acme.connection.uid])


def test_session_ends_on_the_server_whatever_the_cookie(signed_in: AcmeLogin) -> None:
    response = load(signed_in)
    assert response.status_code == 200
    assert not SSOSession.objects.exists()
    assert not signed_in.can_read()
    assert AuditEvent.objects.get(event="org.sso_idp_logout").actor == signed_in.max.user


def test_answer_may_be_framed_by_its_op_and_nobody_else(signed_in: AcmeLogin) -> None:
    response = load(signed_in)
    assert frame_ancestors(response) == [signed_in.idp.url]
    assert "X-Frame-Options" not in response
    assert "no-store" in response["Cache-Control"]


def test_op_whose_sign_out_page_is_on_another_origin_may_frame_it_too(acme: AcmeLogin) -> None:
    acme.tenant.discovery_changes["end_session_endpoint"] = "https://signout.idp.example:8443/bye?a=b"
    acme.sign_in()
    assert frame_ancestors(load(acme)) == [acme.idp.url, "https://signout.idp.example:8443"]


def test_op_is_asked_nothing(signed_in: AcmeLogin) -> None:
    discovery.forget_all()
    signed_in.idp.requests.clear()
    assert frame_ancestors(load(signed_in)) == [signed_in.idp.url]
    assert len(signed_in.idp.requests) == 0


def test_answer_says_nothing_of_anybody(signed_in: AcmeLogin) -> None:
    with_cookie = signed_in.client.get(address(signed_in), {"iss": signed_in.tenant.issuer, "sid": "unknown"})
    assert with_cookie.content == load(signed_in).content
    assert b"Acme" not in with_cookie.content
    assert b"Max" not in with_cookie.content


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"iss": None},
        {"sid": None},
        {"sid": ""},
        {"sid": "x" * 301},
        {"iss": ""},
        {"iss": "https://evil.example"},
    ],
    ids=str,
)
def test_address_without_its_issuer_and_a_session_ends_nothing(
    signed_in: AcmeLogin, query: dict[str, Any]
) -> None:
    SSOSession.objects.update(idp_session_id=(query.get("sid") or "sid")[:300])
    response = load(signed_in, **query) if query else load(signed_in, {})
    assert_refused(response)


@pytest.mark.parametrize("doubled", ["iss", "sid"])
def test_address_that_names_two_ends_nothing(signed_in: AcmeLogin, doubled: str) -> None:
    sid = SSOSession.objects.get().idp_session_id
    query = {"iss": [signed_in.tenant.issuer], "sid": [sid]}
    query[doubled] = query[doubled] * 2
    assert_refused(load(signed_in, query))


@pytest.mark.parametrize("slash", ["/", "?", " "])
def test_issuer_is_compared_to_the_letter(signed_in: AcmeLogin, slash: str) -> None:
    assert_refused(load(signed_in, iss=signed_in.tenant.issuer + slash))


def test_session_of_an_op_that_named_none_is_no_session_without_a_name(signed_in: AcmeLogin) -> None:
    SSOSession.objects.update(idp_session_id="")
    assert_refused(load(signed_in, sid=""))


@pytest.mark.catalogue("WEB-LOGOUT-CSRF")
def test_guessed_session_ends_nothing(signed_in: AcmeLogin) -> None:
    assert load(signed_in, sid="guessed").status_code == 200
    assert SSOSession.objects.count() == 1


def test_another_connection_of_the_same_issuer_keeps_its_sessions(signed_in: AcmeLogin) -> None:
    sid = SSOSession.objects.get().idp_session_id
    other = make_connection(signed_in.org, issuer=signed_in.tenant.issuer, client_id="another")
    kept = make_sso_session(
        make_member(signed_in.org), browser_session="elsewhere", connection=other, idp_session_id=sid
    )
    load(signed_in)
    assert list(SSOSession.objects.all()) == [kept]


def test_connection_without_a_live_revision_takes_no_logout(signed_in: AcmeLogin) -> None:
    signed_in.connection.revisions.update(status=Revision.Status.RETIRED)
    assert load(signed_in).status_code == 400
    assert RefusalTrace.objects.get().code == "logout_not_expected"


def test_switched_off_connection_takes_no_logout(signed_in: AcmeLogin) -> None:
    connections.switch_off(
        connection=signed_in.connection, actor=signed_in.olivia.user, accepts_lock_out=True
    )
    assert load(signed_in).status_code == 400
    assert RefusalTrace.objects.get().code == "logout_not_expected"


def test_address_answers_to_gets_alone(signed_in: AcmeLogin) -> None:
    query = {"iss": signed_in.tenant.issuer, "sid": SSOSession.objects.get().idp_session_id}
    assert Client().post(address(signed_in), query).status_code == 405
    assert Client().head(address(signed_in), query).status_code == 405
    assert SSOSession.objects.exists()


def assert_refused(response: Any) -> None:
    """Nothing ended, nothing may frame it, and the admins can read of it."""
    assert response.status_code == 400
    assert response["X-Frame-Options"] == "DENY"
    assert frame_ancestors(response) == ["'none'"]
    assert "no-store" in response["Cache-Control"]
    assert SSOSession.objects.count() == 1
    assert RefusalTrace.objects.get().code == "front_channel_logout_invalid"
    assert AuditEvent.objects.filter(event="org.sso_logout_refused").count() == 1
