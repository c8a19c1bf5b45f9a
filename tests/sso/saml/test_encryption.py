"""Encrypted assertions: those that are opened, and why the others are not."""

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from sso.key_pairs import remove_old, switch_over
from sso.models import Connection
from sso.types import KeyPairStatus
from tests.builders import give_key_pair, make_user
from tests.demo_idp.saml_encryption import (
    AES256_CBC,
    MGF1_SHA1,
    MGF1_SHA256,
    RSA1_5,
    RSA_OAEP,
    SHA256,
    Encryption,
)
from tests.demo_idp.saml_names import DS, XENC, XENC11, tag
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.sso.saml.encrypting import (
    DATA,
    KEY,
    OUR_KEY,
    OUR_NEXT_KEY,
    TO_US,
    Change,
    flip,
    refusal,
    set_value,
)
from tests.sso.saml.exchange import Exchange, find, key_pair, make_exchange


@pytest.fixture
def connection(encrypting: Exchange) -> Connection:
    return encrypting.attempt.connection


# --- What is opened --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"algorithm": f"{XENC11}aes128-gcm"},
        {"algorithm": f"{XENC11}aes192-gcm"},
        {"digest": None},
        {"digest": SHA256},
        {"key_algorithm": RSA_OAEP, "digest": SHA256, "mgf": MGF1_SHA256},
        {"key_algorithm": RSA_OAEP, "digest": SHA256, "mgf": MGF1_SHA1},
        {"key_algorithm": RSA_OAEP, "digest": SHA256},
        {"key_algorithm": RSA_OAEP, "digest": f"{XENC}sha512", "mgf": f"{XENC11}mgf1sha512"},
        {"key_beside": True},
        {"type": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("sign_response", [False, True])
def test_assertion_encrypted_for_us_is_opened(
    encrypting: Exchange, fields: dict[str, Any], sign_response: bool
) -> None:
    response = encrypting.honest.but(encryption=TO_US.but(**fields), sign_response=sign_response)

    identity = encrypting.judge(response).identity

    assert (identity.subject, identity.emails) == ("zoe", ("zoe@globex.example",))


def test_either_key_opens_while_they_are_rolled_over(encrypting: Exchange, connection: Connection) -> None:
    give_key_pair(connection, OUR_NEXT_KEY, KeyPairStatus.NEXT)
    for_next = encrypting.honest.but(encryption=Encryption.to(OUR_NEXT_KEY.certificate_pem))
    admin = make_user()

    for _ in ("before", "after"):
        encrypting.judge(encrypting.honest)
        encrypting.judge(for_next)
        switch_over(connection=connection, actor=admin)
    remove_old(connection=connection, actor=admin)

    encrypting.judge(for_next)
    assert refusal(encrypting, encrypting.honest).code == "decryption_failed"


def test_reference_list_may_name_the_data_that_it_is_beside(encrypting: Exchange) -> None:
    def add_list(uri: str) -> Change:
        def change(root: etree._Element) -> None:
            references = etree.SubElement(find(root, "xenc:EncryptedKey"), tag("xenc:ReferenceList"))
            etree.SubElement(references, tag("xenc:DataReference"), URI=uri)

        return change

    def with_list(uri: str) -> SamlResponseBuilder:
        return encrypting.honest.but(encryption=TO_US.but(key_beside=True, change=add_list(uri)))

    encrypting.judge(with_list("#_data"))
    assert refusal(encrypting, with_list("#_other")).code == "encryption_not_allowed"


def test_plaintext_may_use_prefixes_that_its_old_surroundings_declare(encrypting: Exchange) -> None:
    """xmlsec writes a part of a document without what is declared above it."""

    def without_declaration(plaintext: bytes) -> bytes:
        return plaintext.replace(b' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"', b"", 1)

    encryption = TO_US.but(change_plaintext=without_declaration)
    assert encrypting.judge_but(encryption=encryption).identity.subject == "zoe"


@pytest.mark.parametrize("prefix", [None, "saml2"])
def test_assertion_keeps_its_own_prefixes_whatever_is_declared_around_it(
    encrypting: Exchange, prefix: str | None
) -> None:
    """A signature covers prefixes too. The response declares `saml:`, the assertion another one."""

    def rename(plaintext: bytes) -> bytes:
        new = b"" if prefix is None else prefix.encode()
        text = plaintext.replace(b"xmlns:saml=", b"xmlns:%s=" % new if new else b"xmlns=")
        return text.replace(b"<saml:", b"<%s" % (new + b":" if new else b"")).replace(
            b"</saml:", b"</%s" % (new + b":" if new else b"")
        )

    honest = encrypting.honest
    unsigned = etree.fromstring(honest.but(encryption=None, sign_assertion=False).xml())
    renamed = etree.fromstring(rename(etree.tostring(find(unsigned, "saml:Assertion"))))
    signed = honest._sign(renamed)

    response = honest.but(encryption=TO_US.but(change_plaintext=lambda plaintext: etree.tostring(signed)))
    assert encrypting.judge(response).identity.subject == "zoe"


# --- What must be in it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sign_response", [False, True])
def test_encrypted_assertion_that_is_not_signed_is_refused(encrypting: Exchange, sign_response: bool) -> None:
    """Our certificate is public: anybody can encrypt for us, and a signed response says nothing of what is in it."""
    response = encrypting.honest.but(sign_assertion=False, sign_response=sign_response)
    assert refusal(encrypting, response).code == "signature_missing"


def test_encrypted_assertion_signed_by_somebody_else_is_refused(encrypting: Exchange) -> None:
    response = encrypting.honest.but(signing_key=key_pair("somebody else"))
    assert refusal(encrypting, response).code == "signature_invalid"


def test_signature_of_the_response_covers_what_was_sent(encrypting: Exchange) -> None:
    """Honest and encrypted again, for another time: the assertion's signature holds, the response's does not."""

    def swap(root: etree._Element) -> None:
        again = etree.fromstring(encrypting.honest.but(sign_response=False).xml())
        root.replace(
            find(root, "saml:EncryptedAssertion"),
            etree.fromstring(etree.tostring(find(again, "saml:EncryptedAssertion"))),
        )

    response = encrypting.honest.but(sign_response=True, change_signed=swap)
    error = refusal(encrypting, response)
    assert (error.code, "Response" in error.admin_detail) == ("signature_invalid", True)


def test_rules_are_those_of_an_assertion_in_the_clear(encrypting: Exchange) -> None:
    audience = encrypting.honest.but(audiences=("https://another.example",))
    assert refusal(encrypting, audience).code == "audience_mismatch"
    destination = encrypting.honest.but(destination="https://another.example")
    assert refusal(encrypting, destination).code == "destination_mismatch"


@pytest.mark.parametrize("place", [0, 99])
def test_assertion_in_the_clear_beside_an_encrypted_one_is_refused(encrypting: Exchange, place: int) -> None:
    def inject(root: etree._Element) -> None:
        plain = etree.fromstring(encrypting.honest.but(encryption=None, name_id="max").xml())
        root.insert(place, find(plain, "saml:Assertion"))

    assert refusal(encrypting, encrypting.honest.but(change_signed=inject)).code == "assertion_not_single"


def evil(name_id: bytes) -> Callable[[bytes], bytes]:
    return lambda plaintext: plaintext.replace(b">zoe<", b">%s<" % name_id)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda plaintext: plaintext + plaintext, "assertion_not_single"),
        (lambda plaintext: b"text" + plaintext, "assertion_not_single"),
        (lambda plaintext: b"", "assertion_not_single"),
        (lambda plaintext: b"<x/>", "assertion_not_single"),
        (lambda plaintext: b"<x>" + plaintext + b"</x>", "assertion_not_single"),
        (lambda plaintext: b"</_x>" + plaintext, "response_malformed"),
        (lambda plaintext: plaintext + b"</samlp:Response><samlp:Response>", "response_malformed"),
        (lambda plaintext: plaintext[:-1], "response_malformed"),
        (lambda plaintext: b"\xff" + plaintext, "response_malformed"),
        (lambda plaintext: plaintext.decode().encode("utf-16"), "response_malformed"),
        (lambda plaintext: b"<!-- -->" + plaintext, "document_forbidden"),
        (evil(b"zo<!-- -->e"), "document_forbidden"),
        (evil(b"<?x?>"), "document_forbidden"),
        (lambda plaintext: b"<!DOCTYPE x>" + plaintext, "document_forbidden"),
        (evil(b"&x;"), "response_malformed"),
        (evil(b"<x>" * 40 + b"</x>" * 40), "response_too_large"),
        (evil(b"<x/>" * 4000), "response_too_large"),
        (evil(b"max"), "signature_invalid"),
    ],
)
def test_plaintext_is_read_as_warily_as_a_response(
    encrypting: Exchange, change: Callable[[bytes], bytes], code: str
) -> None:
    response = encrypting.honest.but(encryption=TO_US.but(change_plaintext=change))
    assert refusal(encrypting, response).code == code


