"""What a verified assertion must say: made by our IdP, for us, for this login attempt, for now, about somebody.

The rules are those of Profiles 4.1.4.3 and Core 2.4 and 2.5, and stricter where those leave room: everything that
is compared must be there and be equal, audiences are ANDed, time is counted by one clock with one skew, and an
assertion is never accepted later than ten minutes after it was issued.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from lxml import etree

from sso.saml import names
from sso.saml.errors import (
    AssertionExpired,
    AssertionNotYetValid,
    AudienceMismatch,
    AuthnContextMismatch,
    AuthnNotFresh,
    AuthnStatementMissing,
    ConditionNotUnderstood,
    DestinationMismatch,
    InResponseToMismatch,
    InResponseToMissing,
    IssuerMismatch,
    NameIDInvalid,
    NameIDMissing,
    RecipientMismatch,
    ResponseMalformed,
    SAMLError,
    SubjectConfirmationMissing,
    ValidityMissing,
    ValidityTooLong,
    shown,
)
from sso.saml.limits import (
    MAX_ASSERTION_AGE,
    MAX_ENTITY_ID_LENGTH,
    MAX_NAME_ID_LENGTH,
    MAX_SESSION_INDEX_LENGTH,
    MAX_STATED_VALIDITY,
)
from sso.saml.names import tag
from sso.saml.signatures import VerifiedResponse
from sso.saml.sp import ServiceProvider
from sso.saml.times import parse_instant

_KNOWN_CONDITIONS = frozenset(
    {tag("saml:AudienceRestriction"), tag("saml:OneTimeUse"), tag("saml:ProxyRestriction")}
)
_PLAIN_ISSUER = re.compile(r"[!-~]+")
# Controls, invisible format characters (zero-width, bidirectional), surrogates, line and paragraph separators.
_UNWANTED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What we know of the login without asking the response.

    `authenticated_since`: when the IdP was asked to authenticate anew, if it was. `context_classes`: those that it
    was asked for, any of which will do; none, if that was left to it.
    """

    issuer: str
    sp: ServiceProvider
    request_id: str
    authenticated_since: datetime | None = None
    context_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedAssertion:
    """An assertion that passed. It may be used until `usable_until`, the skew included."""

    element: etree._Element
    assertion_id: str
    name_id: etree._Element
    authn_statement: etree._Element
    authenticated_at: datetime
    session_not_on_or_after: datetime | None
    usable_until: datetime


def check(response: VerifiedResponse, expected: Expected, *, now: datetime) -> CheckedAssertion:
    """Raises the SAMLError of the first rule that is broken."""
    assertion = response.assertion
    _check_response(response.root, expected)
    _check_issuer(_only_child(assertion, "saml:Issuer"), expected, of="assertion")
    subject = _only_child(assertion, "saml:Subject", missing=NameIDMissing)
    name_id = _check_name_id(subject, expected)
    ends = [_check_subject_confirmation(subject, expected, now=now)]
    ends.append(_check_conditions(assertion, expected, now=now))
    issued_at = parse_instant(assertion.get("IssueInstant", ""))
    _check_not_before(issued_at, of="IssueInstant", now=now)
    _check_age(issued_at, stated_end=min(ends), now=now)
    statement = _only_child(assertion, "saml:AuthnStatement", missing=AuthnStatementMissing)
    authenticated_at, session_ends_at = _check_authn_statement(statement, now=now)
    _check_fresh(authenticated_at, expected)
    _check_context(statement, expected)
    return CheckedAssertion(
        element=assertion,
        assertion_id=assertion.get("ID", ""),
        name_id=name_id,
        authn_statement=statement,
        authenticated_at=authenticated_at,
        session_not_on_or_after=session_ends_at,
        usable_until=min(*ends, issued_at + MAX_ASSERTION_AGE) + _skew(),
    )


def only_other_issuer(response: VerifiedResponse, expected: Expected, *, now: datetime) -> str:
    """The Issuer of the signed assertion, where the response would pass every check if we expected it; else ""."""
    try:
        issuer = _text(_only_child(response.assertion, "saml:Issuer"))
        check(response, replace(expected, issuer=issuer), now=now)
    except SAMLError:
        return ""
    is_plain = len(issuer) <= MAX_ENTITY_ID_LENGTH and _PLAIN_ISSUER.fullmatch(issuer)
    return issuer if is_plain else ""


# --- For whom ------------------------------------------------------------------------------------------


