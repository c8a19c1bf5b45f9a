"""How the IdP is asked to authenticate (ForceAuthn, RequestedAuthnContext), and whether it did."""

import base64
import zlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict
from lxml import etree
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from sso.errors import SilentLoginFailed, SSOError
from sso.protocols import adapter_for
from sso.saml.forms import ENTRA_MFA_CLASS, MFA_CLASS, SAMLDraftForm
from tests.demo_idp import IdPBrowser, IdPPageError, SAMLFault
from tests.demo_idp.saml_names import PASSWORD_CONTEXT, tag
from tests.sso.saml.conftest import GlobexLogin, way_to_idp
from tests.sso.saml.exchange import ISSUER, NOW, SSO_URL, Exchange, find, key_pair, make_exchange, signed
from tests.sso.whole_login import change_revision

ADAPTER = adapter_for("saml")
SKEW = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


def asked(exchange: Exchange) -> etree._Element:
    url = ADAPTER.begin(exchange.attempt, exchange.revision).url
    (encoded,) = parse_qs(urlsplit(url).query)["SAMLRequest"]
    return etree.fromstring(zlib.decompress(base64.b64decode(encoded), wbits=-15))


def refused_code(exchange: Exchange, **changes: Any) -> str:
    with pytest.raises(SSOError) as caught:
        exchange.judge_but(**changes)
    return caught.value.code


def is_valid_request(root: etree._Element) -> bool:
    return not isinstance(OneLogin_Saml2_XML.validate_xml(root, "saml-schema-protocol-2.0.xsd"), str)


# --- Anew ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("force_authn", "said"), [(True, "true"), (False, None)])
def test_idp_is_asked_to_authenticate_anew_where_that_is_configured(
    force_authn: bool, said: str | None
) -> None:
    request = asked(make_exchange(force_authn=force_authn))
    assert request.get("ForceAuthn") == said
    assert request.get("IsPassive") is None
    assert is_valid_request(request)


def test_silent_login_is_not_asked_for_where_members_sign_in_anew() -> None:
    exchange = make_exchange(force_authn=True)
    exchange.attempt.is_silent = True
    with pytest.raises(SilentLoginFailed):
        asked(exchange)


def test_silent_renewal_goes_back_to_the_banner_without_a_trip_or_a_refusal(globex: GlobexLogin) -> None:
    change_revision(globex, force_authn=True)

    response = globex.start(silent=True)

    assert (response.status_code, response["Location"]) == (302, globex.page_path)
    assert globex.refusals() == []


def test_authentication_must_not_be_older_than_the_request() -> None:
    exchange = make_exchange(force_authn=True)

    exchange.judge_but(authn_instant=NOW - SKEW)
    assert refused_code(exchange, authn_instant=NOW - SKEW - SECOND) == "authn_not_fresh"


def test_age_of_the_authentication_is_counted_from_the_request_and_not_from_the_answer() -> None:
    exchange = make_exchange(force_authn=True)
    exchange.judge_but(authn_instant=NOW, after=timedelta(minutes=5))


def test_authentication_may_be_old_where_it_was_not_to_be_anew(exchange: Exchange) -> None:
    exchange.judge_but(authn_instant=NOW - timedelta(days=80))


def test_member_signs_in_anew_though_the_idp_knows_them(globex: GlobexLogin) -> None:
    browser = IdPBrowser()
    globex.finish(globex.post(globex.go_to_idp(browser=browser)))
    change_revision(globex, force_authn=True)

    url, form = way_to_idp(globex.start())
    with pytest.raises(IdPPageError):
        browser.follow(url, form=form)
    globex.finish(globex.post(browser.complete_login(url, "max", form=form)))

    assert globex.refusals() == []


def test_idp_that_ignores_force_authn_lets_nobody_in(globex: GlobexLogin) -> None:
    change_revision(globex, force_authn=True)
    globex.tenant.next_fault(SAMLFault.STALE_AUTHN)

    assert globex.sign_in().status_code == 403
    assert globex.refusals() == ["authn_not_fresh"]
    globex.assert_nothing_was_opened()


# --- In one of these ways --------------------------------------------------------------------------------


