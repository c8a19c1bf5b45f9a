"""Nothing secret comes out of a login: not on a page, in a header, a log line, an audit entry, a mail or a row.

Whole logins at the demo IdP, good and bad, with everything kept that the portal lets out. `LEGITIMATE` names the
few places where the protocols themselves put a value of a login.
"""

import base64
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

import pytest
from django.conf import settings
from django.utils import timezone

from orgs.models import AuditEvent, Membership
from orgs.roles import Role
from sso.browser import _SESSION_KEY as BROWSER_SESSION_KEY
from sso.key_pairs import ensure_key_pair
from sso.models import (
    Connection,
    KeyPair,
    LinkedIdentity,
    LoginAttempt,
    RefusalTrace,
    Revision,
    RevisionTest,
    SSOSession,
)
from tests.builders import give_key_pair, make_member, make_revision, make_user
from tests.conftest import log_in, log_in_with_sso
from tests.demo_idp import DemoIdP, IdPAnswer, IdPBrowser, OIDCFault, SAMLFault, Tenant
from tests.demo_idp.keys import KeyStore
from tests.eavesdropper import Eavesdropper, WatchedClient, database_text
from tests.sso.oidc.conftest import CLIENT_ID, CLIENT_SECRET, AcmeLogin, make_acme, register_client
from tests.sso.saml.conftest import GlobexLogin, make_globex, way_to_idp
from tests.sso.whole_login import change_revision
from tests.urls import all_routes

pytestmark = pytest.mark.catalogue("WEB-SECRETS-SHOWN")

# Nobody maps this attribute, so that only admins who set up a connection may see it.
UNMAPPED = {"clearance": "value-of-an-attribute-that-nobody-maps"}

LEGITIMATE = {
    ("state", "sso:start Location"),
    ("nonce", "sso:start Location"),
    ("state", "sso:draft_test Location"),
    ("nonce", "sso:draft_test Location"),
    ("ticket", "sso:saml_acs Location"),
    ("ticket", "sso:oidc_callback Location"),
    # An admin who tests a draft, looks for what to map, or looks a refusal up, sees what the IdP sends.
    *(
        (f"unmapped {word}", f"sso:{page} page")
        for word in ("claim", "attribute")
        for page in ("revision_test", "mapping", "group_mapping", "refusal")
    ),
    # Admins read what a genuine answer said that the portal refused; nobody else (test_refusal_claims).
    *((word, "sso:refusal page") for word in ("unmapped claim", "unmapped attribute", "attribute", "name")),
}


@pytest.fixture
def ear() -> Eavesdropper:
    return Eavesdropper()


@pytest.mark.parametrize(
    "said",
    ["a {} b", "half of it: {:.40}", "next=%2F%3Fcode%3D{}", "&quot;{}&quot;"],
)
def test_search_finds_a_secret_that_is_there(ear: Eavesdropper, said: str) -> None:
    secret = base64.urlsafe_b64encode(bytes(range(33))).decode()
    with ear.hearing_log():
        logging.getLogger("sso.login").debug("said", extra={"detail": [said.format(secret)]})
    assert ear.found({"secret": secret, "other": "x" * 43}) == {("secret", "log")}


@pytest.fixture
def demo_idp() -> Any:
    with DemoIdP() as idp:
        yield idp


# --- OpenID Connect ------------------------------------------------------------------------------------


@pytest.fixture
def acme(db: None, demo_idp: DemoIdP, ear: Eavesdropper) -> AcmeLogin:
    acme = make_acme(demo_idp, WatchedClient(ear))
    acme.tenant.change_person("max", extra=UNMAPPED)
    return acme


def honest(tenant: Tenant) -> None:
    """The IdP does nothing wrong."""


def faulty(*faults: OIDCFault | SAMLFault) -> Callable[[Tenant], None]:
    def prepare(tenant: Tenant) -> None:
        tenant.next_fault(*faults)

    prepare.__name__ = "+".join(fault.value for fault in faults)
    return prepare


