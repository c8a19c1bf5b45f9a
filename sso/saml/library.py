"""python3-saml as the last judge: its strict check of a whole response, settings built from the revision.

The library reads its own clock and allows 300 seconds of drift in one place and none in another; `postflight`
decides about time, with one clock and one skew. And it would parse the document again, and decrypt it by xmlsec; it
is given the trees that were preflighted. Those are the only differences of `CheckedResponse`. No getter of the
library is used: what a response says is read from the verified element.
"""

import threading
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import xmlsec as untyped_xmlsec
from lxml import etree
from onelogin.saml2 import utils, xml_utils
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from sso.errors import ConfigurationUnreadable, SSOError
from sso.saml import errors, names
from sso.saml.errors import shown
from sso.saml.names import tag
from sso.saml.signatures import VerifiedResponse, public_key
from sso.saml.sp import ServiceProvider

xmlsec: Any = untyped_xmlsec  # the type stubs it ships lack most of its constants

_SUBJECT_CONFIRMATIONS = "/saml:Subject/saml:SubjectConfirmation"
_Reason = OneLogin_Saml2_ValidationError


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """What the library must know, by value: equal values share one settings object per process."""

    sp: ServiceProvider
    issuer: str
    sso_url: str
    certificates: tuple[str, ...]  # PEM


class CheckedResponse(OneLogin_Saml2_Response):  # type: ignore[misc]
    """The library's response on a tree that is already parsed, with the questions of time left to `postflight`."""

    def __init__(self, settings: OneLogin_Saml2_Settings, response: VerifiedResponse) -> None:
        self._settings = settings
        self._error = None
        self.document = response.root if response.received is None else response.received
        self.response = b""
        self.decrypted_document = None if response.received is None else response.root
        self.encrypted = response.received is not None
        self.valid_scd_not_on_or_after = None

    def validate_timestamps(self, **kwargs: Any) -> bool:
        """Conditions: 300 s of drift in the library; see `postflight`."""
        return True

    def get_session_not_on_or_after(self) -> None:
        """No drift at all in the library; see `postflight`."""
        return

    def _query_assertion(self, xpath_expr: str) -> Any:
        """SubjectConfirmationData: no drift at all in the library, so it is shown those without their times."""
        nodes = super()._query_assertion(xpath_expr)
        return [_without_times(node) for node in nodes] if xpath_expr == _SUBJECT_CONFIRMATIONS else nodes


def check_strictly(response: VerifiedResponse, settings: LibrarySettings, *, request_id: str) -> None:
    """Let python3-saml check the whole response, strict. Raises an SSOError that names the library's reason."""
    checked = CheckedResponse(_library_settings(settings), response)
    try:
        checked.is_valid(_request_data(settings.sp.acs_url), request_id=request_id, raise_exceptions=True)
    except OneLogin_Saml2_ValidationError as error:
        refusal = _REFUSALS.get(error.code, errors.ResponseMalformed)
        raise refusal(f"python3-saml refused the response: {shown(str(error))}", reason=error.code) from error
    except Exception as error:  # its own slips: a judge that stumbles has not said yes
        raise errors.ResponseMalformed("python3-saml could not read the response.") from error


@lru_cache(maxsize=512)
def _library_settings(settings: LibrarySettings) -> OneLogin_Saml2_Settings:
    """The library's settings object. Raises ConfigurationUnreadable for URLs that it does not take."""
    try:
        return OneLogin_Saml2_Settings(_settings_dict(settings))
    except OneLogin_Saml2_Error as error:
        raise ConfigurationUnreadable(f"python3-saml does not take the configuration: {error}") from error


def _settings_dict(settings: LibrarySettings) -> dict[str, Any]:
    return {
        "strict": True,
        "debug": False,
        "sp": {
            "entityId": settings.sp.entity_id,
            "assertionConsumerService": {"url": settings.sp.acs_url},
        },
        "idp": {
            "entityId": settings.issuer,
            "singleSignOnService": {"url": settings.sso_url},
            "x509cert": settings.certificates[0],
            "x509certMulti": {"signing": list(settings.certificates)},
        },
        "security": {
            "wantAssertionsSigned": True,
            "wantAttributeStatement": False,  # an assertion may do without; the e-mail rule asks for an address
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
            "allowSingleLabelDomains": True,  # an IdP inside the house may be http://keycloak:8080
        },
    }


def _request_data(acs_url: str) -> dict[str, str]:
    """The address of the request as the library wants it, from the configured origin and never from the request."""
    parts = urlsplit(acs_url)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
    }


def _without_times(confirmation: etree._Element) -> etree._Element:
    copy = deepcopy(confirmation)
    for data in copy.iter(tag("saml:SubjectConfirmationData")):
        for name in ("NotBefore", "NotOnOrAfter"):
            data.attrib.pop(name, "")
    return copy