def test_encrypted_assertion_in_an_encrypted_one_is_refused(encrypting: Exchange) -> None:
    def again(plaintext: bytes) -> bytes:
        return etree.tostring(TO_US.encrypt(etree.fromstring(plaintext)))

    response = encrypting.honest.but(encryption=TO_US.but(change_plaintext=again))
    assert refusal(encrypting, response).code == "assertion_not_single"


def test_id_of_the_assertion_must_not_stand_in_the_response_too(encrypting: Exchange) -> None:
    response = encrypting.honest.but(assertion_id=encrypting.honest.response_id)
    assert refusal(encrypting, response).code == "duplicate_id"


# --- What is not opened ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"certificate": OUR_NEXT_KEY.certificate},
        {"change": flip(DATA, 0)},
        {"change": flip(DATA, 20)},
        {"change": flip(DATA, -1)},
        {"change": flip(KEY, 0)},
        {"change": flip(KEY, -1)},
        {"change": set_value(DATA, b"")},
        {"change": set_value(DATA, b"x" * 12)},
        {"change": set_value(KEY, b"")},
        {"change": set_value(KEY, b"x")},
        {"change": set_value(KEY, b"\xff" * 256)},
        {"change": set_value(KEY, OUR_KEY.private_key.public_key().public_numbers().n.to_bytes(256, "big"))},
        {"change": set_value(KEY, b"x" * 10_000)},
        {
            "change": lambda root: find(root, f"{DATA}/xenc:EncryptionMethod").set(
                "Algorithm", f"{XENC11}aes128-gcm"
            )
        },
        {
            "change": lambda root: find(root, f"{KEY}/xenc:EncryptionMethod/ds:DigestMethod").set(
                "Algorithm", SHA256
            )
        },
    ],
)
def test_what_can_not_be_decrypted_is_one_refusal(encrypting: Exchange, changes: dict[str, Any]) -> None:
    """Wrong key, wrong length, changed tag, changed padding: nobody learns which it was."""
    error = refusal(encrypting, encrypting.honest.but(encryption=TO_US.but(**changes)))

    assert error.code == "decryption_failed"
    assert error.admin_detail.startswith("None of our 1 keys decrypts the assertion, or it was changed")
    assert error.log_fields == {"keys": 1}
    assert error.__cause__ is None