def client_secret_is_another(tenant: Tenant) -> None:
    (client,) = tenant.clients.values()
    tenant.clients[CLIENT_ID] = type(client)(
        client_id=CLIENT_ID, client_secret="another", redirect_uris=client.redirect_uris
    )


OIDC_TRIPS: list[tuple[Callable[[Tenant], None], list[str]]] = [
    (honest, []),
    (faulty(OIDCFault.WRONG_AUD), ["audience_mismatch"]),
    (faulty(OIDCFault.BAD_SIGNATURE), ["signature_invalid"]),
    (faulty(OIDCFault.HS256_WITH_SECRET), ["algorithm_not_allowed"]),
    (faulty(OIDCFault.EXPIRED), ["id_token_expired"]),
    (faulty(OIDCFault.TOKEN_500), ["idp_unreachable"]),
    (faulty(OIDCFault.USERINFO_OTHER_SUB), ["userinfo_subject_mismatch"]),
    (client_secret_is_another, ["token_refused"]),
]


@pytest.mark.parametrize(("prepare", "codes"), OIDC_TRIPS, ids=lambda value: getattr(value, "__name__", ""))
def test_oidc_login_lets_nothing_out(
    acme: AcmeLogin, ear: Eavesdropper, prepare: Callable[[Tenant], None], codes: list[str]
) -> None:
    prepare(acme.tenant)
    answer = acme.go_to_idp()
    answer.deliver(acme.client)
    assert acme.refusals() == codes
    acme.client.get(acme.page_path)

    assert_nothing_leaked(ear, oidc_secrets(acme, answer), acme.connection, acme.olivia)


