"""From a checked assertion to an `IdentityAssertion`: the end of SAML."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from lxml import etree

from sso.models import Revision
from sso.revisions.received_claims import ClaimUse, ReceivedClaim, flattened
from sso.saml import names
from sso.saml.errors import AttributeInvalid, shown
from sso.saml.limits import MAX_EMAIL_LENGTH
from sso.saml.names import tag
from sso.saml.postflight import CheckedAssertion
from sso.types import IdentityAssertion, SessionLimit

# Where IdPs put an e-mail address if nobody says otherwise, the most usual first.
EMAIL_ATTRIBUTES = (
    "email",
    "mail",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)
# What a LogoutRequest must repeat of the NameID to name the same person (Core 3.7.1, 8.3), by our names for it.
_NAME_ID_ATTRIBUTES = {
    "format": "Format",
    "name_qualifier": "NameQualifier",
    "sp_name_qualifier": "SPNameQualifier",
}
# Entra ID sends this link instead of the groups where somebody is in more than 150 of them.
ENTRA_GROUPS_OVERAGE = "http://schemas.microsoft.com/claims/groups.link"

Attributes = Mapping[str, list[str]]


def identity_assertion(checked: CheckedAssertion, revision: Revision) -> IdentityAssertion:
    """Translate. Raises AttributeInvalid for a value that two readers could read in two ways."""
    attributes = _read_attributes(checked.element)
    ends_at = checked.session_not_on_or_after
    return IdentityAssertion(
        connection_id=revision.connection_id,
        revision_id=revision.pk,
        issuer=revision.issuer,
        subject=checked.name_id.text or "",
        emails=_emails(attributes, checked.name_id, revision.email_attribute),
        attributes=attributes,
        authenticated_at=checked.authenticated_at,
        idp_limits=((SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER, ends_at),) if ends_at else (),
        idp_session_id=checked.authn_statement.get("SessionIndex", ""),
        logout_hint=_logout_hint(checked.name_id),
        groups_incomplete=ENTRA_GROUPS_OVERAGE in attributes,
    )


def _logout_hint(name_id: etree._Element) -> dict[str, str]:
    """The NameID as it was given; an attribute that it does not have is left out."""
    given = {ours: name_id.get(theirs) for ours, theirs in _NAME_ID_ATTRIBUTES.items()}
    return {"name_id": name_id.text or "", **{name: value for name, value in given.items() if value}}


def _read_attributes(assertion: etree._Element) -> dict[str, list[str]]:
    """Values by name. Some IdPs (Keycloak) repeat an attribute for each of its values: they are joined."""
    attributes: dict[str, list[str]] = {}
    for statement in assertion.findall(tag("saml:AttributeStatement")):
        for attribute in statement.findall(tag("saml:Attribute")):
            values = attributes.setdefault(attribute.get("Name", ""), [])
            values += [value for value in map(_read_value, attribute) if value]
    return attributes


def _read_value(element: etree._Element) -> str:
    """The text of an AttributeValue, or of the NameID in it; "" for other structures.

    Text with an element in it is refused: `admin<x/>-not` must not be read as `admin` by anybody.
    """
    if not len(element):
        return (element.text or "").strip()
    texts = [element.text, *(child.tail for child in element)]
    if any(text and text.strip() for text in texts):
        raise AttributeInvalid(
            f"The attribute {shown(_name_of(element))} has a value of text and elements mixed."
        )
    name_id = element.find(tag("saml:NameID"))
    is_name_id = name_id is not None and len(element) == 1 and not len(name_id)
    return (name_id.text or "").strip() if name_id is not None and is_name_id else ""


def _name_of(value: etree._Element) -> str:
    attribute = value.getparent()
    return "" if attribute is None else attribute.get("Name", "")


def received_claims(assertion: IdentityAssertion, revision: Revision) -> list[ReceivedClaim]:
    """NameID and attributes, with the one that the e-mail address was taken from."""
    source = _email_source(assertion, revision.email_attribute)
    name_id = ReceivedClaim("NameID", (assertion.subject,), ClaimUse.SUBJECT)
    return [
        name_id,
        *(
            ReceivedClaim(name, values, ClaimUse.EMAIL if name == source else None)
            for name, values in flattened(assertion.attributes)
        ),
    ]


def _email_source(assertion: IdentityAssertion, email_attribute: str) -> str:
    """The attribute that `_emails` took; empty where none was, or the NameID."""
    for name in (email_attribute,) if email_attribute else EMAIL_ATTRIBUTES:
        values = assertion.attributes.get(name, [])
        if isinstance(values, list) and _usable(values):
            return name
    return ""


def _emails(attributes: Attributes, name_id: etree._Element, email_attribute: str) -> tuple[str, ...]:
    """The addresses of the attribute that was configured; without one, of the first place that has any."""
    if email_attribute:
        return _usable(attributes.get(email_attribute, []))
    for name in EMAIL_ATTRIBUTES:
        if found := _usable(attributes.get(name, [])):
            return found
    if name_id.get("Format") == names.NAMEID_EMAIL:
        return _usable([name_id.text or ""])
    return ()


def _usable(values: list[str]) -> tuple[str, ...]:
    """Lower-cased, each once, without what is not an address."""
    return tuple(dict.fromkeys(value.lower() for value in values if _is_email(value)))


def _is_email(value: str) -> bool:
    try:
        validate_email(value)
    except ValidationError:
        return False
    return len(value) <= MAX_EMAIL_LENGTH
