"""Every way to fail, with planted secrets, and none of them on a page, in a log line, a row, a mail or an export.

`test_leaks` follows a few logins into every page of the settings. Here are all the failures that can be provoked,
each with the pages that tell members and admins of it; and crashes, whose reports go to the operator by mail.
"""

import base64
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.core.cache import caches
from pytest_django import Settings

from hubsso import net
from orgs.models import Membership
from orgs.roles import Role
from sso.models import Connection, LinkedIdentity, LoginAttempt, RefusalTrace, Revision
from sso.oidc import discovery, jwks, transport
from sso.types import Enforcement
from tests.builders import give_key_pair, make_connection, make_member, make_user, set_policy
from tests.conftest import log_in
from tests.demo_idp import DemoIdP, IdPAnswer, IdPBrowser, OIDCFault, SAMLFault, Tenant
from tests.eavesdropper import Eavesdropper, WatchedClient
from tests.fault_codes import (
    ASKED_FOR,
    NEED_ENCRYPTION,
    NEED_PUSHED_REQUESTS,
    NEED_SIGNED_USERINFO,
    OIDC_CODES,
    SAML_CODES,
)
from tests.rollback import rolled_back
from tests.sso.oidc.conftest import AcmeLogin, make_acme, register_client
from tests.sso.saml.conftest import GlobexLogin, make_globex, register_sp, way_to_idp
from tests.sso.saml.encrypting import OUR_KEY
from tests.sso.saml.test_encrypted_login import read_our_metadata
from tests.sso.whole_login import WholeLogin, change_revision
from tests.test_leaks import (
    UNMAPPED,
    assert_nothing_came_out,
    client_secret_is_another,
    cookies_of,
    cut_short,
    faulty,
    honest,
    oidc_secrets,
)

GIVEN_UP_AFTER_SECONDS = 0.2


@pytest.fixture
def demo_idp() -> Iterator[DemoIdP]:
    with DemoIdP() as idp:
        yield idp


@pytest.fixture
def acme(db: None, demo_idp: DemoIdP) -> AcmeLogin:
    acme = make_acme(demo_idp, WatchedClient(Eavesdropper()))
    acme.tenant.change_person("max", extra=UNMAPPED)
    return acme


@pytest.fixture
def globex(db: None, demo_idp: DemoIdP) -> GlobexLogin:
    globex = make_globex(demo_idp, WatchedClient(Eavesdropper()))
    globex.tenant.change_person("max", extra=UNMAPPED)
    return globex


def fresh_ear(login: WholeLogin) -> Eavesdropper:
    """For one failure; what the process remembers of the one before is forgotten."""
    assert isinstance(login.client, WatchedClient)
    login.client.ear = Eavesdropper()
    forget: list[Callable[[], None]] = [discovery.forget_all, jwks.forget_all, net.logins.forget_all]
    for forget_all in [*forget, caches["throttle"].clear]:
        forget_all()
    return login.client.ear


def look_as_admin(ear: Eavesdropper, login: WholeLogin) -> None:
    """The list of refusals, the newest one, and the audit log as a page and for programs."""
    set_policy(login.org, Enforcement.OFF)  # some failures leave nobody a way in
    browser = WatchedClient(ear)
    log_in(browser, make_member(login.org, make_user(), role=Role.ADMIN).user)
    settings = f"/orgs/{login.org.slug}/settings"
    newest = RefusalTrace.objects.filter(org=login.org).order_by("-pk").first()
    paths = [f"{settings}/sso/refusals/", f"{settings}/audit/"]
    if newest is not None:
        paths.append(f"{settings}/sso/refusals/{newest.reference}/")
    for path in paths:
        assert browser.get(path).status_code == 200
        browser.get(path, headers={"Accept": "application/json"})


def start_secrets(login: WholeLogin) -> dict[str, str]:
    """Where the failure came before anything was sent."""
    return {"client secret": Revision.objects.first().client_secret or "none", **cookies_of(login.client)}  # type: ignore[union-attr]


# --- Faults of the IdP ---------------------------------------------------------------------------------


def faults_in_thirds(faults: type[OIDCFault] | type[SAMLFault]) -> list[Any]:
    """A few tests instead of one, for as many processes; each makes its world once."""
    of_logins = [fault for fault in faults if not fault.value.startswith("logout_")]
    return [pytest.param(of_logins[start::3], id=f"{start + 1} of 3") for start in range(3)]


