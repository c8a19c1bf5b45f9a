"""Answers that no demo IdP gives, each refused for its own reason, with planted secrets: none of them comes out.

All answers of a protocol are sent in one world, then looked for at once on every page that tells of refusals.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import caches
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from hubsso.request_sizes import SMALL_BODY_BYTES
from orgs.models import AuditEvent, Organization
from orgs.roles import Role
from sso.models import Connection, KeyPair, LoginAttempt, RefusalTrace, Revision, SSOSession
from sso.saml.limits import MAX_POSTED_LENGTH
from sso.types import Enforcement
from sso.viewer import start_url
from tests.attacks.saml.target import (
    Attack,
    Target,
    after_signing,
    before_signing,
    make_target,
    posted,
    unchanged,
)
from tests.attacks.saml.target import text_replaced as replaced
from tests.attacks.saml.test_signatures import expired_certificate, short_key_certificate
from tests.builders import (
    give_key_pair,
    make_connection,
    make_member,
    make_org,
    make_user,
    set_policy,
)
from tests.conftest import log_in
from tests.demo_idp import IDTokenBuilder
from tests.demo_idp.browser import FORM
from tests.demo_idp.keys import make_oidc_key
from tests.demo_idp.saml_encryption import Encryption
from tests.demo_idp.saml_names import tag
from tests.eavesdropper import Eavesdropper, WatchedClient
from tests.sso.oidc.conftest import forget_idps
from tests.sso.oidc.fake_op import FakeOP
from tests.sso.saml.encrypting import DATA, OUR_KEY, OUR_NEXT_KEY, TO_US, cipher_reference
from tests.sso.saml.exchange import find
from tests.test_leaks import assert_nothing_came_out, cookies_of, signature_in

DISCOVERY = "/.well-known/openid-configuration"
LONGEST_SECRET = 9000  # characters of a document that are looked for
NAME = "name-id-that-was-planted-5c1f"
VALUE = "value-of-an-attribute-that-was-planted"
SECRET = "client-secret-that-was-planted"
CODE = "code-that-was-planted-e0b3d7"
ACCESS_TOKEN = "access-token-that-was-planted-77aa"


@pytest.fixture
def ear() -> Eavesdropper:
    return Eavesdropper()


def refusals_at(org: Organization) -> list[str]:
    events = AuditEvent.objects.filter(org=org, event="org.sso_refused").order_by("seq")
    return [event.data["code"] for event in events]


def look_at_all_refusals(ear: Eavesdropper, org: Organization) -> None:
    """As an admin, who is let in without single sign-on here."""
    set_policy(org, Enforcement.OFF)
    browser = WatchedClient(ear)
    log_in(browser, make_member(org, make_user(), role=Role.ADMIN).user)
    settings = f"/orgs/{org.slug}/settings"
    references = RefusalTrace.objects.filter(org=org).values_list("reference", flat=True)
    each = [f"{settings}/sso/refusals/{reference}/" for reference in references]
    for path in [f"{settings}/sso/refusals/", f"{settings}/audit/", *each]:
        assert browser.get(path).status_code == 200


# --- SAML ----------------------------------------------------------------------------------------------


def at(path: str, change: Callable[[etree._Element], object]) -> Callable[[etree._Element], object]:
    return lambda root: change(find(root, path))


def add(name: str, **attributes: str) -> Callable[[etree._Element], object]:
    return lambda parent: etree.SubElement(parent, tag(name), attributes)


def mixed(value: etree._Element) -> None:
    etree.SubElement(value, "x").tail = VALUE


def now_and(**later: float) -> Any:
    return timezone.now() + timedelta(**later)


ASSERTION = "saml:Assertion"
SIGNATURE = f"{ASSERTION}/ds:Signature"
METHOD = f"{SIGNATURE}/ds:SignedInfo/ds:SignatureMethod"
REFERENCE = f"{SIGNATURE}/ds:SignedInfo/ds:Reference"
SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"

SAML_ANSWERS: dict[str, Attack] = {
    "response_malformed": lambda honest: base64.b64encode(honest.xml()[:-9]).decode(),
    "response_too_large": lambda honest: honest.base64() + "A" * MAX_POSTED_LENGTH,
    "document_forbidden": after_signing(lambda root: root.append(etree.Comment(VALUE))),
    "element_not_allowed": replaced(b"<samlp:Status>", b"<samlp:Extensions/><samlp:Status>"),
    "assertion_not_single": lambda honest: honest.but(with_assertion=False),
    "id_invalid": lambda honest: honest.but(response_id="1"),
    "duplicate_id": after_signing(lambda root: find(root, "samlp:Status").set("ID", root.get("ID", ""))),
    "encryption_not_supported": after_signing(at(f"{ASSERTION}/saml:Subject", add("saml:EncryptedID"))),
    "encryption_not_allowed": lambda honest: honest.but(
        encryption=TO_US.but(change=cipher_reference(DATA, "file:///etc/passwd"))
    ),
    "decryption_failed": lambda honest: honest.but(encryption=Encryption.to(OUR_NEXT_KEY.certificate_pem)),
    "signature_missing": lambda honest: honest.but(sign_assertion=False),
    "signature_not_allowed": after_signing(at(SIGNATURE, add("ds:Object"))),
    "reference_not_allowed": after_signing(at(REFERENCE, lambda element: element.set("URI", "#other"))),
    "algorithm_not_allowed": after_signing(at(METHOD, lambda element: element.set("Algorithm", SHA1))),
    "signature_invalid": replaced(VALUE.encode(), VALUE[::-1].encode()),
    "condition_not_understood": before_signing(at(f"{ASSERTION}/saml:Conditions", add("saml:Condition"))),
    "in_response_to_mismatch": lambda honest: honest.but(in_response_to="_other"),
    "subject_confirmation_missing": lambda honest: honest.but(confirmation_method=None),
    "validity_too_long": lambda honest: honest.but(
        not_on_or_after=now_and(days=9), confirmation_not_on_or_after=now_and(days=9)
    ),
    "name_id_missing": before_signing(
        lambda root: find(root, f"{ASSERTION}/saml:Subject").remove(
            find(root, f"{ASSERTION}/saml:Subject/saml:NameID")
        )
    ),
    "name_id_invalid": lambda honest: honest.but(name_id="two\nlines"),  # admins read it
    "authn_statement_missing": lambda honest: honest.but(authn_instant=None),
    "attribute_invalid": before_signing(
        at(f"{ASSERTION}/saml:AttributeStatement/saml:Attribute/saml:AttributeValue", mixed)
    ),
    "idp_status": lambda honest: honest.but(status="urn:oasis:names:tc:SAML:2.0:status:Responder"),
    "login_cancelled": lambda honest: honest.but(
        with_assertion=False,
        status="urn:oasis:names:tc:SAML:2.0:status:Responder",
        sub_status="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed",
    ),
    "session_already_over": lambda honest: honest.but(session_not_on_or_after=now_and(seconds=-20)),
}
# What the connection trusts instead.
CERTIFICATES: dict[str, Callable[[Target], str]] = {
    "certificate_unreadable": lambda target: f"-----BEGIN {VALUE}",
    "certificate_expired": expired_certificate,
    "certificate_key_weak": lambda target: short_key_certificate(),
}
SAML_REFUSALS = {
    *SAML_ANSWERS,
    *CERTIFICATES,
    "assertion_replayed",
    "unsolicited_response",
    "silent_login_failed",
}


@pytest.fixture
def target(db: None, ear: Eavesdropper) -> Target:
    target = make_target(WatchedClient(ear))
    give_key_pair(target.connection, OUR_KEY)
    return target


class SAMLAnswers:
    """Sends one answer after the other, each to a login of its own, and remembers what is secret in them."""

    def __init__(self, target: Target, ear: Eavesdropper) -> None:
        self.target, self.ear = target, ear
        self.secrets: dict[str, str] = {"name": NAME, "attribute": VALUE}

    def send(self, attack: Attack, *, name: str, becomes: Mapping[str, Any] = MappingProxyType({})) -> str:
        """The code of the refusal, "" where there is none. The connection changes after the login has begun."""
        target = self.target
        before = len(refusals_at(target.org))
        trip = target.begin()
        target.change_revision(**becomes)
        document = posted(attack(trip.honest.but(name_id=NAME, attributes={"clearance": (VALUE,)})))
        response = target.post(document, trip.relay_state, client=WatchedClient(self.ear))
        location = str(response.headers.get("Location", ""))
        ticket = location.partition("ticket=")[2]
        if ticket:
            target.client.get(location)
            self.secrets[f"ticket in {name}"] = ticket
        target.change_revision(certificates=[target.idp_key.certificate_pem])
        LoginAttempt.objects.update(expires_at=timezone.now())  # a person has few that are open
        caches["throttle"].clear()
        xml = base64.b64decode(document[: len(document) // 4 * 4]).decode(errors="replace")
        self.secrets[f"SAMLResponse in {name}"] = document[:LONGEST_SECRET]
        self.secrets[f"signature in {name}"] = signature_in(xml)
        self.secrets[f"state in {name}"] = trip.relay_state
        return (refusals_at(target.org)[before:] or [""])[-1]


def test_no_answer_of_a_saml_idp_lets_anything_out(target: Target, ear: Eavesdropper) -> None:
    answers = SAMLAnswers(target, ear)
    for code, attack in SAML_ANSWERS.items():
        assert answers.send(attack, name=code) == code
    for code, certificate in CERTIFICATES.items():
        becomes = {"certificates": [certificate(target)]}
        assert answers.send(unchanged, name=code, becomes=becomes) == code
    same_id: Attack = lambda honest: honest.but(  # noqa: E731
        assertion_id="_the-same-in-two-answers", name_id="max"
    )
    assert answers.send(same_id, name="first use") == ""
    SSOSession.objects.all().delete()
    assert answers.send(same_id, name="second use") == "assertion_replayed"

    look_at_all_refusals(ear, target.org)
    assert_nothing_came_out(ear, answers.secrets | cookies_of(target.client) | {"private key": key_line()})


def key_line() -> str:
    lines = KeyPair.objects.get().private_key.split("-----")[2].split()
    return lines[len(lines) // 2]


def test_what_is_no_refusal_lets_nothing_out_either(target: Target, ear: Eavesdropper) -> None:
    """An answer that nobody asked for, and a login in the background that fails: neither leaves a trace."""
    trip = target.begin()
    unasked = trip.honest.but(response_in_response_to=None, in_response_to=None, name_id=NAME).base64()
    response = target.post(unasked, client=WatchedClient(ear))
    assert (response.status_code, response["Location"]) == (303, start_url(target.org.slug))

    target.change_revision(force_authn=True)
    query = {"next": target.page_path, "silent": "1"}
    assert target.client.get(start_url(target.org.slug), query)["Location"] == target.page_path
    assert refusals_at(target.org) == []
    secrets = {"SAMLResponse": unasked, "name": NAME, "state": trip.relay_state}
    look_at_all_refusals(ear, target.org)
    assert_nothing_came_out(ear, secrets | cookies_of(target.client))


# --- OpenID Connect ------------------------------------------------------------------------------------


KEY = make_oidc_key("ES256")
Token = Callable[[IDTokenBuilder], str]


def with_claims(**changes: Any) -> Token:
    return lambda honest: honest.but(**changes).encode()


def with_headers(**headers: Any) -> Token:
    return lambda honest: replace(honest, headers=headers).encode()


def honest_token(honest: IDTokenBuilder) -> str:
    return honest.encode()


# What the ID token is, or userinfo.
ID_TOKENS: dict[str, Token] = {
    "id_token_malformed": lambda honest: honest.encode().rpartition(".")[0],
    "id_token_type_wrong": with_headers(typ="at+jwt"),
    "claim_malformed": with_claims(aud=7),
    "id_token_too_old": with_claims(iat=1_700_000_000),
    "authentication_too_old": with_claims(auth_time=1_700_000_000),
    "access_token_mismatch": with_claims(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
}
USERINFO: dict[str, Token] = {
    "userinfo_invalid": lambda honest: honest.encode().rpartition(".")[0],
    "userinfo_claim_malformed": with_claims(exp="soon"),
}


@dataclass
class OP:
    """An OP that answers with whatever a test says, and Max's login there."""

    fake: FakeOP
    connection: Connection
    client: WatchedClient
    ear: Eavesdropper
    secrets: dict[str, str]

    @property
    def callback(self) -> str:
        return reverse("sso:oidc_callback", args=[self.connection.uid])

    def begin(self, name: str, *, silent: bool = False) -> dict[str, str]:
        """The parameters of an answer to a login that begins now."""
        query = {"next": "/", **({"silent": "1"} if silent else {})}
        assert self.client.get(start_url(self.connection.org.slug), query).status_code == 302
        attempt = LoginAttempt.objects.latest("pk")
        self.secrets |= {
            f"state in {name}": attempt.state,
            f"nonce in {name}": attempt.nonce,
            f"code verifier in {name}": attempt.code_verifier,
        }
        return {"state": attempt.state, "code": CODE}

    def answer(self, name: str, *, id_token: Token = honest_token, userinfo: Token = honest_token) -> None:
        parameters = self.begin(name)
        honest = IDTokenBuilder.honest(
            issuer=self.fake.issuer,
            subject=NAME,
            client_id="hubsso",
            key=KEY,
            now=timezone.now(),
            nonce=LoginAttempt.objects.latest("pk").nonce,
            clearance=VALUE,
        )
        token, signed = id_token(honest), userinfo(honest)
        self.fake.documents["/token"] = {
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "id_token": token,
        }
        self.fake.answers["/userinfo"] = (200, signed)
        self.secrets |= {f"ID token in {name}": token, f"userinfo in {name}": signed}
        self.client.get(self.callback, parameters)


