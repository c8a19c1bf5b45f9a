"""The one shape in which an encrypted assertion is taken; the others are refused before a key is touched."""

import os
from pathlib import Path

import pytest
from lxml import etree

from tests.demo_idp.saml_encryption import MGF1_SHA256, SHA1
from tests.demo_idp.saml_names import XENC, tag
from tests.sso.saml.encrypting import DATA, KEY, TO_US, Change, add, cipher_reference, element, refusal
from tests.sso.saml.exchange import Exchange, encoded, find


def add_within(path: str, outer: str, inner: str) -> Change:
    def change(root: etree._Element) -> None:
        holder = etree.SubElement(find(root, path), tag(outer))
        etree.SubElement(holder, tag(inner), URI="file:///etc/passwd")

    return change


def put(path: str, name: str, value: str) -> Change:
    return lambda root: (find(root, path) if path else root).set(name, value)


def drop(path: str) -> Change:
    def change(root: etree._Element) -> None:
        found = find(root, path)
        parent = found.getparent()
        assert parent is not None
        parent.remove(found)

    return change


@pytest.mark.parametrize(
    "change",
    [
        cipher_reference(DATA, "file:///etc/passwd"),
        cipher_reference(DATA, "https://attacker.example/"),
        cipher_reference(KEY, "file:///etc/passwd"),
        add(f"{DATA}/xenc:CipherData", "xenc:CipherReference", URI="file:///etc/passwd"),
        add(f"{DATA}/ds:KeyInfo", "ds:RetrievalMethod", URI="file:///etc/passwd"),
        add(f"{DATA}/ds:KeyInfo", "ds:RetrievalMethod", URI="#_key"),
        add(f"{KEY}/ds:KeyInfo", "ds:RetrievalMethod", URI="file:///etc/passwd"),
        add_within(f"{KEY}/ds:KeyInfo", "ds:X509Data", "ds:RetrievalMethod"),
        add_within(f"{DATA}/ds:KeyInfo", "ds:KeyValue", "xenc:CipherReference"),
        add(f"{KEY}/ds:KeyInfo", "xenc:EncryptedKey"),
        add(f"{KEY}/ds:KeyInfo", "xenc:AgreementMethod"),
        add(f"{DATA}/ds:KeyInfo", "ds:MgmtData"),
        add(DATA, "xenc:EncryptionProperties"),
        add(f"{DATA}/xenc:EncryptionMethod", "xenc:KeySize"),
        add(f"{KEY}/xenc:EncryptionMethod", "xenc:OAEPparams"),
        add(f"{KEY}/xenc:EncryptionMethod", "xenc11:MGF", Algorithm=MGF1_SHA256),
        add(f"{KEY}/xenc:EncryptionMethod", "ds:DigestMethod", Algorithm=SHA1),
        add(f"{KEY}/xenc:EncryptionMethod/ds:DigestMethod", "ds:Object"),
        add(KEY, "xenc:CarriedKeyName"),
        add(KEY, "xenc:ReferenceList"),
        add("", "xenc:EncryptedData"),
        add("", "ds:KeyInfo"),
        add("", "saml:Issuer", 0),
        add(f"{DATA}/xenc:CipherData/xenc:CipherValue", "xenc:CipherValue"),
        put(DATA, "Type", f"{XENC}Content"),
        put(DATA, "MimeType", "text/html"),
        put("", "anything", "x"),
        drop(KEY),
        drop(DATA),
        drop(f"{DATA}/xenc:EncryptionMethod"),
        drop(f"{DATA}/xenc:CipherData"),
        drop(f"{KEY}/xenc:EncryptionMethod"),
        drop(f"{KEY}/xenc:CipherData/xenc:CipherValue"),
    ],
)
def test_another_shape_is_refused_before_a_key_is_touched(encrypting: Exchange, change: Change) -> None:
    encrypting.attempt.connection.key_pairs.all().delete()
    error = refusal(encrypting, encrypting.honest.but(encryption=TO_US.but(change=change)))
    assert error.code == "encryption_not_allowed"


@pytest.mark.parametrize(("keys", "beside"), [(2, False), (2, True), (0, False)])
def test_exactly_one_encrypted_key_is_taken(encrypting: Exchange, keys: int, beside: bool) -> None:
    encryption = TO_US.but(keys=keys, key_beside=beside)
    assert refusal(encrypting, encrypting.honest.but(encryption=encryption)).code == "encryption_not_allowed"


def test_key_in_both_places_is_refused(encrypting: Exchange) -> None:
    def copy_key(root: etree._Element) -> None:
        root.append(etree.fromstring(etree.tostring(find(root, KEY))))

    encryption = TO_US.but(change=copy_key)
    assert refusal(encrypting, encrypting.honest.but(encryption=encryption)).code == "encryption_not_allowed"


def test_cipher_value_that_is_not_base64_is_malformed(encrypting: Exchange) -> None:
    def spoil(root: etree._Element) -> None:
        find(root, f"{DATA}/xenc:CipherData/xenc:CipherValue").text = "*"

    error = refusal(encrypting, encrypting.honest.but(encryption=TO_US.but(change=spoil)))
    assert error.code == "response_malformed"


def test_encryption_elsewhere_in_the_response_is_refused(encrypting: Exchange) -> None:
    def stray(root: etree._Element) -> None:
        find(root, "samlp:Status").append(element("xenc:EncryptedData"))

    assert refusal(encrypting, encrypting.honest.but(change_signed=stray)).code == "encryption_not_supported"


def test_local_file_of_a_cipher_reference_is_not_opened(encrypting: Exchange, tmp_path: Path) -> None:
    """A pipe: whoever opened it would hang there."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    encryption = TO_US.but(change=cipher_reference(DATA, pipe.as_uri()))
    assert refusal(encrypting, encrypting.honest.but(encryption=encryption)).code == "encryption_not_allowed"


def test_signature_within_the_encrypted_element_is_refused(encrypting: Exchange) -> None:
    root = etree.fromstring(encrypting.honest.xml())
    find(root, f"saml:EncryptedAssertion/{DATA}/ds:KeyInfo").append(element("ds:KeyValue"))
    find(root, f"saml:EncryptedAssertion/{DATA}/ds:KeyInfo/ds:KeyValue").append(element("ds:Signature"))

    assert refusal(encrypting, encoded(etree.tostring(root))).code == "signature_not_allowed"