def is_as_stated(login: WholeLogin, code: str) -> bool:
    """Was it refused with that code alone, or not at all where it is ""?"""
    return login.refusals() == ([code] if code else [])


@pytest.mark.parametrize("faults", faults_in_thirds(OIDCFault))
@pytest.mark.catalogue("WEB-SECRETS-SHOWN")
def test_no_fault_of_an_op_lets_anything_out(
    acme: AcmeLogin, faults: list[OIDCFault], monkeypatch: pytest.MonkeyPatch
) -> None:
    for fault in faults:
        ear = fresh_ear(acme)
        with rolled_back(), monkeypatch.context() as patch:
            if fault.value.startswith("hang_"):
                patch.setattr(transport, "DEADLINE_SECONDS", GIVEN_UP_AFTER_SECONDS)
            acme.tenant.config = replace(
                acme.tenant.config, par="required" if fault in NEED_PUSHED_REQUESTS else "off"
            )
            register_client(acme.tenant, acme.connection, userinfo_signed=fault in NEED_SIGNED_USERINFO)
            acme.tenant.next_fault(fault)
            secrets = oidc_trip(acme)
            assert is_as_stated(acme, OIDC_CODES[fault]), fault
            look_as_admin(ear, acme)
            assert_nothing_came_out(ear, secrets)
        restore(acme)


def oidc_trip(acme: AcmeLogin) -> dict[str, str]:
    response = acme.start()
    if response.status_code != 302:
        return start_secrets(acme)
    answer = IdPBrowser().complete_login(response["Location"], "max")
    secrets = oidc_secrets(acme, answer)
    answer.deliver(acme.client)
    acme.client.get(acme.page_path)
    tokens = dict.fromkeys(acme.tenant.access_tokens) | dict.fromkeys(acme.tenant.id_tokens)
    return (
        secrets | {f"token {number}": token for number, token in enumerate(tokens)} | cookies_of(acme.client)
    )


def restore(login: WholeLogin) -> None:
    """The browser's session was made anew by a login that is undone now."""
    login.tenant.clear_faults()
    login.tenant.release_hanging()
    login.tenant.hang_released = threading.Event()
    login.tenant.access_tokens.clear()
    login.tenant.id_tokens.clear()
    login.client.logout()
    login.client.force_login(login.max.user)


@pytest.mark.parametrize("faults", faults_in_thirds(SAMLFault))
@pytest.mark.catalogue("WEB-SECRETS-SHOWN")
def test_no_fault_of_a_saml_idp_lets_anything_out(globex: GlobexLogin, faults: list[SAMLFault]) -> None:
    for fault in faults:
        ear = fresh_ear(globex)
        with rolled_back():
            if fault in NEED_ENCRYPTION:
                give_key_pair(globex.connection, OUR_KEY)
                read_our_metadata(globex)
                change_revision(globex, want_encrypted=True)
            if fault in ASKED_FOR:
                change_revision(globex, **ASKED_FOR[fault])
            if fault is SAMLFault.REPLAY:
                globex.sign_in()
            globex.tenant.next_fault(fault)
            secrets = saml_trip(globex, ear)
            assert is_as_stated(globex, SAML_CODES[fault]), fault
            look_as_admin(ear, globex)
            assert_nothing_came_out(ear, secrets)
        restore(globex)
        register_sp(globex.tenant, globex.connection)


def saml_trip(
    globex: GlobexLogin, ear: Eavesdropper, change: Callable[[IdPAnswer], IdPAnswer] = lambda answer: answer
) -> dict[str, str]:
    url, form = way_to_idp(globex.start())
    answer = change(IdPBrowser().complete_login(url, "max", form=form))
    location = str(answer.deliver(WatchedClient(ear)).headers.get("Location", ""))
    globex.client.get(location or "/")
    ticket = location.partition("ticket=")[2]
    xml = base64.b64decode(answer.parameters["SAMLResponse"]).decode(errors="replace")
    return {
        "SAMLResponse": answer.parameters["SAMLResponse"],
        "signature": xml.partition("SignatureValue>")[2].partition("<")[0] or "there is none",
        "state": LoginAttempt.objects.latest("pk").state,
        "unmapped attribute": UNMAPPED["clearance"],
        **({"ticket": ticket} if ticket else {}),
        **cookies_of(globex.client),
    }


# --- Everything else that is refused -------------------------------------------------------------------


Between = Callable[[AcmeLogin, IdPAnswer], IdPAnswer | None]


