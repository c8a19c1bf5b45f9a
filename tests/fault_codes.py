"""What a member is refused with for each fault of the demo IdP: as its failure lab says, where that offers the fault.

Of an organisation that lists no e-mail domains.
"""

from collections.abc import Iterable
from typing import Any

from tests.demo_idp import OIDCFault, SAMLFault
from tests.demo_idp.experiments import AT_A_FIRST_LOGIN, Group
from tests.demo_idp.faults import Fault
from tests.demo_idp.lab_oidc import OIDC_LAB
from tests.demo_idp.lab_saml import SAML_LAB


def _codes_of(lab: Iterable[Group]) -> dict[Fault, str]:
    """ "" where such an answer lets them in."""
    experiments = [one for group in lab for one in group.experiments]
    return {one.fault: "" if one.only == AT_A_FIRST_LOGIN else one.code for one in experiments}


OIDC_CODES: dict[Fault, str] = {
    **_codes_of(OIDC_LAB),
    OIDCFault.DISCOVERY_WRONG_ISSUER: "discovery_issuer_mismatch",
    OIDCFault.DISCOVERY_HTML: "discovery_invalid",
    OIDCFault.DISCOVERY_500: "discovery_unreachable",
    OIDCFault.HANG_DISCOVERY: "discovery_unreachable",
    OIDCFault.HUGE_JWKS: "keys_invalid",
    OIDCFault.HANG_JWKS: "keys_unreachable",
    OIDCFault.USERINFO_WRONG_ISS: "userinfo_issuer_mismatch",
    OIDCFault.USERINFO_NO_ISS: "userinfo_claim_missing",
    OIDCFault.USERINFO_WRONG_AUD: "userinfo_audience_mismatch",
    OIDCFault.USERINFO_NO_AUD: "userinfo_claim_missing",
    OIDCFault.USERINFO_EXPIRED: "userinfo_expired",
    OIDCFault.USERINFO_BAD_SIGNATURE: "userinfo_signature_invalid",
    OIDCFault.USERINFO_UNKNOWN_KID: "userinfo_key_unknown",
    OIDCFault.USERINFO_ALG_NONE: "userinfo_algorithm_not_allowed",
    OIDCFault.USERINFO_ENCRYPTED: "userinfo_encrypted",
    OIDCFault.PAR_500: "idp_unreachable",
    OIDCFault.PAR_HTML: "pushed_request_invalid",
    OIDCFault.PAR_WRONG_REQUEST_URI: "pushed_request_invalid",
}
SAML_CODES = _codes_of(SAML_LAB)
# What the connection must ask for, or the fault is none.
ASKED_FOR: dict[SAMLFault, dict[str, Any]] = {
    SAMLFault.OTHER_AUTHN_CONTEXT: {
        "authn_context_classes": ["urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract"]
    },
    SAMLFault.STALE_AUTHN: {"force_authn": True},
}
NEED_ENCRYPTION = frozenset(
    fault for fault in SAMLFault if "CIPHER" in fault.name or "ENCRYPTED" in fault.name
)
NEED_SIGNED_USERINFO = frozenset(
    fault
    for fault in OIDCFault
    if fault.name.startswith("USERINFO_") and fault.name not in ("USERINFO_OTHER_SUB", "USERINFO_NO_SUB")
)
NEED_PUSHED_REQUESTS = frozenset(fault for fault in OIDCFault if fault.name.startswith("PAR_"))