@pytest.fixture
def op(db: None, ear: Eavesdropper) -> Iterator[OP]:
    forget_idps()
    with FakeOP() as fake:
        fake.documents["/jwks"] = {"keys": [KEY.as_public_jwk()]}
        fake.media_types["/userinfo"] = "application/jwt"
        org, client = make_org("acme"), WatchedClient(ear)
        connection = make_connection(org, issuer=fake.issuer, client_id="hubsso", client_secret=SECRET)
        Revision.objects.update(max_age_seconds=600)
        log_in(client, make_member(org, make_user("max@acme.example")).user)
        secrets = {"client secret": SECRET, "code": CODE, "access token": ACCESS_TOKEN, "claim": VALUE}
        yield OP(fake, connection, client, ear, secrets)
    forget_idps()


def test_no_answer_of_an_op_lets_anything_out(op: OP, ear: Eavesdropper) -> None:
    for code, token in ID_TOKENS.items():
        op.answer(code, id_token=token)
    for code, token in USERINFO.items():
        op.answer(code, userinfo=token)
    expected = [*ID_TOKENS, *USERINFO]
    assert refusals_at(op.connection.org) == expected

    parameters = op.begin("answer too large")
    too_large = urlencode({**parameters, "x": "x" * SMALL_BODY_BYTES})
    op.client.post(op.callback, too_large, content_type=FORM)
    Revision.objects.update(response_mode="form_post")
    op.client.get(op.callback, op.begin("mode mismatch"))
    silent = op.begin("silent", silent=True)
    op.client.post(op.callback, urlencode({**silent, "error": "login_required"}), content_type=FORM)
    expected += ["answer_too_large", "response_mode_mismatch"]
    assert refusals_at(op.connection.org) == expected

    look_at_all_refusals(ear, op.connection.org)
    assert_nothing_came_out(ear, op.secrets | cookies_of(op.client))


def test_no_login_that_can_not_begin_lets_anything_out(op: OP, ear: Eavesdropper) -> None:
    op.fake.documents[DISCOVERY]["token_endpoint_auth_methods_supported"] = ["tls_client_auth"]
    op.client.get(start_url("acme"))
    Revision.objects.update(issuer="https://op.example/#fragment")
    op.client.get(start_url("acme"))
    assert refusals_at(op.connection.org) == ["client_authentication_unsupported", "issuer_url_invalid"]
    look_at_all_refusals(ear, op.connection.org)
    assert_nothing_came_out(ear, {"client secret": SECRET, **cookies_of(op.client)})


OIDC_REFUSALS = {
    *ID_TOKENS,
    *USERINFO,
    "answer_too_large",
    "response_mode_mismatch",
    "silent_login_failed",
    "client_authentication_unsupported",
    "issuer_url_invalid",
}
