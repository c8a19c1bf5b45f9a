"""The one shape of an EncryptedAssertion in which it can be decrypted without looking anything up.

An allow-list, as in `preflight` (XML Encryption 1.1): one EncryptedData by AES-GCM and one EncryptedKey by RSA-OAEP
for us, beside it or in its KeyInfo, both with their bytes in place. Anything that names a resource to be fetched
or found, or that only a padding oracle would be made of, is refused before any key is touched.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from lxml import etree

from sso.saml import names
from sso.saml.errors import AlgorithmNotAllowed, EncryptionNotAllowed, ResponseMalformed, shown
from sso.saml.names import tag

_KEY_INFO_HINTS = frozenset({tag("ds:KeyName"), tag("ds:KeyValue"), tag("ds:X509Data")})
_WHAT_TO_SET = "Set it to AES-GCM (128 or 256 bits) with RSA-OAEP at the IdP, for this SP."


@dataclass(frozen=True, slots=True)
class EncryptedAssertion:
    """`element` stands directly in the response; `namespaces` are those in scope where the plaintext belongs.

    `key_bits` is the length of the key that `encrypted_key` holds. `key_digest` and `key_mgf_digest` are algorithms of
    `names.OAEP_DIGESTS` and `names.OAEP_MGF_DIGESTS`.
    """

    element: etree._Element
    key_bits: int
    ciphertext: bytes
    encrypted_key: bytes
    key_digest: str
    key_mgf_digest: str

    @property
    def namespaces(self) -> dict[str, str]:
        return cast(
            "dict[str, str]", dict(self.element.nsmap)
        )  # None for the default one; the stubs forget it


def check_encrypted_assertion(element: etree._Element) -> EncryptedAssertion:
    """Let only the one shape through. Raises EncryptionNotAllowed, AlgorithmNotAllowed or ResponseMalformed."""
    children = list(element)
    if [child.tag for child in children[:1]] != [tag("xenc:EncryptedData")] or element.attrib:
        raise EncryptionNotAllowed("EncryptedAssertion does not begin with EncryptedData.")
    data, *beside = children
    method, key_info, cipher_data = _parts(data, allowed={"Id", "Type"})
    if data.get("Type", names.XENC_ELEMENT) != names.XENC_ELEMENT:
        raise EncryptionNotAllowed(f"EncryptedData holds {shown(data.get('Type'))}, not an element.")
    key = _only_key([*beside, *_keys_in(key_info)])
    key_digest, key_mgf_digest, encrypted_key = _check_key(key, data_id=data.get("Id"))
    return EncryptedAssertion(
        element=element,
        key_bits=_key_bits(method),
        ciphertext=_cipher_value(cipher_data),
        encrypted_key=encrypted_key,
        key_digest=key_digest,
        key_mgf_digest=key_mgf_digest,
    )


def _parts(
    element: etree._Element, *, allowed: set[str], may_end_with: Sequence[str] = ()
) -> tuple[etree._Element, etree._Element | None, etree._Element]:
    """EncryptionMethod, KeyInfo (or None) and CipherData of an EncryptedType."""
    name = etree.QName(element).localname
    if not set(element.attrib) <= allowed:
        raise EncryptionNotAllowed(
            f"{name} has attributes that nobody needs: {shown(sorted(element.attrib))}."
        )
    found = {str(child.tag): child for child in element}
    expected = ["xenc:EncryptionMethod", "ds:KeyInfo", "xenc:CipherData", *may_end_with]
    present = [tag(part) for part in expected if tag(part) in found]
    if [child.tag for child in element] != present:
        raise EncryptionNotAllowed(f"{name} holds {shown([_local(child) for child in element])}.")
    try:
        return (
            found[tag("xenc:EncryptionMethod")],
            found.get(tag("ds:KeyInfo")),
            found[tag("xenc:CipherData")],
        )
    except KeyError as error:
        raise EncryptionNotAllowed(f"{name} has no EncryptionMethod or no CipherData.") from error


def _key_bits(method: etree._Element) -> int:
    algorithm = method.get("Algorithm", "")
    if algorithm not in names.GCM_KEY_BITS:
        raise AlgorithmNotAllowed(f"The assertion is encrypted by {shown(algorithm)}. {_WHAT_TO_SET}")
    if len(method):
        raise EncryptionNotAllowed("The EncryptionMethod of the EncryptedData has parameters.")
    return names.GCM_KEY_BITS[algorithm]


# --- The key ---------------------------------------------------------------------------------------------


def _keys_in(key_info: etree._Element | None) -> list[etree._Element]:
    """What a KeyInfo holds but for hints, which nobody reads."""
    if key_info is None:
        return []
    others = [child for child in key_info if child.tag not in _KEY_INFO_HINTS]
    for hint in key_info:
        if hint.tag in _KEY_INFO_HINTS:
            _check_hint(hint)
    return others


def _check_hint(hint: etree._Element) -> None:
    for element in hint.iter(etree.Element):
        if etree.QName(element).namespace != names.DS or element.tag == tag("ds:RetrievalMethod"):
            raise EncryptionNotAllowed(f"KeyInfo holds {shown(_local(element))}.")


def _only_key(keys: Sequence[etree._Element]) -> etree._Element:
    for key in keys:
        if key.tag != tag("xenc:EncryptedKey"):
            raise EncryptionNotAllowed(
                f"Beside the EncryptedData or in its KeyInfo stands {shown(_local(key))}."
            )
    if len(keys) != 1:
        raise EncryptionNotAllowed(f"The assertion has {len(keys)} encrypted keys; exactly one is taken.")
    return keys[0]


def _check_key(key: etree._Element, *, data_id: str | None) -> tuple[str, str, bytes]:
    """The two digests of its OAEP, and the encrypted key. ReferenceList may name the data that it is beside."""
    method, key_info, cipher_data = _parts(
        key, allowed={"Id", "Recipient"}, may_end_with=["xenc:ReferenceList"]
    )
    if others := _keys_in(key_info):
        raise EncryptionNotAllowed(f"The KeyInfo of the EncryptedKey holds {shown(_local(others[0]))}.")
    references = key.find(tag("xenc:ReferenceList"))
    if references is not None and not _names_only(references, data_id):
        raise EncryptionNotAllowed("The EncryptedKey's ReferenceList names more than the EncryptedData.")
    return (*_oaep_digests(method), _cipher_value(cipher_data))


def _names_only(references: etree._Element, data_id: str | None) -> bool:
    return [(child.tag, child.get("URI"), len(child)) for child in references] == [
        (tag("xenc:DataReference"), f"#{data_id}", 0)
    ]


def _oaep_digests(method: etree._Element) -> tuple[str, str]:
    """The digest of the padding and that of its mask, SHA-1 where nothing is said (XML Encryption 1.1, 5.5.2)."""
    algorithm = method.get("Algorithm", "")
    if algorithm not in (names.RSA_OAEP_MGF1P, names.RSA_OAEP):
        raise AlgorithmNotAllowed(f"The assertion's key is encrypted by {shown(algorithm)}. {_WHAT_TO_SET}")
    parameters = _parameters(method)
    digest = parameters.pop(tag("ds:DigestMethod"), names.SHA1)
    mask = (
        parameters.pop(tag("xenc11:MGF"), names.MGF1_SHA1) if algorithm == names.RSA_OAEP else names.MGF1_SHA1
    )
    if parameters:
        raise EncryptionNotAllowed(
            f"RSA-OAEP has parameters that are not taken: {shown(sorted(parameters))}."
        )
    _require_known(digest, names.OAEP_DIGESTS)
    _require_known(mask, names.OAEP_MGF_DIGESTS)
    return digest, mask


def _parameters(method: etree._Element) -> dict[str, str]:
    """Algorithms by the tag that they stand in."""
    found: dict[str, str] = {}
    for child in method:
        if str(child.tag) in found or len(child):
            raise EncryptionNotAllowed("RSA-OAEP has a parameter twice, or one that holds an element.")
        found[str(child.tag)] = child.get("Algorithm", "")
    return found


def _require_known(algorithm: str, known: Mapping[str, object] | Iterable[str]) -> None:
    if algorithm not in known:
        raise AlgorithmNotAllowed(f"RSA-OAEP with {shown(algorithm)}. {_WHAT_TO_SET}")


# --- The bytes -------------------------------------------------------------------------------------------


def _cipher_value(cipher_data: etree._Element) -> bytes:
    children = list(cipher_data)
    if [child.tag for child in children] != [tag("xenc:CipherValue")] or len(children[0]):
        raise EncryptionNotAllowed(f"CipherData holds {shown([_local(child) for child in children])}.")
    try:
        return base64.b64decode("".join((children[0].text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ResponseMalformed("A CipherValue is not base64.") from error


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname
