"""What each SAML fault changes in a response. A replay is not here: it changes nothing."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from lxml import etree

from tests.demo_idp.faults import Fault, SAMLFault
from tests.demo_idp.saml_encryption_faults import ENCRYPTION_FAULTS, Change
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import SamlResponseBuilder, new_id
from tests.demo_idp.tenant import Tenant

ANOTHER_ENTITY = "https://another-entity.example/metadata"
ANOTHER_URL = "https://another-entity.example/acs/"
ENTRA_GROUPS_LINK = "http://schemas.microsoft.com/claims/groups.link"
ANOTHER_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PreviousSession"
HOUR = timedelta(hours=1)


def response_with_faults(
    response: SamlResponseBuilder, faults: Collection[Fault], tenant: Tenant
) -> SamlResponseBuilder:
    """Make an honest response wrong in the ways asked for."""
    for fault, change in FAULTS.items():
        if fault in faults:
            response = response.but(**change(response, tenant))
    return response


def _wrong_issuer(response: SamlResponseBuilder, tenant: Tenant) -> dict[str, Any]:
    return {"issuer": ANOTHER_ENTITY, "response_issuer": ANOTHER_ENTITY}


def _other_in_response_to(response: SamlResponseBuilder, tenant: Tenant) -> dict[str, Any]:
    other = new_id()
    return {"in_response_to": other, "response_in_response_to": other}


def _expired(response: SamlResponseBuilder, tenant: Tenant) -> dict[str, Any]:
    ended = response.issue_instant - HOUR
    return {
        "not_before": ended - HOUR,
        "not_on_or_after": ended,
        "confirmation_not_on_or_after": ended,
    }


def _not_yet_valid(response: SamlResponseBuilder, tenant: Tenant) -> dict[str, Any]:
    begins = response.issue_instant + HOUR
    return {
        "issue_instant": begins,
        "authn_instant": begins,
        "not_before": begins,
        "not_on_or_after": begins + HOUR,
        "confirmation_not_on_or_after": begins + HOUR,
    }


def _clock_off(response: SamlResponseBuilder, by: timedelta) -> dict[str, Any]:
    """Every time as an IdP would write it whose clock is off."""
    times = (
        "issue_instant",
        "authn_instant",
        "not_before",
        "not_on_or_after",
        "confirmation_not_on_or_after",
        "session_not_on_or_after",
    )
    said = {name: getattr(response, name) for name in times}
    return {name: moment + by for name, moment in said.items() if moment is not None}


def _no_expiry(response: SamlResponseBuilder, tenant: Tenant) -> dict[str, Any]:
    return {"not_on_or_after": None, "confirmation_not_on_or_after": None, "session_not_on_or_after": None}


def _attributes(response: SamlResponseBuilder, **changes: tuple[str, ...] | None) -> dict[str, Any]:
    return {
        "attributes": {name: value for name, value in {**response.attributes, **changes}.items() if value}
    }


def _no_email(response: SamlResponseBuilder, tenant: Tenant) -> dict[str, Any]:
    return _attributes(response, **{_name(tenant, "email"): None})


def _two_emails(response: SamlResponseBuilder, tenant: Tenant) -> dict[str, Any]:
    name = _name(tenant, "email")
    emails = tuple(response.attributes.get(name, ()))
    return _attributes(response, **{name: (*emails, *(f"second.{email}" for email in emails))})


def _groups_overage(response: SamlResponseBuilder, tenant: Tenant) -> dict[str, Any]:
    """Entra ID's way of saying that there are too many groups to list."""
    link = ("https://directory.example/users/getMemberObjects",)
    return _attributes(response, **{_name(tenant, "groups"): None, ENTRA_GROUPS_LINK: link})


def _name(tenant: Tenant, attribute: str) -> str:
    return tenant.config.saml_attribute_names.get(attribute, attribute)


def _change_name_id(root: etree._Element) -> None:
    for name_id in root.iter(tag("saml:NameID")):
        name_id.text = "another-subject"


FAULTS: dict[SAMLFault, Change] = {
    SAMLFault.WRONG_ISSUER: _wrong_issuer,
    SAMLFault.WRONG_AUDIENCE: lambda response, tenant: {"audiences": (ANOTHER_ENTITY,)},
    SAMLFault.NO_AUDIENCE: lambda response, tenant: {"audiences": None},
    SAMLFault.WRONG_RECIPIENT: lambda response, tenant: {"recipient": ANOTHER_URL},
    SAMLFault.WRONG_DESTINATION: lambda response, tenant: {"destination": ANOTHER_URL},
    SAMLFault.DESTINATION_PREFIX: lambda response, tenant: {"destination": f"{response.destination}-evil"},
    SAMLFault.NO_IN_RESPONSE_TO: lambda response, tenant: {
        "in_response_to": None,
        "response_in_response_to": None,
    },
    SAMLFault.OTHER_IN_RESPONSE_TO: _other_in_response_to,
    SAMLFault.EXPIRED: _expired,
    SAMLFault.NOT_YET_VALID: _not_yet_valid,
    SAMLFault.CLOCK_AHEAD: lambda response, tenant: _clock_off(response, HOUR),
    SAMLFault.CLOCK_BEHIND: lambda response, tenant: _clock_off(response, -HOUR),
    SAMLFault.NO_EXPIRY: _no_expiry,
    SAMLFault.NO_EMAIL: _no_email,
    SAMLFault.TWO_EMAILS: _two_emails,
    SAMLFault.GROUPS_OVERAGE: _groups_overage,
    SAMLFault.UNSIGNED: lambda response, tenant: {"sign_assertion": False, "sign_response": False},
    SAMLFault.RESPONSE_SIGNED_ONLY: lambda response, tenant: {
        "sign_assertion": False,
        "sign_response": True,
    },
    SAMLFault.WRONG_KEY: lambda response, tenant: {"signing_key": tenant.unpublished_saml_key_pair()},
    SAMLFault.TAMPERED_AFTER_SIGNING: lambda response, tenant: {"change_signed": _change_name_id},
    SAMLFault.OTHER_AUTHN_CONTEXT: lambda response, tenant: {"authn_context_class": ANOTHER_CONTEXT},
    SAMLFault.STALE_AUTHN: lambda response, tenant: {"authn_instant": response.issue_instant - HOUR},
    **ENCRYPTION_FAULTS,
}