def attempts_become(**fields: Any) -> Between:
    def change(acme: AcmeLogin, answer: IdPAnswer) -> None:
        LoginAttempt.objects.update(**fields)

    return change


def connection_becomes(**fields: Any) -> Between:
    def change(acme: AcmeLogin, answer: IdPAnswer) -> None:
        Connection.objects.filter(pk=acme.connection.pk).update(**fields)

    return change


def answer_becomes(old: str, new: str) -> Between:
    return lambda acme, answer: IdPAnswer(answer.url.replace(old, new))


def delivered_before(acme: AcmeLogin, answer: IdPAnswer) -> None:
    answer.deliver(acme.client)


def to_another_connection(acme: AcmeLogin, answer: IdPAnswer) -> IdPAnswer:
    other = make_connection(acme.org, issuer=acme.tenant.issuer)
    return IdPAnswer(answer.url.replace(str(acme.connection.uid), str(other.uid)))


def with_code_twice(acme: AcmeLogin, answer: IdPAnswer) -> IdPAnswer:
    return IdPAnswer(f"{answer.url}&code={answer.parameters['code']}")


def secret_is_another(acme: AcmeLogin, answer: IdPAnswer) -> None:
    client_secret_is_another(acme.tenant)


def secret_is_unreadable(acme: AcmeLogin, answer: IdPAnswer) -> None:
    Revision.objects.update(client_secret_sealed="not what the keys open")


def linked(name: str, subject: str) -> Between:
    def link(acme: AcmeLogin, answer: IdPAnswer) -> None:
        membership = {"max": acme.max, "olivia": acme.olivia}[name]
        LinkedIdentity.objects.create(
            org=acme.org, user=membership.user, issuer=acme.tenant.issuer, subject=subject
        )

    return link


def leaves(acme: AcmeLogin, answer: IdPAnswer) -> None:
    Membership.objects.filter(pk=acme.max.pk).delete()


def email_is_another(tenant: Tenant) -> None:
    tenant.change_person("max", email="somebody@acme.example")


# What happens between the start of a login and its answer, by what the answer is refused with.
OTHER_REFUSALS: dict[str, tuple[Between, Callable[[Tenant], None]]] = {
    "attempt_used": (delivered_before, honest),
    "attempt_expired": (attempts_become(expires_at=datetime(2020, 1, 1, tzinfo=UTC)), honest),
    "attempt_unknown": (attempts_become(state="s" * 43), honest),
    "wrong_browser": (attempts_become(browser_session="another"), honest),
    "connection_mismatch": (to_another_connection, honest),
    "configuration_changed": (connection_becomes(is_enabled=False), honest),
    "configuration_unreadable": (secret_is_unreadable, honest),
    "idp_error": (answer_becomes("code=", "error=server_error&error_description="), honest),
    "login_cancelled": (answer_becomes("code=", "error=access_denied&error_description="), honest),
    "answer_malformed": (with_code_twice, honest),
    "token_refused": (secret_is_another, honest),
    "token_refused, of a code": (answer_becomes("code=", "code=made-up-"), honest),
    "subject_linked_to_another": (linked("olivia", "max"), honest),
    "account_linked_to_another": (linked("max", "somebody"), honest),
    "email_domain_not_allowed": (connection_becomes(email_domains=["elsewhere.example"]), honest),
    "email_not_yours": (
        connection_becomes(email_domains=["acme.example"]),
        email_is_another,
    ),
    "email_missing": (connection_becomes(email_domains=["acme.example"]), faulty(OIDCFault.NO_EMAIL)),
    "email_ambiguous": (
        connection_becomes(email_domains=["acme.example"]),
        faulty(OIDCFault.TWO_EMAILS),
    ),
    "not_a_member": (leaves, honest),
}


@pytest.mark.catalogue("WEB-SECRETS-SHOWN")
def test_no_other_refusal_of_a_login_lets_anything_out(acme: AcmeLogin) -> None:
    clients = dict(acme.tenant.clients)
    for code, (happens, prepare) in OTHER_REFUSALS.items():
        ear = fresh_ear(acme)
        with rolled_back():
            prepare(acme.tenant)
            answer = acme.go_to_idp()
            secrets = oidc_secrets(acme, answer)
            (happens(acme, answer) or answer).deliver(acme.client)
            assert acme.refusals() == [code.partition(",")[0]], code
            look_as_admin(ear, acme)
            assert_nothing_came_out(ear, secrets | tokens_of(acme) | cookies_of(acme.client))
        restore(acme)
        acme.tenant.clients.update(clients)
        acme.tenant.change_person("max", email="max@acme.example")


