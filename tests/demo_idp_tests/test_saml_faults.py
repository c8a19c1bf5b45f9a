"""The SAML IdP: what is wrong is wrong, and nothing else."""

from datetime import UTC, datetime

import pytest
from lxml import etree

from tests.demo_idp import (
    DemoIdP,
    IdPAnswer,
    SAMLFault,
    Tenant,
)
from tests.demo_idp import saml_names as names
from tests.demo_idp.saml_signing import BadSignature, verify_root
from tests.demo_idp_tests.support import ACME, ACS, document_of, saml_login, verified_assertion


@pytest.mark.parametrize(
    ("fault", "path", "attribute"),
    [
        (SAMLFault.WRONG_ISSUER, "./saml:Issuer", None),
        (SAMLFault.WRONG_AUDIENCE, ".//saml:Audience", None),
        (SAMLFault.NO_AUDIENCE, ".//saml:Audience", None),
        (SAMLFault.WRONG_RECIPIENT, ".//saml:SubjectConfirmationData", "Recipient"),
        (SAMLFault.NO_IN_RESPONSE_TO, ".//saml:SubjectConfirmationData", "InResponseTo"),
        (SAMLFault.OTHER_IN_RESPONSE_TO, ".//saml:SubjectConfirmationData", "InResponseTo"),
        (SAMLFault.EXPIRED, "./saml:Conditions", "NotOnOrAfter"),
        (SAMLFault.NOT_YET_VALID, "./saml:Conditions", "NotBefore"),
        (SAMLFault.NO_EXPIRY, "./saml:Conditions", "NotOnOrAfter"),
        (SAMLFault.NO_EMAIL, ".//saml:Attribute[@Name='email']", "Name"),
        (SAMLFault.TWO_EMAILS, ".//saml:Attribute[@Name='email']", None),
        (SAMLFault.GROUPS_OVERAGE, ".//saml:Attribute[@Name='groups']", "Name"),
    ],
    ids=lambda value: value.value if isinstance(value, SAMLFault) else "",
)
def test_assertion_fault_is_signed_rightly_and_given_once(
    fault: SAMLFault, path: str, attribute: str | None
) -> None:
    def read(answer: IdPAnswer) -> list[str | None]:
        found = verified_assertion(tenant, answer).findall(path, names.NAMESPACES)
        texts = [
            str(element.xpath("string()")) if attribute is None else element.get(attribute)
            for element in found
        ]
        return list(texts)

    now = datetime(2026, 1, 1, tzinfo=UTC)
    with DemoIdP([ACME], clock=lambda: now) as server:
        tenant = server.tenant("acme")
        honest = read(saml_login(tenant))
        tenant.next_fault(fault)
        assert read(saml_login(tenant)) != honest
        assert read(saml_login(tenant)) == honest


@pytest.mark.parametrize("fault", [SAMLFault.UNSIGNED, SAMLFault.WRONG_KEY, SAMLFault.TAMPERED_AFTER_SIGNING])
def test_signature_faults_leave_no_valid_assertion(acme: Tenant, fault: SAMLFault) -> None:
    acme.next_fault(fault)
    answer = saml_login(acme)
    with pytest.raises(BadSignature):
        verified_assertion(acme, answer)


def test_response_signed_only_signs_the_response_and_not_the_assertion(acme: Tenant) -> None:
    acme.next_fault(SAMLFault.RESPONSE_SIGNED_ONLY)
    answer = saml_login(acme)
    verify_root(document_of(answer), acme.saml_certificate_pem)
    with pytest.raises(BadSignature):
        verified_assertion(acme, answer)


def test_destination_faults(acme: Tenant) -> None:
    for fault in (SAMLFault.WRONG_DESTINATION, SAMLFault.DESTINATION_PREFIX):
        acme.next_fault(fault)
        answer = saml_login(acme)
        destination = etree.fromstring(document_of(answer)).get("Destination", "")
        assert destination != ACS
        assert destination.startswith(ACS) is (fault is SAMLFault.DESTINATION_PREFIX)
        assert answer.url == ACS


def test_replay_sends_the_previous_response_again(acme: Tenant) -> None:
    first = saml_login(acme)
    acme.next_fault(SAMLFault.REPLAY)
    assert document_of(saml_login(acme, ID="_request2")) == document_of(first)
    assert document_of(saml_login(acme, ID="_request3")) != document_of(first)
