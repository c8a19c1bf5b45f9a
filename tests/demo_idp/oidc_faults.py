"""What each OIDC fault changes in an ID token or in userinfo."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

from tests.demo_idp.config import OIDCClient
from tests.demo_idp.faults import Fault, OIDCFault
from tests.demo_idp.oidc_tokens import OMIT, IDTokenBuilder, with_changes
from tests.demo_idp.tenant import Tenant

ANOTHER_CLIENT = "another-client"
ANOTHER_ISSUER = "https://another-issuer.example"
ANOTHER_SUBJECT = "another-subject"
HOUR = 3600


def id_token_with_faults(
    token: IDTokenBuilder, faults: Collection[Fault], tenant: Tenant, client: OIDCClient
) -> IDTokenBuilder:
    """Make an honest ID token wrong in the ways asked for."""
    for fault, change in CLAIM_FAULTS.items():
        if fault in faults:
            token = token.but(**change(token.claims))
    for fault, change_signing in SIGNING_FAULTS.items():
        if fault in faults:
            token = change_signing(token, tenant, client)
    return token


def userinfo_with_faults(claims: Mapping[str, Any], faults: Collection[Fault]) -> dict[str, Any]:
    """Make honest userinfo wrong in the ways asked for."""
    changed = dict(claims)
    for fault, change in USERINFO_FAULTS.items():
        if fault in faults:
            changed = with_changes(changed, change(changed))
    return changed


ClaimChange = Callable[[Mapping[str, Any]], dict[str, Any]]


def _with_clock_off(claims: Mapping[str, Any], seconds: int) -> dict[str, Any]:
    """Every time as an OP would write it whose clock is off."""
    return {name: claims[name] + seconds for name in ("iat", "nbf", "exp", "auth_time") if name in claims}


PERSON_FAULTS: dict[OIDCFault, ClaimChange] = {
    OIDCFault.EMAIL_UNVERIFIED: lambda claims: {"email_verified": False},
    OIDCFault.NO_EMAIL: lambda claims: {"email": OMIT, "email_verified": OMIT},
    OIDCFault.TWO_EMAILS: lambda claims: (
        {"email": [claims["email"], f"second.{claims['email']}"]} if "email" in claims else {}
    ),
    # Entra ID's way of saying that there are too many groups to list.
    OIDCFault.GROUPS_OVERAGE: lambda claims: {
        "groups": OMIT,
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": "https://directory.example/users/getMemberObjects"}},
    },
}

CLAIM_FAULTS: dict[OIDCFault, ClaimChange] = {
    **PERSON_FAULTS,
    OIDCFault.WRONG_ISS: lambda claims: {"iss": ANOTHER_ISSUER},
    OIDCFault.WRONG_AUD: lambda claims: {"aud": ANOTHER_CLIENT},
    OIDCFault.EXTRA_AUD_WITHOUT_AZP: lambda claims: {"aud": [claims["aud"], ANOTHER_CLIENT], "azp": OMIT},
    OIDCFault.WRONG_AZP: lambda claims: {"azp": ANOTHER_CLIENT},
    OIDCFault.EXPIRED: lambda claims: {"exp": claims["iat"] - HOUR},
    OIDCFault.NOT_YET_VALID: lambda claims: {
        "iat": claims["iat"] + HOUR,
        "nbf": claims["iat"] + HOUR,
        "exp": claims["exp"] + HOUR,
    },
    OIDCFault.CLOCK_AHEAD: lambda claims: _with_clock_off(claims, HOUR),
    OIDCFault.CLOCK_BEHIND: lambda claims: _with_clock_off(claims, -HOUR),
    OIDCFault.WRONG_NONCE: lambda claims: {"nonce": "another-nonce"},
    OIDCFault.MISSING_ISS: lambda claims: {"iss": OMIT},
    OIDCFault.MISSING_AUD: lambda claims: {"aud": OMIT},
    OIDCFault.MISSING_SUB: lambda claims: {"sub": OMIT},
    OIDCFault.MISSING_IAT: lambda claims: {"iat": OMIT},
    OIDCFault.MISSING_EXP: lambda claims: {"exp": OMIT},
    OIDCFault.MISSING_NONCE: lambda claims: {"nonce": OMIT},
}

USERINFO_FAULTS: dict[OIDCFault, ClaimChange] = {
    **PERSON_FAULTS,
    OIDCFault.USERINFO_OTHER_SUB: lambda claims: {"sub": ANOTHER_SUBJECT},
    OIDCFault.USERINFO_NO_SUB: lambda claims: {"sub": OMIT},
}

SIGNED_USERINFO_FAULTS: dict[OIDCFault, ClaimChange] = {
    OIDCFault.USERINFO_WRONG_ISS: lambda claims: {"iss": ANOTHER_ISSUER},
    OIDCFault.USERINFO_NO_ISS: lambda claims: {"iss": OMIT},
    OIDCFault.USERINFO_WRONG_AUD: lambda claims: {"aud": ANOTHER_CLIENT},
    OIDCFault.USERINFO_NO_AUD: lambda claims: {"aud": OMIT},
    OIDCFault.USERINFO_EXPIRED: lambda claims: {"exp": claims["iat"] - HOUR},
}

SigningChange = Callable[[IDTokenBuilder, Tenant, OIDCClient], IDTokenBuilder]


def _unknown_kid(token: IDTokenBuilder, tenant: Tenant, client: OIDCClient) -> IDTokenBuilder:
    key = tenant.unpublished_oidc_key()
    return dataclasses.replace(token, key=key, kid=key.kid)


SIGNING_FAULTS: dict[OIDCFault, SigningChange] = {
    OIDCFault.UNKNOWN_KID: _unknown_kid,
    OIDCFault.WRONG_KEY: lambda token, tenant, client: dataclasses.replace(
        token, key=tenant.unpublished_oidc_key()
    ),
    OIDCFault.ALG_NONE: lambda token, tenant, client: dataclasses.replace(token, algorithm="none"),
    OIDCFault.HS256_WITH_SECRET: lambda token, tenant, client: dataclasses.replace(
        token, algorithm="HS256", key=client.client_secret.encode()
    ),
    OIDCFault.NO_KID: lambda token, tenant, client: dataclasses.replace(token, kid=None),
    OIDCFault.BAD_SIGNATURE: lambda token, tenant, client: dataclasses.replace(token, spoil_signature=True),
}

# Faults of signed userinfo that are faults of an ID token too.
_SAME_SIGNING = {
    OIDCFault.USERINFO_BAD_SIGNATURE: OIDCFault.BAD_SIGNATURE,
    OIDCFault.USERINFO_UNKNOWN_KID: OIDCFault.UNKNOWN_KID,
    OIDCFault.USERINFO_ALG_NONE: OIDCFault.ALG_NONE,
}


def signed_userinfo_with_faults(
    token: IDTokenBuilder, faults: Collection[Fault], tenant: Tenant, client: OIDCClient
) -> str:
    """Userinfo as a JWT, made wrong in the ways asked for."""
    for fault, change in SIGNED_USERINFO_FAULTS.items():
        if fault in faults:
            token = token.but(**change(token.claims))
    for fault, same in _SAME_SIGNING.items():
        if fault in faults:
            token = SIGNING_FAULTS[same](token, tenant, client)
    if OIDCFault.USERINFO_ENCRYPTED in faults:
        return "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a2V5.aXY.dGV4dA.dGFn"  # JWE's five parts
    return token.encode()
