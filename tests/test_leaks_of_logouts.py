"""No logout lets anything out: neither the ID token that names the session, nor what an IdP sends to end it."""

import base64
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone
from lxml import etree, html

from hubsso.request_sizes import SMALL_BODY_BYTES
from orgs.models import AuditEvent
from orgs.roles import Role
from sso.models import Connection, KeyPair, LogoutAttempt, RefusalTrace, Revision, SSOSession
from sso.types import Enforcement
from tests.builders import give_key_pair, make_member, make_user, set_policy
from tests.conftest import log_in
from tests.demo_idp import DemoIdP, IdPAnswer, IdPBrowser, LogoutTokenFault
from tests.demo_idp.browser import FORM
from tests.demo_idp.oidc_logout_tokens import honest_logout_token, logout_token
from tests.demo_idp.oidc_tokens import IDTokenBuilder
from tests.demo_idp.saml_logout import LogoutMessage
from tests.demo_idp.saml_names import tag
from tests.eavesdropper import Eavesdropper, WatchedClient, database_text
from tests.sso.oidc.conftest import CLIENT_ID, AcmeLogin, make_acme
from tests.sso.saml.conftest import make_globex
from tests.sso.saml.encrypting import OUR_KEY
from tests.sso.saml.exchange import key_pair
from tests.sso.saml.slo import BINDINGS, Logout
from tests.sso.whole_login import change_revision

pytestmark = pytest.mark.catalogue("WEB-SECRETS-SHOWN")


@pytest.fixture
def ear() -> Eavesdropper:
    return Eavesdropper()


@pytest.fixture
def acme(db: None, ear: Eavesdropper) -> Any:
    with DemoIdP() as idp:
        acme = make_acme(idp, WatchedClient(ear))
        acme.sign_in()
        yield acme


def found(ear: Eavesdropper, secrets: dict[str, str]) -> set[tuple[str, str]]:
    """Where the secrets are: in what was heard, and in what admins read."""
    assert all(secrets.values())
    assert ear.heard["log"]
    for rows in (AuditEvent, RefusalTrace):
        for row in rows._default_manager.values():
            ear.hear(rows.__name__, str(row))
    return ear.found(secrets)


def look_as_admin(ear: Eavesdropper, acme: AcmeLogin) -> None:
    admin = WatchedClient(ear)
    log_in(admin, acme.olivia.user)
    IdPBrowser().complete_login(admin.get("/orgs/acme/sso/")["Location"], "olivia").deliver(admin)
    settings = f"/orgs/{acme.org.slug}/settings"
    references = RefusalTrace.objects.values_list("reference", flat=True)
    refused = [f"{settings}/sso/refusals/{reference}/" for reference in references]
    for path in [f"{settings}/sso/refusals/", f"{settings}/audit/", f"{settings}/sso/sessions/", *refused]:
        assert admin.get(path).status_code == 200


def test_signing_out_at_the_op_shows_the_id_token_to_it_alone(acme: AcmeLogin, ear: Eavesdropper) -> None:
    id_token = acme.tenant.id_tokens[-1]
    sid = SSOSession.objects.get().idp_session_id
    assert acme.client.get("/accounts/sso-sessions/").status_code == 200
    response = acme.client.post(reverse("sso:sign_out", args=[SSOSession.objects.get().pk]))
    (form,) = [
        form for form in html.fromstring(response.content).iter("form") if "data-auto-submit" in form.attrib
    ]
    fields = {field.get("name", ""): field.get("value", "") for field in form.iter("input")}
    IdPBrowser().follow(form.get("action", ""), form=fields).deliver(acme.client)
    look_as_admin(ear, acme)

    secrets = {"ID token": id_token, "state": LogoutAttempt.objects.get().state, "sid": sid}
    assert found(ear, secrets) == {("ID token", "sso:sign_out page"), ("state", "sso:sign_out page")}
    rows = Eavesdropper()
    rows.hear("database", database_text())
    assert rows.found({"ID token": id_token, "sid": sid}) == set()


LOGOUT_TOKEN_REFUSALS = {
    "logout_token_algorithm_not_allowed",
    "logout_token_audience_mismatch",
    "logout_token_claim_missing",
    "logout_token_event_missing",
    "logout_token_expired",
    "logout_token_issuer_mismatch",
    "logout_token_names_nobody",
    "logout_token_nonce",
    "logout_token_not_yet_valid",
    "logout_token_replayed",
    "logout_token_signature_invalid",
    "logout_token_too_old",
    "logout_token_type_wrong",
}