@pytest.mark.parametrize(
    ("prepare", "codes"),
    [(honest, []), (faulty(OIDCFault.WRONG_NONCE), ["nonce_mismatch"])],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_oidc_login_by_form_post_lets_nothing_out(
    acme: AcmeLogin, ear: Eavesdropper, prepare: Callable[[Tenant], None], codes: list[str]
) -> None:
    change_revision(acme, response_mode="form_post")
    prepare(acme.tenant)
    answer = acme.go_to_idp()
    location = answer.deliver(WatchedClient(ear))["Location"]
    parked = database_text()
    acme.client.get(location)
    assert acme.refusals() == codes

    secrets = {**oidc_secrets(acme, answer), "ticket": location.partition("ticket=")[2]}
    assert secrets["code"] not in parked
    assert_nothing_leaked(ear, secrets, acme.connection, acme.olivia)


@pytest.mark.parametrize("is_known", [True, False])
def test_signed_client_assertions_let_nothing_out(acme: AcmeLogin, ear: Eavesdropper, is_known: bool) -> None:
    """Pushed with the request and sent for the tokens, by a key that the OP knows or does not know."""
    acme.tenant.config = replace(acme.tenant.config, par="required")
    change_revision(acme, client_authentication="private_key_jwt")
    pair = give_key_pair(acme.connection, KeyStore().saml_key_pair("portal-leaks"))
    keys = acme.client.get(f"/sso/{acme.connection.uid}/oidc/jwks/").json() if is_known else {"keys": []}
    register_client(acme.tenant, acme.connection, auth_methods=("private_key_jwt",), jwks=keys)
    start = acme.start()
    assert acme.refusals() == ([] if is_known else ["pushed_request_refused"])
    key_lines = pair.private_key.split("-----")[2].split()
    secrets = {"a line of the private key": key_lines[len(key_lines) // 2], **cookies_of(acme.client)}
    if is_known:
        answer = IdPBrowser().complete_login(start["Location"], "max")
        answer.deliver(acme.client)
        assert acme.can_read()
        jtis = {f"jti {number}": jti for number, jti in enumerate(acme.tenant.used_assertions)}
        assert len(jtis) == 2
        secrets |= {**oidc_secrets(acme, answer), **jtis}

    assert_nothing_leaked(ear, secrets, acme.connection, acme.olivia)


def test_answer_brought_again_and_by_another_browser_lets_nothing_out(
    acme: AcmeLogin, ear: Eavesdropper
) -> None:
    answer = acme.go_to_idp()
    stranger = WatchedClient(ear)
    log_in(stranger, make_user("zoe@globex.example"))
    for client in (stranger, WatchedClient(ear), acme.client, acme.client):
        answer.deliver(client)
    assert acme.refusals() == ["wrong_browser", "wrong_browser", "attempt_used"]

    assert_nothing_leaked(ear, oidc_secrets(acme, answer), acme.connection, acme.olivia)


@pytest.mark.parametrize("prepare", [honest, faulty(OIDCFault.WRONG_AUD)])
def test_oidc_test_of_a_draft_lets_nothing_out(
    acme: AcmeLogin, ear: Eavesdropper, prepare: Callable[[Tenant], None]
) -> None:
    acme.tenant.change_person("olivia", extra=UNMAPPED)
    make_revision(
        acme.connection,
        status=Revision.Status.DRAFT,
        issuer=acme.tenant.issuer,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    log_in_with_sso(acme.client, acme.olivia)
    prepare(acme.tenant)
    way = acme.client.get(f"/orgs/acme/settings/sso/connections/{acme.connection.uid}/draft/test/")
    answer = IdPBrowser().complete_login(way["Location"], "olivia")
    acme.client.get(answer.deliver(acme.client).headers.get("Location", "/"))
    assert RevisionTest.objects.count() == 1

    assert_nothing_leaked(ear, oidc_secrets(acme, answer), acme.connection, acme.olivia)


def test_draft_that_can_not_be_saved_does_not_show_its_secret(acme: AcmeLogin, ear: Eavesdropper) -> None:
    log_in_with_sso(acme.client, acme.olivia)
    acme.tenant.next_fault(OIDCFault.DISCOVERY_HTML)
    path = f"/orgs/acme/settings/sso/connections/{acme.connection.uid}/draft/"
    values = {
        "client_id": "other",
        "client_secret": "a-secret-that-was-just-typed",
        "issuer": acme.tenant.url,
    }
    assert acme.client.post(path, values).status_code == 200
    SSOSession.objects.all().delete()
    assert acme.client.post(path, values).status_code == 403  # held up by the gate

    secrets = {"client secret": values["client_secret"]}
    assert_nothing_leaked(ear, secrets, acme.connection, acme.olivia)


def oidc_secrets(acme: AcmeLogin, answer: IdPAnswer) -> dict[str, str]:
    """Everything that this login was about, by name. Each must have been there, or the test looks for nothing."""
    attempt = LoginAttempt.objects.get()
    basic = f"{quote_plus(CLIENT_ID)}:{quote_plus(CLIENT_SECRET)}"
    tokens = {f"access token {number}": token for number, token in enumerate(acme.tenant.access_tokens)}
    id_tokens = {f"ID token {number}": token for number, token in enumerate(acme.tenant.id_tokens)}
    return {
        "client secret": CLIENT_SECRET,
        "client secret in Basic": base64.b64encode(basic.encode()).decode(),
        "code": answer.parameters["code"],
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code verifier": attempt.code_verifier,
        "unmapped claim": UNMAPPED["clearance"],
        **tokens,
        **id_tokens,
        **cookies_of(acme.client),
    }


# --- SAML ----------------------------------------------------------------------------------------------


@pytest.fixture
def globex(db: None, demo_idp: DemoIdP, ear: Eavesdropper) -> GlobexLogin:
    globex = make_globex(demo_idp, WatchedClient(ear))
    globex.tenant.change_person("max", extra=UNMAPPED)
    ensure_key_pair(globex.connection, now=timezone.now())
    Revision.objects.update(sign_requests=True)
    return globex


def as_it_came(answer: IdPAnswer) -> IdPAnswer:
    return answer


def cut_short(answer: IdPAnswer) -> IdPAnswer:
    xml = base64.b64decode(answer.parameters["SAMLResponse"])
    half = base64.b64encode(xml[: len(xml) // 2]).decode()
    return IdPAnswer(answer.url, {**answer.parameters, "SAMLResponse": half})


def encrypting(*faults: SAMLFault) -> Callable[[Tenant], None]:
    """The IdP encrypts for our key."""

    def prepare(tenant: Tenant) -> None:
        (sp,) = tenant.service_providers.values()
        tenant.add_service_provider(replace(sp, encryption_certificate=KeyPair.objects.get().certificate))
        tenant.next_fault(*faults)

    prepare.__name__ = "+".join(["encrypted", *(fault.value for fault in faults)])
    return prepare


SAML_TRIPS: list[tuple[Callable[[Tenant], None], Callable[[IdPAnswer], IdPAnswer], list[str]]] = [
    (honest, as_it_came, []),
    (honest, cut_short, ["response_malformed"]),
    (faulty(SAMLFault.TAMPERED_AFTER_SIGNING), as_it_came, ["signature_invalid"]),
    (faulty(SAMLFault.WRONG_AUDIENCE), as_it_came, ["audience_mismatch"]),
    (faulty(SAMLFault.EXPIRED), as_it_came, ["assertion_expired"]),
    (faulty(SAMLFault.NO_IN_RESPONSE_TO), as_it_came, ["in_response_to_missing"]),
    (encrypting(), as_it_came, []),
    (encrypting(SAMLFault.ENCRYPTED_AND_TAMPERED), as_it_came, ["decryption_failed"]),
    (encrypting(SAMLFault.ENCRYPTED_UNSIGNED), as_it_came, ["signature_missing"]),
    (encrypting(SAMLFault.WRONG_AUDIENCE), as_it_came, ["audience_mismatch"]),
]


@pytest.mark.parametrize(
    ("prepare", "change", "codes"), SAML_TRIPS, ids=lambda value: getattr(value, "__name__", "")
)
def test_saml_login_lets_nothing_out(
    globex: GlobexLogin,
    ear: Eavesdropper,
    prepare: Callable[[Tenant], None],
    change: Callable[[IdPAnswer], IdPAnswer],
    codes: list[str],
) -> None:
    prepare(globex.tenant)
    answer = change(go_to_saml_idp(globex))
    ticket = finish_saml(globex, ear, answer)
    assert globex.refusals() == codes
    assert bool(ticket) is (not codes)

    admin = make_member(globex.org, make_user("gus@globex.example"), role=Role.ADMIN)
    assert_nothing_leaked(ear, saml_secrets(globex, answer, ticket), globex.connection, admin)


def test_refusal_after_the_acs_lets_nothing_out(globex: GlobexLogin, ear: Eavesdropper) -> None:
    """The response is genuine; the person is not who they should be, and the ticket comes back once more."""
    Connection.objects.update(email_domains=["elsewhere.example"])
    answer = go_to_saml_idp(globex)
    ticket = finish_saml(globex, ear, answer)
    globex.client.get(f"/sso/{globex.connection.uid}/saml/finish/", {"ticket": ticket})
    answer.deliver(WatchedClient(ear))
    assert globex.refusals() == ["email_domain_not_allowed", "attempt_unknown", "attempt_used"]

    admin = make_member(globex.org, make_user("gus@globex.example"), role=Role.ADMIN)
    assert_nothing_leaked(ear, saml_secrets(globex, answer, ticket), globex.connection, admin)


def go_to_saml_idp(globex: GlobexLogin) -> IdPAnswer:
    url, form = way_to_idp(globex.start())
    return IdPBrowser().complete_login(url, "max", form=form)


def finish_saml(globex: GlobexLogin, ear: Eavesdropper, answer: IdPAnswer) -> str:
    """Deliver the response as a cross-site POST, follow the redirect, look at the page. Returns the ticket."""
    posted = answer.deliver(WatchedClient(ear))
    location = str(posted.headers.get("Location", ""))
    globex.client.get(location or "/")
    globex.client.get(globex.page_path)
    return location.partition("ticket=")[2]


def saml_secrets(globex: GlobexLogin, answer: IdPAnswer, ticket: str) -> dict[str, str]:
    posted = answer.parameters["SAMLResponse"]
    key_lines = KeyPair.objects.get().private_key.split("-----")[2].split()
    secret_lines = key_lines[len(key_lines) // 2 :]  # the first half is in the certificate too
    return {
        "SAMLResponse": posted,
        "signature": signature_in(base64.b64decode(posted).decode()),
        "private key": "".join(secret_lines),
        "a line of the private key": secret_lines[0],
        "state": LoginAttempt.objects.get().state,
        "unmapped attribute": UNMAPPED["clearance"],
        **({"ticket": ticket} if ticket else {}),
        **cookies_of(globex.client),
    }


def signature_in(xml: str) -> str:
    value = xml.partition("SignatureValue>")[2].partition("<")[0]
    return value or "there is no signature in this response"


# --- What is searched ----------------------------------------------------------------------------------


def cookies_of(client: Any) -> dict[str, str]:
    return {
        "session cookie": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "browser session": client.session[BROWSER_SESSION_KEY],
    }


# Rows hold these by design: in the clear, since they are worth nothing outside the browser they belong to.
IN_ROWS = {"state", "nonce", "code verifier", "session cookie", "browser session"}


def assert_nothing_leaked(
    ear: Eavesdropper, secrets: Mapping[str, str], connection: Connection, admin: Membership
) -> None:
    """Look at all that an admin can look at, then search everything that came out, and the whole database."""
    look_at_all_settings(ear, connection, admin)
    assert ear.heard["log"]
    assert_nothing_came_out(ear, secrets)


def assert_nothing_came_out(ear: Eavesdropper, secrets: Mapping[str, str]) -> None:
    """Search what was heard, mails, what is kept for admins to read, and the whole database."""
    assert all(secrets.values())
    for rows in (AuditEvent, RefusalTrace, RevisionTest):
        for row in rows._default_manager.values():
            ear.hear(rows.__name__, str(row))
    ear.hear_mails()
    assert {(kind_of(name), where) for name, where in ear.found(secrets)} <= LEGITIMATE

    rows_only = Eavesdropper()
    rows_only.hear("database", database_text())
    sealed = {name: secret for name, secret in secrets.items() if kind_of(name) not in IN_ROWS}
    assert rows_only.found(sealed) == set()


def kind_of(name: str) -> str:
    """`state` of `state in wrong_browser`, where many failures are searched for at once."""
    return name.partition(" in ")[0]


def look_at_all_settings(ear: Eavesdropper, connection: Connection, admin: Membership) -> None:
    """Every page of the organisation that an admin may GET, each with the newest thing its URL can name."""
    browser = WatchedClient(ear)
    log_in_with_sso(browser, admin)
    org = connection.org
    newest = {
        "org_slug": org.slug,
        "connection_uid": connection.uid,
        "revision_number": 1,
        "test_id": pk_of_newest(RevisionTest),
        "identity_id": pk_of_newest(LinkedIdentity),
        "session_id": pk_of_newest(SSOSession),
        "user_id": admin.user_id,
        "reference": RefusalTrace.objects.order_by("-pk").values_list("reference", flat=True).first()
        or "none",
    }
    looked_at = 0
    for route in all_routes():
        if "org_slug" in route.arguments and route.exempt_reason is None and route.arguments <= newest.keys():
            if route.name == "sso:draft_test":
                continue  # it would begin another login
            looked_at += browser.get(route.path(**newest)).status_code == 200
    assert looked_at > 15


def pk_of_newest(model: Any) -> int:
    return int(model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0)
