"""Whole logins with encrypted assertions over HTTP: the demo IdP reads our metadata and encrypts by its own code."""

import base64

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sso.key_pairs import add_next, remove_old, switch_over
from sso.types import KeyPairStatus
from tests.builders import give_key_pair
from tests.demo_idp import SAMLFault
from tests.demo_idp.saml_metadata import read_service_provider
from tests.sso.saml.conftest import GlobexLogin
from tests.sso.saml.encrypting import OUR_KEY, OUR_NEXT_KEY
from tests.sso.whole_login import change_revision


@pytest.fixture
def encrypted(globex: GlobexLogin) -> GlobexLogin:
    """Globex, whose IdP has read our metadata and encrypts."""
    give_key_pair(globex.connection, OUR_KEY)
    read_our_metadata(globex)
    return globex


def read_our_metadata(login: GlobexLogin) -> None:
    url = reverse("sso:saml_metadata", kwargs={"connection_uid": login.connection.uid})
    login.tenant.add_service_provider(read_service_provider(Client().get(url).content))


@pytest.mark.parametrize("want_encrypted", [True, False])
def test_member_signs_in_by_an_encrypted_assertion(encrypted: GlobexLogin, want_encrypted: bool) -> None:
    change_revision(encrypted, want_encrypted=want_encrypted)

    answer = encrypted.go_to_idp()
    assert b"max@globex.example" not in base64.b64decode(answer.parameters["SAMLResponse"])
    encrypted.finish(encrypted.post(answer))

    assert encrypted.can_read()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (SAMLFault.NOT_ENCRYPTED, "assertion_not_encrypted"),
        (SAMLFault.ENCRYPTED_FOR_ANOTHER, "decryption_failed"),
        (SAMLFault.ENCRYPTED_AND_TAMPERED, "decryption_failed"),
        (SAMLFault.ENCRYPTED_UNSIGNED, "signature_missing"),
        (SAMLFault.PLAIN_BESIDE_ENCRYPTED, "assertion_not_single"),
        (SAMLFault.ENCRYPTED_BY_CBC, "algorithm_not_allowed"),
        (SAMLFault.ENCRYPTED_BY_RSA1_5, "algorithm_not_allowed"),
        (SAMLFault.CIPHER_REFERENCE, "encryption_not_allowed"),
        (SAMLFault.TWO_ENCRYPTED_KEYS, "encryption_not_allowed"),
        (SAMLFault.WRONG_KEY, "signature_invalid"),
        (SAMLFault.WRONG_AUDIENCE, "audience_mismatch"),
        (SAMLFault.EXPIRED, "assertion_expired"),
    ],
)
def test_wrong_answer_is_refused_and_opens_nothing(
    encrypted: GlobexLogin, fault: SAMLFault, code: str
) -> None:
    change_revision(encrypted, want_encrypted=True)
    encrypted.tenant.next_fault(fault)

    response = encrypted.sign_in()

    assert response.status_code in (400, 403)
    assert encrypted.refusals() == [code]
    encrypted.assert_nothing_was_opened()


def test_encrypted_assertion_of_an_earlier_login_is_refused(encrypted: GlobexLogin) -> None:
    encrypted.sign_in()
    encrypted.tenant.next_fault(SAMLFault.REPLAY)

    assert encrypted.sign_in().status_code == 400
    assert encrypted.refusals() == ["attempt_used"]


def test_idp_encrypts_for_the_old_key_until_it_is_removed(encrypted: GlobexLogin) -> None:
    admin = encrypted.max.user
    give_key_pair(encrypted.connection, OUR_NEXT_KEY, KeyPairStatus.NEXT)
    switch_over(connection=encrypted.connection, actor=admin)
    encrypted.sign_in()
    assert encrypted.refusals() == []

    remove_old(connection=encrypted.connection, actor=admin)
    encrypted.sign_in()
    assert encrypted.refusals() == ["decryption_failed"]

    read_our_metadata(encrypted)
    encrypted.sign_in()
    assert encrypted.refusals() == ["decryption_failed"]


def test_next_key_is_published_after_the_one_in_use(encrypted: GlobexLogin) -> None:
    """An IdP that takes the first certificate goes on with the one that it knows."""
    before = encrypted.tenant.service_providers
    first = next(iter(before.values())).encryption_certificate

    add_next(connection=encrypted.connection, actor=encrypted.max.user, now=timezone.now())
    read_our_metadata(encrypted)

    assert next(iter(encrypted.tenant.service_providers.values())).encryption_certificate == first