def test_no_logout_token_lets_anything_out(acme: AcmeLogin, ear: Eavesdropper) -> None:
    """The honest one comes last, and is then sent again."""
    change_revision(acme, signing_algorithms=["RS256"])
    (session,) = acme.tenant.sessions.values()
    client, browser = acme.tenant.clients[CLIENT_ID], WatchedClient(ear)
    url = reverse("sso:oidc_backchannel_logout", args=[acme.connection.uid])
    faults: list[set[LogoutTokenFault]] = [{fault} for fault in LogoutTokenFault]
    faults.remove({LogoutTokenFault.REPLAYED})
    tokens = [logout_token(acme.tenant, client, session, fault) for fault in [*faults, set()]]
    for token in [*tokens, tokens[-1]]:
        IdPAnswer(url, {"logout_token": token}).deliver(browser)
    assert not SSOSession.objects.exists()
    assert RefusalTrace.objects.count() == len(faults) + 1
    assert set(RefusalTrace.objects.values_list("code", flat=True)) == LOGOUT_TOKEN_REFUSALS
    look_as_admin(ear, acme)

    secrets = {f"token {number}": token.partition(".")[2] for number, token in enumerate(tokens)}
    assert found(ear, secrets | {"sid": session.sid}) == set()
    rows = Eavesdropper()
    rows.hear("database", database_text())
    assert rows.found(secrets) == set()


def changed(**claims: Any) -> Callable[[IDTokenBuilder], str]:
    return lambda honest: honest.but(**claims).encode()


# What is posted in the place of an honest token.
LOGOUT_FORMS: dict[str, Callable[[IDTokenBuilder], str]] = {
    "logout_token_malformed": lambda honest: honest.encode().rpartition(".")[0],
    "logout_token_key_unknown": lambda honest: replace(honest, kid="unknown").encode(),
    "logout_token_claim_malformed": changed(sub=7),
    "logout_token_azp_mismatch": changed(aud=[CLIENT_ID, "another"], azp="another"),
    "logout_form_malformed": lambda honest: f"{honest.encode()}&logout_token=another",
    "logout_form_too_large": lambda honest: f"{honest.encode()}&x={'x' * SMALL_BODY_BYTES}",
    "logout_not_expected": IDTokenBuilder.encode,  # no revision is live any more
}


def test_no_form_with_a_logout_token_lets_anything_out(acme: AcmeLogin, ear: Eavesdropper) -> None:
    (session,) = acme.tenant.sessions.values()
    honest = honest_logout_token(acme.tenant, acme.tenant.clients[CLIENT_ID], session)
    url = reverse("sso:oidc_backchannel_logout", args=[acme.connection.uid])
    secrets = {"sid": session.sid}
    for code, change in LOGOUT_FORMS.items():
        if code == "logout_not_expected":
            Revision.objects.update(status=Revision.Status.RETIRED)
        posted = change(honest)
        secrets[f"token of {code}"] = posted.partition(".")[2].partition("&")[0]
        WatchedClient(ear).post(url, f"logout_token={posted}", content_type=FORM)
        assert RefusalTrace.objects.latest("pk").code == code
    Revision.objects.update(status=Revision.Status.LIVE)
    look_as_admin(ear, acme)
    assert found(ear, secrets) == set()


FRONT_CHANNEL_REFUSALS = {"front_channel_logout_invalid"}


@pytest.mark.parametrize("issuer", ["", "https://another.example"])
def test_no_logout_in_a_frame_lets_anything_out(acme: AcmeLogin, ear: Eavesdropper, issuer: str) -> None:
    sid = SSOSession.objects.get().idp_session_id
    url = reverse("sso:oidc_frontchannel_logout", args=[acme.connection.uid])
    for iss in (issuer, acme.tenant.issuer):
        WatchedClient(ear).get(url, {"iss": iss, "sid": sid})
    assert not SSOSession.objects.exists()
    assert set(RefusalTrace.objects.values_list("code", flat=True)) == FRONT_CHANNEL_REFUSALS
    look_as_admin(ear, acme)
    assert found(ear, {"sid": sid}) == set()


# --- SAML ----------------------------------------------------------------------------------------------

NAME = "name-id-that-was-planted-9d2e"
INDEX = "session-index-that-was-planted-31"
RELAY_STATE = "opaque-to-us-84c1f00aa21b"
OTHER = "https://another.example"


def add(name: str) -> Callable[[etree._Element], object]:
    return lambda root: etree.SubElement(root, tag(name))