# `postflight` has asked most of these before, in more words; what is left of a code is what it does not ask.
_REFUSALS: dict[int, type[SSOError]] = {
    _Reason.WRONG_NUMBER_OF_ASSERTIONS: errors.AssertionNotSingle,
    _Reason.STATUS_CODE_IS_NOT_SUCCESS: errors.IdPStatus,
    _Reason.WRONG_SIGNED_ELEMENT: errors.SignatureNotAllowed,
    _Reason.DUPLICATED_ID_IN_SIGNED_ELEMENTS: errors.DuplicateID,
    _Reason.INVALID_SIGNED_ELEMENT: errors.ReferenceNotAllowed,
    _Reason.DUPLICATED_REFERENCE_IN_SIGNED_ELEMENTS: errors.ReferenceNotAllowed,
    _Reason.UNEXPECTED_SIGNED_ELEMENTS: errors.SignatureNotAllowed,
    _Reason.WRONG_NUMBER_OF_SIGNATURES_IN_RESPONSE: errors.SignatureNotAllowed,
    _Reason.WRONG_NUMBER_OF_SIGNATURES_IN_ASSERTION: errors.SignatureNotAllowed,
    _Reason.WRONG_NUMBER_OF_SIGNATURES: errors.SignatureNotAllowed,
    _Reason.WRONG_INRESPONSETO: errors.InResponseToMismatch,
    _Reason.WRONG_NUMBER_OF_AUTHSTATEMENTS: errors.AuthnStatementMissing,
    _Reason.ENCRYPTED_ATTRIBUTES: errors.EncryptionNotSupported,
    _Reason.WRONG_DESTINATION: errors.DestinationMismatch,
    _Reason.EMPTY_DESTINATION: errors.DestinationMismatch,
    _Reason.WRONG_AUDIENCE: errors.AudienceMismatch,
    _Reason.WRONG_ISSUER: errors.IssuerMismatch,
    _Reason.ISSUER_MULTIPLE_IN_RESPONSE: errors.IssuerMismatch,
    _Reason.ISSUER_NOT_FOUND_IN_ASSERTION: errors.IssuerMismatch,
    _Reason.WRONG_SUBJECTCONFIRMATION: errors.SubjectConfirmationMissing,
    _Reason.NO_SIGNED_ASSERTION: errors.SignatureMissing,
    _Reason.NO_SIGNATURE_FOUND: errors.SignatureMissing,
    _Reason.INVALID_SIGNATURE: errors.SignatureInvalid,
    _Reason.DEPRECATED_SIGNATURE_METHOD: errors.AlgorithmNotAllowed,
    _Reason.DEPRECATED_DIGEST_METHOD: errors.AlgorithmNotAllowed,
}


# --- What the library would make anew for every response ---------------------------------------------------
#
# It parses and compiles its schema, some thirty XPath expressions and each certificate again and again: four fifths of
# its time. They are kept; what it asks of a response is the same.

_XENC11_SCHEMA = Path(__file__).parent / "schemas" / "xenc11.xsd"
_XSD_IMPORT = "{http://www.w3.org/2001/XMLSchema}import"
_SCHEMA_FOLDER = Path(xml_utils.__file__).parent / "schemas"


class _Schemas(threading.local):
    """Compiled schemas by file name, one of a thread: lxml's error log of a schema is not made for two."""

    def __init__(self) -> None:
        self.compiled: dict[str, etree.XMLSchema] = {}


_schemas = _Schemas()


def _schema_of_this_thread(name: str) -> etree.XMLSchema:
    """Compiled with the schema of XML Encryption 1.1, which the library does not have."""
    if name not in _schemas.compiled:
        tree = etree.parse(_SCHEMA_FOLDER / name)
        more = {"namespace": names.XENC11, "schemaLocation": _XENC11_SCHEMA.as_uri()}
        tree.getroot().insert(0, etree.Element(_XSD_IMPORT, more))
        _schemas.compiled[name] = etree.XMLSchema(tree)
    return _schemas.compiled[name]


def _validate_xml(xml: Any, schema: str, debug: bool = False) -> Any:
    """Stands in for `OneLogin_Saml2_XML.validate_xml`: the tree, or one of its two words for what is wrong."""
    try:
        tree = OneLogin_Saml2_XML.to_etree(xml)
    except Exception:
        return "unloaded_xml"
    return tree if _schema_of_this_thread(schema).validate(tree) else "invalid_xml"


@lru_cache(maxsize=256)
def _compiled(expression: str) -> etree.XPath:
    return etree.XPath(expression, namespaces=OneLogin_Saml2_Constants.NSMAP)


def _query(dom: Any, query: str, context: Any = None, tagid: str | None = None) -> Any:
    """Stands in for `OneLogin_Saml2_XML.query`."""
    source = dom if context is None else context
    return _compiled(query)(source) if tagid is None else _compiled(query)(source, tagid=tagid)


class _Keys:
    """Stands in for `xmlsec.Key` where the library verifies. Private keys are not kept."""

    def __getattr__(self, name: str) -> Any:
        return getattr(xmlsec.Key, name)

    def from_memory(self, content: str, key_format: Any, password: str | None = None) -> Any:
        if key_format == xmlsec.KeyFormat.CERT_PEM:
            return public_key(content)
        return xmlsec.Key.from_memory(content, key_format, password)


class _Xmlsec:
    """xmlsec as the library's `utils` sees it."""

    Key = _Keys()

    def __getattr__(self, name: str) -> Any:
        return getattr(xmlsec, name)


OneLogin_Saml2_XML.validate_xml = staticmethod(_validate_xml)
OneLogin_Saml2_XML.query = staticmethod(_query)
utils.xmlsec = _Xmlsec()