def _check_response(root: etree._Element, expected: Expected) -> None:
    """The message around the assertion. It need not be signed: these checks can only refuse."""
    issuer = root.find(tag("saml:Issuer"))
    if issuer is not None:
        _check_issuer(issuer, expected, of="response")
    destination = root.get("Destination")
    if destination != expected.sp.acs_url:
        raise DestinationMismatch(
            f"The response's Destination is {shown(destination)}, expected {shown(expected.sp.acs_url)}."
        )
    _check_in_response_to(root.get("InResponseTo"), expected, of="response")


def _check_issuer(issuer: etree._Element, expected: Expected, *, of: str) -> None:
    if _text(issuer) != expected.issuer:
        raise IssuerMismatch(
            f"The {of}'s Issuer is {shown(_text(issuer))}, expected {shown(expected.issuer)}."
        )


def _check_in_response_to(request_id: str | None, expected: Expected, *, of: str) -> None:
    if not request_id:
        raise InResponseToMissing(f"The {of} has no InResponseTo, so it answers no request of ours.")
    if request_id != expected.request_id:
        raise InResponseToMismatch(f"The {of} answers another request than the one it came for.")


def _check_subject_confirmation(subject: etree._Element, expected: Expected, *, now: datetime) -> datetime:
    """One bearer confirmation must hold (Profiles 4.1.4.3). Returns its NotOnOrAfter."""
    refusal: SAMLError = SubjectConfirmationMissing("The assertion has no bearer SubjectConfirmation.")
    for confirmation in subject.findall(tag("saml:SubjectConfirmation")):
        if confirmation.get("Method") != names.BEARER:
            continue
        try:
            return _check_confirmation_data(confirmation, expected, now=now)
        except SAMLError as error:
            refusal = error
    raise refusal


def _check_confirmation_data(confirmation: etree._Element, expected: Expected, *, now: datetime) -> datetime:
    data = _only_child(confirmation, "saml:SubjectConfirmationData", missing=SubjectConfirmationMissing)
    recipient = data.get("Recipient")
    if recipient != expected.sp.acs_url:
        raise RecipientMismatch(
            f"The assertion's Recipient is {shown(recipient)}, expected {shown(expected.sp.acs_url)}."
        )
    _check_in_response_to(data.get("InResponseTo"), expected, of="assertion")
    return _check_window(data, of="SubjectConfirmationData", now=now)


def _check_conditions(assertion: etree._Element, expected: Expected, *, now: datetime) -> datetime:
    """Returns the NotOnOrAfter of the Conditions."""
    conditions = _only_child(assertion, "saml:Conditions", missing=ValidityMissing)
    for condition in conditions:
        if condition.tag not in _KNOWN_CONDITIONS:
            raise ConditionNotUnderstood(f"The assertion has the condition {shown(condition.tag)}.")
    restrictions = conditions.findall(tag("saml:AudienceRestriction"))
    if not restrictions:
        raise AudienceMismatch("The assertion names no audience.")
    for restriction in restrictions:
        audiences = [_text(audience) for audience in restriction.findall(tag("saml:Audience"))]
        if expected.sp.entity_id not in audiences:
            raise AudienceMismatch(
                f"The assertion's audience is {shown(audiences)}, expected {shown(expected.sp.entity_id)}."
            )
    return _check_window(conditions, of="Conditions", now=now)


# --- When ----------------------------------------------------------------------------------------------


def _check_window(element: etree._Element, *, of: str, now: datetime) -> datetime:
    """NotBefore, if there, and NotOnOrAfter, which must be. Returns the latter."""
    if "NotOnOrAfter" not in element.attrib:
        raise ValidityMissing(f"{of} has no NotOnOrAfter: the assertion would be valid for ever.")
    ends_at = parse_instant(element.get("NotOnOrAfter", ""))
    if "NotBefore" in element.attrib:
        _check_not_before(parse_instant(element.get("NotBefore", "")), of=of, now=now)
    _check_not_ended(ends_at, of=of, now=now)
    return ends_at


def _check_not_before(begins_at: datetime, *, of: str, now: datetime) -> None:
    if begins_at > now + _skew():
        raise AssertionNotYetValid(
            f"{of}: valid from {begins_at:%Y-%m-%d %H:%M:%S} UTC on, and it is {now:%Y-%m-%d %H:%M:%S}. "
            "Compare the IdP's clock with ours."
        )


def _check_not_ended(ends_at: datetime, *, of: str, now: datetime) -> None:
    if ends_at <= now - _skew():
        raise AssertionExpired(
            f"{of}: valid until {ends_at:%Y-%m-%d %H:%M:%S} UTC, and it is {now:%Y-%m-%d %H:%M:%S}. "
            "Compare the IdP's clock with ours."
        )