# What is another in the honest request.
SAML_LOGOUTS: dict[str, Callable[[datetime], dict[str, Any]]] = {
    "logout_unsigned": lambda now: {"signing_key": None},
    "signature_invalid": lambda now: {"signing_key": key_pair("mallory")},
    "issuer_mismatch": lambda now: {"issuer": OTHER},
    "destination_mismatch": lambda now: {"destination": OTHER},
    "logout_not_timely": lambda now: {"not_on_or_after": now - timedelta(hours=1)},
    "logout_malformed": lambda now: {"name_id_attributes": (("SPNameQualifier", OTHER),)},
    "encryption_not_supported": lambda now: {"change": add("saml:EncryptedID")},
    "element_not_allowed": lambda now: {"change": add("saml:Assertion")},
    "response_malformed": lambda now: {"change": lambda root: root.set("Version", "1.1")},
    "document_forbidden": lambda now: {"change": lambda root: root.append(etree.Comment(NAME))},
}
SAML_LOGOUT_REFUSALS = {
    *SAML_LOGOUTS,
    "logout_not_expected",
    "logout_replayed",
    "logout_answer_unknown",
    "response_too_large",
}


@pytest.fixture
def logout(db: None, ear: Eavesdropper) -> Any:
    with DemoIdP() as idp:
        globex = make_globex(idp, WatchedClient(ear))
        change_revision(globex, slo_url=globex.tenant.saml_slo_url)
        give_key_pair(globex.connection, OUR_KEY)
        logout = Logout(globex)
        logout.browser = WatchedClient(ear)
        yield logout


def messages_by_code(logout: Logout) -> list[tuple[str, LogoutMessage]]:
    """The last are the honest request, whose session is unknown, the same again, and an answer to nothing."""
    honest = logout.honest.but(name_id=NAME, session_indexes=(INDEX,))
    wrong = [(code, honest.but(**changes(timezone.now()))) for code, changes in SAML_LOGOUTS.items()]
    answer = honest.but(message_id="_an-answer", name_id=None, not_on_or_after=None, in_response_to="_nobody")
    return [*wrong, ("", honest), ("logout_replayed", honest), ("logout_answer_unknown", answer)]


@pytest.mark.parametrize("binding", BINDINGS)
def test_no_logout_of_a_saml_idp_lets_anything_out(logout: Logout, ear: Eavesdropper, binding: str) -> None:
    secrets = {"name": NAME, "index": INDEX}
    for code, message in messages_by_code(logout):
        before = RefusalTrace.objects.count()
        logout.send(message, binding, RELAY_STATE)
        traces = RefusalTrace.objects.order_by("pk").values_list("code", flat=True)[before:]
        assert list(traces) == [code for code in [code] if code]
        fields = message.post_fields()
        secrets[f"document of {code}"] = fields[message.parameter]
    bomb = base64.b64encode(zlib.compress(b" " * 4_000_000, 9, wbits=-15)).decode()
    logout.browser.get(f"{logout.url}?{urlencode({'SAMLRequest': bomb, 'RelayState': RELAY_STATE})}")
    assert RefusalTrace.objects.latest("pk").code == "response_too_large"
    Connection.objects.update(is_enabled=False)
    logout.send(logout.honest.but(name_id=NAME), binding, RELAY_STATE)
    assert RefusalTrace.objects.latest("pk").code == "logout_not_expected"

    look_at_refusals(ear, logout)
    key_lines = KeyPair.objects.get().private_key.split("-----")[2].split()
    secrets |= {"bomb": bomb, "line of the private key": key_lines[len(key_lines) // 2]}
    assert found(ear, secrets) == set()
    # The honest request is answered, with its RelayState (Bindings 3.4.3).
    assert {where for _, where in found(ear, {"RelayState": RELAY_STATE})} <= {
        "sso:saml_slo page",
        "sso:saml_slo Location",
    }
    rows = Eavesdropper()
    rows.hear("database", database_text())
    assert rows.found({**secrets, "RelayState": RELAY_STATE}) == set()


def look_at_refusals(ear: Eavesdropper, logout: Logout) -> None:
    org = logout.globex.org
    set_policy(org, Enforcement.OFF)
    admin = WatchedClient(ear)
    log_in(admin, make_member(org, make_user(), role=Role.ADMIN).user)
    settings = f"/orgs/{org.slug}/settings"
    references = RefusalTrace.objects.values_list("reference", flat=True)
    refused = [f"{settings}/sso/refusals/{reference}/" for reference in references]
    for path in [f"{settings}/sso/refusals/", f"{settings}/audit/", *refused]:
        assert admin.get(path).status_code == 200