def test_request_names_the_classes_that_will_do() -> None:
    request = asked(make_exchange(authn_context_classes=[MFA_CLASS, ENTRA_MFA_CLASS]))

    context = find(request, "samlp:RequestedAuthnContext")
    assert context.get("Comparison") == "exact"
    assert [reference.text for reference in context.iter(tag("saml:AuthnContextClassRef"))] == [
        MFA_CLASS,
        ENTRA_MFA_CLASS,
    ]
    assert is_valid_request(request)


def test_answer_by_one_of_the_classes_is_let_in() -> None:
    exchange = make_exchange(authn_context_classes=[MFA_CLASS, PASSWORD_CONTEXT])
    for answered in (MFA_CLASS, PASSWORD_CONTEXT):
        exchange.judge_but(authn_context_class=answered)


@pytest.mark.parametrize(
    "answered", [PASSWORD_CONTEXT, MFA_CLASS + "/", MFA_CLASS.upper(), f" {MFA_CLASS}", ""]
)
def test_answer_by_another_class_is_refused(answered: str) -> None:
    exchange = make_exchange(authn_context_classes=[MFA_CLASS])
    assert refused_code(exchange, authn_context_class=answered) == "authn_context_mismatch"


def test_answer_that_only_declares_its_context_is_refused() -> None:
    exchange = make_exchange(authn_context_classes=[MFA_CLASS])
    root = exchange.honest.but(authn_context_class=None, sign_assertion=False).element()
    context = find(root, "saml:Assertion/saml:AuthnStatement/saml:AuthnContext")
    etree.SubElement(context, tag("saml:AuthnContextDeclRef")).text = MFA_CLASS

    with pytest.raises(SSOError) as caught:
        exchange.judge(signed(root, exchange))
    assert caught.value.code == "authn_context_mismatch"


def test_member_signs_in_in_the_way_that_was_asked_for(globex: GlobexLogin) -> None:
    change_revision(globex, authn_context_classes=[MFA_CLASS])
    globex.sign_in()
    assert globex.can_read()


def test_member_who_signed_in_in_another_way_is_told_so(globex: GlobexLogin) -> None:
    change_revision(globex, authn_context_classes=[MFA_CLASS])
    globex.tenant.next_fault(SAMLFault.OTHER_AUTHN_CONTEXT)

    response = globex.sign_in()

    assert response.status_code == 403
    assert "another way of signing in" in response.content.decode()
    assert globex.refusals() == ["authn_context_mismatch"]


# --- As an admin enters it -------------------------------------------------------------------------------


def entered(classes: str) -> SAMLDraftForm:
    data = QueryDict(mutable=True)
    data.update(
        {
            "issuer": ISSUER,
            "certificates": key_pair("globex").certificate_pem,
            "sso_url": SSO_URL,
            "sso_binding": "redirect",
            "slo_binding": "redirect",
            "force_authn": "on",
            "want_encrypted": "on",
            "authn_context_classes": classes,
        }
    )
    return SAMLDraftForm(data, base=None)


def test_classes_are_entered_one_a_line() -> None:
    form = entered(f"\n {MFA_CLASS} \r\n\r\n{PASSWORD_CONTEXT}\n{MFA_CLASS}")

    assert form.is_valid(), form.errors
    configuration = form.configuration()
    assert configuration.authn_context_classes == [MFA_CLASS, PASSWORD_CONTEXT]
    assert configuration.force_authn
    assert configuration.want_encrypted


@pytest.mark.parametrize(
    ("classes", "code"),
    [
        ("mfa", "authn_context_class_invalid"),
        ("https://a.example/ b", "authn_context_class_invalid"),
        ("urn:é", "authn_context_class_invalid"),
        ("\n".join(f"urn:x:{number}" for number in range(11)), "authn_context_classes_too_many"),
        ("urn:" + "x" * 3000, "max_length"),
    ],
)
def test_what_is_no_class_is_named(classes: str, code: str) -> None:
    errors = entered(classes).errors.as_data()
    assert [error.code for error in errors["authn_context_classes"]] == [code]


def test_form_shows_what_was_saved() -> None:
    revision = make_exchange(authn_context_classes=[MFA_CLASS, PASSWORD_CONTEXT], force_authn=True).revision
    form = SAMLDraftForm(base=revision)

    assert form["authn_context_classes"].value() == f"{MFA_CLASS}\n{PASSWORD_CONTEXT}"
    assert form.is_unfolded
