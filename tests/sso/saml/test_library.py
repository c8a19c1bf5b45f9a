"""python3-saml's own strict check, asked alone: it still refuses what it knows, and leaves time to us."""

from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import pytest
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response

from sso.errors import ConfigurationUnreadable
from sso.saml.library import (
    CheckedResponse,
    LibrarySettings,
    _library_settings,
    _schemas,
    check_strictly,
)
from sso.saml.signatures import VerifiedResponse
from sso.saml.sp import service_provider
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.sso.saml.exchange import ISSUER, NOW, REQUEST_ID, SSO_URL, Exchange, find, key_pair

OTHER = "https://other.example/saml"


def settings_of(exchange: Exchange, **changes: Any) -> LibrarySettings:
    return LibrarySettings(
        **{
            "sp": service_provider(exchange.attempt.connection.uid),
            "issuer": ISSUER,
            "sso_url": SSO_URL,
            "certificates": (key_pair("globex").certificate_pem,),
            **changes,
        }
    )


def ask(exchange: Exchange, response: SamlResponseBuilder) -> None:
    """Let the library judge alone, without the judges that come before it."""
    root = etree.fromstring(response.xml())
    assertion = find(root, "saml:Assertion")
    check_strictly(
        VerifiedResponse(root, assertion, signers=()), settings_of(exchange), request_id=REQUEST_ID
    )


def test_honest_response_passes_years_before_its_time(exchange: Exchange) -> None:
    ask(exchange, exchange.honest)


def test_questions_of_time_are_left_to_us(exchange: Exchange) -> None:
    long_ago = NOW - timedelta(days=9999)
    ask(
        exchange,
        exchange.honest.but(
            not_on_or_after=long_ago,
            confirmation_not_on_or_after=long_ago,
            session_not_on_or_after=long_ago,
        ),
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"audiences": (OTHER,)}, "audience_mismatch"),
        ({"destination": OTHER}, "destination_mismatch"),
        ({"destination": ""}, "destination_mismatch"),
        ({"recipient": OTHER}, "subject_confirmation_missing"),
        ({"in_response_to": "_other"}, "subject_confirmation_missing"),
        ({"response_in_response_to": "_other"}, "in_response_to_mismatch"),
        ({"issuer": OTHER}, "issuer_mismatch"),
        ({"confirmation_method": None}, "subject_confirmation_missing"),
        ({"authn_instant": None}, "authn_statement_missing"),
        ({"sign_assertion": False}, "signature_missing"),
        ({"sign_assertion": False, "sign_response": True}, "signature_missing"),
        ({"signing_key": key_pair("somebody else")}, "signature_invalid"),
        ({"digest_algorithm": "http://www.w3.org/2000/09/xmldsig#sha1"}, "algorithm_not_allowed"),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, "idp_status"),
    ],
)
def test_library_refuses_strictly(exchange: Exchange, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Exception, match="python3-saml refused") as caught:
        ask(exchange, exchange.honest.but(**changes))
    assert getattr(caught.value, "code", None) == code


def second_status(root: etree._Element) -> None:
    root.append(etree.Element(tag("samlp:Status")))


def foreign_element(root: etree._Element) -> None:
    find(root, "samlp:Status").append(etree.Element("{urn:x}y"))


def same_id_twice(root: etree._Element) -> None:
    root.set("ID", find(root, "saml:Assertion").get("ID", ""))


@pytest.mark.parametrize("change", [second_status, foreign_element, same_id_twice])
def test_schema_is_really_applied(exchange: Exchange, change: Callable[[etree._Element], None]) -> None:
    """The library's defence against one ID for two elements hangs on its schema pass alone."""
    with pytest.raises(Exception, match="python3-saml refused") as caught:
        ask(exchange, exchange.honest.but(change_signed=change))
    assert getattr(caught.value, "code", None) == "response_malformed"


def test_schema_is_compiled_once(exchange: Exchange) -> None:
    ask(exchange, exchange.honest)
    compiled = dict(_schemas.compiled)
    assert any(path and path.endswith("saml-schema-protocol-2.0.xsd") for path in compiled)

    ask(exchange, exchange.honest)

    assert _schemas.compiled == compiled


def test_equal_settings_are_built_once(exchange: Exchange) -> None:
    assert _library_settings(settings_of(exchange)) is _library_settings(settings_of(exchange))
    other = settings_of(exchange, issuer=OTHER)
    assert _library_settings(other) is not _library_settings(settings_of(exchange))


def test_settings_are_strict_whatever_the_revision_says(exchange: Exchange) -> None:
    settings = _library_settings(settings_of(exchange))
    security = settings.get_security_data()

    assert settings.is_strict()
    assert security["wantAssertionsSigned"] is True
    assert security["rejectDeprecatedAlgorithm"] is True
    assert security["requestedAuthnContext"] is False
    assert settings.get_idp_data()["certFingerprint"] == ""


def test_idp_inside_the_house_may_have_a_short_name(exchange: Exchange) -> None:
    _library_settings(settings_of(exchange, sso_url="http://keycloak:8080/realms/globex/protocol/saml"))
    with pytest.raises(ConfigurationUnreadable):
        _library_settings(settings_of(exchange, sso_url="javascript:alert(1)"))


def test_seams_are_those_of_the_pinned_version() -> None:
    """Where a new version moves one of these, the subclass must be read anew."""
    assert version("python3-saml") == "1.16.0"
    own = {name for name, value in vars(CheckedResponse).items() if callable(value)}
    assert own == {"__init__", "validate_timestamps", "get_session_not_on_or_after", "_query_assertion"}
    assert own <= set(vars(OneLogin_Saml2_Response))