def _check_age(issued_at: datetime, *, stated_end: datetime, now: datetime) -> None:
    if stated_end - issued_at > MAX_STATED_VALIDITY:
        minutes = MAX_STATED_VALIDITY // timedelta(minutes=1)
        raise ValidityTooLong(f"The IdP lets an assertion live for more than {minutes} minutes.")
    _check_not_ended(issued_at + MAX_ASSERTION_AGE, of="IssueInstant, plus the ten minutes we allow", now=now)


def _check_authn_statement(statement: etree._Element, *, now: datetime) -> tuple[datetime, datetime | None]:
    """AuthnInstant, and SessionNotOnOrAfter where the IdP ends its own session (Core 2.7.2)."""
    authenticated_at = parse_instant(statement.get("AuthnInstant", ""))
    _check_not_before(authenticated_at, of="AuthnInstant", now=now)
    _bounded(statement.get("SessionIndex", ""), MAX_SESSION_INDEX_LENGTH, of="SessionIndex")
    if "SessionNotOnOrAfter" not in statement.attrib:
        return authenticated_at, None
    session_ends_at = parse_instant(statement.get("SessionNotOnOrAfter", ""))
    _check_not_ended(session_ends_at, of="SessionNotOnOrAfter", now=now)
    return authenticated_at, session_ends_at


def _check_fresh(authenticated_at: datetime, expected: Expected) -> None:
    """ForceAuthn (Core 3.4.1): the person was authenticated for this request, not before."""
    since = expected.authenticated_since
    if since is not None and authenticated_at < since - _skew():
        raise AuthnNotFresh(
            f"Asked to authenticate anew at {since:%Y-%m-%d %H:%M:%S} UTC, the IdP says that it did at "
            f"{authenticated_at:%Y-%m-%d %H:%M:%S}. It ignores ForceAuthn, or its clock is behind."
        )


def _check_context(statement: etree._Element, expected: Expected) -> None:
    """RequestedAuthnContext with the comparison `exact` (Core 3.3.2.2.1)."""
    if not expected.context_classes:
        return
    path = f"{tag('saml:AuthnContext')}/{tag('saml:AuthnContextClassRef')}"
    found = [_text(reference) for reference in statement.findall(path)]
    if len(found) != 1 or found[0] not in expected.context_classes:
        raise AuthnContextMismatch(
            f"The IdP authenticated by {shown(found)}, asked for {shown(list(expected.context_classes))}."
        )


# --- About whom ----------------------------------------------------------------------------------------


def _check_name_id(subject: etree._Element, expected: Expected) -> etree._Element:
    name_id = _only_child(subject, "saml:NameID", missing=NameIDMissing)
    value = _text(name_id)
    if not value.strip():
        raise NameIDMissing("The assertion's NameID is empty.")
    if value != value.strip() or len(value) > MAX_NAME_ID_LENGTH or has_unwanted_characters(value):
        raise NameIDInvalid(
            f"The NameID {shown(value)} is too long or has blanks at its ends, control or invisible characters."
        )
    if name_id.get("Format") == names.NAMEID_TRANSIENT:
        raise NameIDInvalid(
            "The NameID is transient: another one at every login. Configure a persistent one at the IdP."
        )
    qualifier = name_id.get("SPNameQualifier")
    if qualifier is not None and qualifier != expected.sp.entity_id:
        raise NameIDInvalid(
            f"The NameID is meant for {shown(qualifier)}, expected {shown(expected.sp.entity_id)}."
        )
    return name_id


def has_unwanted_characters(value: str) -> bool:
    """Would the value look like another one to a person, or break out of its line?"""
    return any(unicodedata.category(character) in _UNWANTED_CATEGORIES for character in value)


# --- Reading -------------------------------------------------------------------------------------------


def _only_child(
    parent: etree._Element, name: str, *, missing: type[SAMLError] = ResponseMalformed
) -> etree._Element:
    children = parent.findall(tag(name))
    if not children:
        raise missing(f"The assertion has no {name}.")
    if len(children) > 1:
        raise ResponseMalformed(f"The assertion has {len(children)} {name}.")
    return children[0]


def _text(element: etree._Element) -> str:
    """The element's whole text. An element in it would split it in two, so there must be none."""
    if len(element):
        raise ResponseMalformed(
            f"{etree.QName(element).localname} holds an element, where only text may stand."
        )
    return element.text or ""


def _bounded(value: str, limit: int, *, of: str) -> str:
    if len(value) > limit:
        raise ResponseMalformed(f"The {of} is longer than {limit} characters.")
    return value


def _skew() -> timedelta:
    return timedelta(seconds=settings.SSO_CLOCK_SKEW_SECONDS)