def test_connection_without_a_key_pair_opens_nothing(encrypting: Exchange, connection: Connection) -> None:
    connection.key_pairs.all().delete()
    assert refusal(encrypting, encrypting.honest).code == "decryption_failed"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"algorithm": AES256_CBC}, "aes256-cbc"),
        ({"key_algorithm": RSA1_5}, "rsa-1_5"),
        ({"digest": f"{DS}md5"}, "md5"),
    ],
)
def test_algorithm_that_leaks_is_refused_with_what_to_set(
    encrypting: Exchange, changes: dict[str, Any], named: str
) -> None:
    real = {name: value for name, value in changes.items() if name != "digest"}

    def claim(root: etree._Element) -> None:
        if "digest" in changes:
            find(root, f"{KEY}/xenc:EncryptionMethod/ds:DigestMethod").set("Algorithm", changes["digest"])

    error = refusal(encrypting, encrypting.honest.but(encryption=TO_US.but(**real, change=claim)))

    assert error.code == "algorithm_not_allowed"
    assert named in error.admin_detail
    assert "AES-GCM" in error.admin_detail


def test_assertion_in_the_clear_is_refused_where_encryption_is_wanted(connection: Connection) -> None:
    exchange = make_exchange(connection, want_encrypted=True)

    exchange.judge(exchange.honest.but(encryption=TO_US))
    assert refusal(exchange, exchange.honest).code == "assertion_not_encrypted"
