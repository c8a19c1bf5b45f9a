"""SAML-25 and 26: encrypted assertions, which anybody can make, as our certificate is public."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from lxml import etree

from sso.models import RefusalTrace
from tests.attacks.never_opened import never_opened
from tests.attacks.saml.target import Attack, Target, make_target, unchanged
from tests.builders import give_key_pair
from tests.demo_idp.saml_encryption import AES256_CBC, RSA1_5, Encryption
from tests.demo_idp.saml_names import XENC
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.sso.saml.encrypting import (
    DATA,
    KEY,
    OUR_KEY,
    OUR_NEXT_KEY,
    TO_US,
    Change,
    add,
    cipher_reference,
    flip,
    set_value,
)
from tests.sso.saml.exchange import find, key_pair


@pytest.fixture
def target(db: None, client: Client) -> Target:
    """A connection with a key pair, where an IdP may encrypt or not."""
    made = make_target(client)
    give_key_pair(made.connection, OUR_KEY)
    return made


def encrypted(**fields: Any) -> Attack:
    """The honest response, encrypted for us but for `fields`."""
    return lambda honest: honest.but(encryption=TO_US.but(**fields))


honest_twin = encrypted()


# --- To be fetched from elsewhere ----------------------------------------------------------------------------------

FETCHES: list[Callable[[str], Change]] = [
    lambda uri: cipher_reference(DATA, uri),
    lambda uri: cipher_reference(KEY, uri),
    lambda uri: add(f"{DATA}/xenc:CipherData", "xenc:CipherReference", URI=uri),
    lambda uri: add(f"{DATA}/ds:KeyInfo", "ds:RetrievalMethod", URI=uri),
    lambda uri: add(f"{KEY}/ds:KeyInfo", "ds:RetrievalMethod", URI=uri),
]
FETCHED = ["data", "key", "data beside its value", "retrieved key", "retrieved key of the key"]


@pytest.mark.catalogue("SAML-25")
@pytest.mark.parametrize("fetch", FETCHES, ids=FETCHED)
@pytest.mark.parametrize("uri", ["file:///etc/passwd", "file:///dev/zero", "http://127.0.0.1:1/", "#_other"])
def test_bytes_that_are_elsewhere_are_refused(
    target: Target, fetch: Callable[[str], Change], uri: str
) -> None:
    target.refuses(encrypted(change=fetch(uri)), "encryption_not_allowed", twin=honest_twin)


@pytest.mark.catalogue("SAML-25")
@pytest.mark.parametrize("fetch", FETCHES, ids=FETCHED)
def test_file_named_by_what_is_encrypted_is_not_opened(
    target: Target, tmp_path: Path, fetch: Callable[[str], Change]
) -> None:
    with never_opened(tmp_path) as uri:
        target.refuses(encrypted(change=fetch(uri)), "encryption_not_allowed", twin=honest_twin)


# --- What was encrypted --------------------------------------------------------------------------------------------


@pytest.mark.catalogue("SAML-26")
@pytest.mark.parametrize("sign_response", [False, True])
def test_assertion_that_is_encrypted_but_not_signed_is_refused(target: Target, sign_response: bool) -> None:
    """A signed response around it says nothing of what is in it."""
    target.refuses(
        lambda honest: honest.but(encryption=TO_US, sign_assertion=False, sign_response=sign_response),
        "signature_missing",
        twin=lambda honest: honest.but(encryption=TO_US, sign_response=sign_response),
    )


@pytest.mark.catalogue("SAML-26")
@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (lambda honest: honest.but(encryption=TO_US, signing_key=key_pair("mallory")), "signature_invalid"),
        (encrypted(change_plaintext=lambda text: text.replace(b">max<", b">olivia<")), "signature_invalid"),
        (encrypted(change_plaintext=lambda text: text + text), "assertion_not_single"),
        (encrypted(change_plaintext=lambda text: b"<x>" + text + b"</x>"), "assertion_not_single"),
        (
            encrypted(change_plaintext=lambda text: text.replace(b">max<", b">olivia<!-- -->max<")),
            "document_forbidden",
        ),
        (encrypted(change_plaintext=lambda text: b"<!DOCTYPE x>" + text), "document_forbidden"),
        (encrypted(change_plaintext=lambda text: text[:-1]), "response_malformed"),
        (
            lambda honest: honest.but(encryption=TO_US, audiences=("https://other.example",)),
            "audience_mismatch",
        ),
        (lambda honest: honest.but(encryption=TO_US, in_response_to="_other"), "in_response_to_mismatch"),
    ],
    ids=[
        "another key",
        "another word",
        "two",
        "wrapped",
        "a comment",
        "a DTD",
        "cut short",
        "another audience",
        "another request",
    ],
)
def test_what_is_in_it_is_judged_like_any_assertion(target: Target, attack: Attack, code: str) -> None:
    target.refuses(attack, code, twin=honest_twin)


@pytest.mark.catalogue("SAML-26")
@pytest.mark.parametrize("place", [1, 99], ids=["before", "behind"])
@pytest.mark.parametrize("is_signed", [True, False], ids=["signed", "unsigned"])
def test_assertion_beside_an_encrypted_one_is_refused(target: Target, place: int, is_signed: bool) -> None:
    def attack(honest: SamlResponseBuilder) -> SamlResponseBuilder:
        forged = find(honest.but(name_id="olivia", sign_assertion=is_signed).element(), "saml:Assertion")

        def inject(root: etree._Element) -> None:
            root.insert(place, forged)

        return honest.but(encryption=TO_US, change_signed=inject)

    target.refuses(attack, "assertion_not_single", twin=honest_twin)


# --- What can't be opened --------------------------------------------------------------------------------------------


def of_another_mode(root: etree._Element) -> None:
    find(root, f"{DATA}/xenc:EncryptionMethod").set("Algorithm", f"{XENC}tripledes-cbc")


WHATEVER_THE_REASON = (
    "None of our 1 keys decrypts the assertion, or it was changed on the way. Give the IdP our certificate again; it "
    "is in our metadata."
)


@pytest.mark.catalogue("SAML-26")
@pytest.mark.parametrize(
    "encryption",
    [
        Encryption.to(OUR_NEXT_KEY.certificate_pem),
        *[TO_US.but(change=flip(path, at)) for path in (DATA, KEY) for at in (0, 20, -1)],
        *[TO_US.but(change=set_value(path, value)) for path in (DATA, KEY) for value in (b"", b"x" * 12)],
        TO_US.but(change=set_value(KEY, b"\xff" * 256)),
    ],
)
def test_whatever_can_not_be_opened_is_one_refusal(target: Target, encryption: Encryption) -> None:
    """Wrong key, wrong tag, wrong padding, no bytes: the code and the detail are the same to the letter."""
    target.refuses(lambda honest: honest.but(encryption=encryption), "decryption_failed", twin=honest_twin)
    trace = RefusalTrace.objects.get(code="decryption_failed")
    assert (trace.admin_detail, trace.fields) == (WHATEVER_THE_REASON, {"keys": 1})


@pytest.mark.catalogue("SAML-26")
@pytest.mark.parametrize(
    "fields",
    [{"algorithm": AES256_CBC}, {"key_algorithm": RSA1_5}, {"change": of_another_mode}],
    ids=["CBC", "RSA 1.5", "3DES"],
)
def test_encryption_that_leaks_is_refused_before_a_key_is_touched(
    target: Target, fields: dict[str, Any]
) -> None:
    target.refuses(encrypted(**fields), "algorithm_not_allowed", twin=honest_twin)


@pytest.mark.catalogue("SAML-26")
def test_assertion_in_the_clear_is_refused_where_encryption_is_wanted(target: Target) -> None:
    target.change_revision(want_encrypted=True)
    target.refuses(unchanged, "assertion_not_encrypted", twin=honest_twin)