def tokens_of(acme: AcmeLogin) -> dict[str, str]:
    given = [*acme.tenant.access_tokens, *acme.tenant.id_tokens]
    return {f"token {number}": token for number, token in enumerate(given)}


def a_text(answer: IdPAnswer) -> IdPAnswer:
    """The assertion as it is, without base64."""
    xml = base64.b64decode(answer.parameters["SAMLResponse"]).decode()
    return IdPAnswer(
        answer.url, {**answer.parameters, "SAMLResponse": base64.b64encode(xml.encode() * 60).decode()}
    )


@pytest.mark.parametrize(
    ("change", "code"), [(cut_short, "response_malformed"), (a_text, "response_too_large")]
)
def test_no_document_that_can_not_be_read_lets_anything_out(
    globex: GlobexLogin, change: Callable[[IdPAnswer], IdPAnswer], code: str
) -> None:
    ear = fresh_ear(globex)
    secrets = saml_trip(globex, ear, change)
    assert globex.refusals() == [code]
    look_as_admin(ear, globex)
    assert_nothing_came_out(ear, secrets)


def test_throttled_answers_let_nothing_out(acme: AcmeLogin, settings: Settings) -> None:
    answer = acme.go_to_idp()
    secrets = oidc_secrets(acme, answer)
    settings.THROTTLE_PERCENT = 1
    ear = fresh_ear(acme)
    for _ in range(3):
        response = acme.client.get(answer.url.replace("state=", "state=x"))
    assert response.status_code == 429
    assert acme.refusals()[-1] == "too_many_requests"
    look_as_admin(ear, acme)
    assert_nothing_came_out(ear, secrets)


# --- Crashes -------------------------------------------------------------------------------------------


def broken(*args: Any, **kwargs: Any) -> None:
    """A bug, after everything secret has been in a variable of some frame."""
    raise RuntimeError("a bug")


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.catalogue("WEB-SECRETS-SHOWN")
def test_crash_of_a_callback_is_reported_without_what_was_sent(
    acme: AcmeLogin, settings: Settings, monkeypatch: pytest.MonkeyPatch, debug: bool
) -> None:
    """By mail to the operator; and on Django's page, which names frames and variables, where DEBUG is on."""
    settings.ADMINS, settings.DEBUG = [("Operator", "operator@example.org")], debug
    acme.client.raise_request_exception = False
    answer = acme.go_to_idp()
    secrets = oidc_secrets(acme, answer)
    ear = fresh_ear(acme)
    monkeypatch.setattr("sso.oidc.views.finish", broken)
    assert answer.deliver(acme.client).status_code == 500
    assert len(tokens_of(acme)) == 2
    assert_crash_was_reported(ear, debug=debug)
    assert_nothing_came_out(ear, secrets | tokens_of(acme))


@pytest.mark.parametrize("debug", [False, True])
def test_crash_of_the_acs_is_reported_without_what_was_sent(
    globex: GlobexLogin, settings: Settings, monkeypatch: pytest.MonkeyPatch, debug: bool
) -> None:
    settings.ADMINS, settings.DEBUG = [("Operator", "operator@example.org")], debug
    url, form = way_to_idp(globex.start())
    answer = IdPBrowser().complete_login(url, "max", form=form)
    ear = fresh_ear(globex)
    monkeypatch.setattr("sso.saml.views.use_once", broken)
    browser = WatchedClient(ear)
    browser.raise_request_exception = False
    assert answer.deliver(browser).status_code == 500
    assert_crash_was_reported(ear, debug=debug)
    xml = base64.b64decode(answer.parameters["SAMLResponse"]).decode()
    assert_nothing_came_out(
        ear,
        {
            "SAMLResponse": answer.parameters["SAMLResponse"],
            "signature": xml.partition("SignatureValue>")[2].partition("<")[0],
            "state": LoginAttempt.objects.latest("pk").state,
            "unmapped attribute": UNMAPPED["clearance"],
        },
    )


def assert_crash_was_reported(ear: Eavesdropper, *, debug: bool) -> None:
    assert any("RuntimeError" in line for line in ear.heard["log"])
    pages = [text for where, texts in ear.heard.items() if where.endswith("page") for text in texts]
    if debug:
        assert any("RuntimeError" in page and "broken" in page for page in pages)
    else:
        assert "Exception Value: a bug" in str(mail.outbox[0].body)
        assert not any("a bug" in page for page in pages)
