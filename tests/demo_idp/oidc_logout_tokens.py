"""Logout tokens (OpenID Connect Back-Channel Logout 1.0, 2.4), right or wrong, and their way to the RPs."""

import dataclasses
import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Any

import requests

from tests.demo_idp import keys
from tests.demo_idp.config import OIDCClient
from tests.demo_idp.faults import LOGOUT_TOKEN_FAULTS, Fault, LogoutTokenFault
from tests.demo_idp.oidc_faults import ANOTHER_CLIENT, ANOTHER_ISSUER, HOUR
from tests.demo_idp.oidc_tokens import OMIT, IDTokenBuilder, with_changes
from tests.demo_idp.tenant import IdPSession, LogoutAnswer, Tenant

EVENT = "http://schemas.openid.net/event/backchannel-logout"
ANOTHER_EVENT = "http://schemas.openid.net/event/foobar"
LIFETIME_SECONDS = 120
DELIVERY_SECONDS = 5


def honest_logout_token(tenant: Tenant, client: OIDCClient, session: IdPSession) -> IDTokenBuilder:
    """A token that an RP must take."""
    issued_at = int(tenant.clock().timestamp())
    claims = {
        "iss": tenant.issuer,
        "aud": client.client_id,
        "iat": issued_at,
        "exp": issued_at + LIFETIME_SECONDS,
        "jti": secrets.token_urlsafe(16),
        "events": {EVENT: {}},
        "sub": session.subject,
        "sid": session.sid,
        "an_unknown_claim": "must be ignored",
    }
    key = tenant.oidc_key
    return IDTokenBuilder(
        claims=claims, key=key, algorithm=key.algorithm, kid=key.kid, headers={"typ": "logout+jwt"}
    )


def logout_token(
    tenant: Tenant, client: OIDCClient, session: IdPSession, faults: Collection[Fault] = ()
) -> str:
    """The token as it is sent, wrong in the ways asked for. `tenant.logout_tokens` remembers it."""
    if LogoutTokenFault.REPLAYED in faults and tenant.logout_tokens:
        return tenant.logout_tokens[-1]
    token = honest_logout_token(tenant, client, session)
    for fault, change in CLAIM_FAULTS.items():
        if fault in faults:
            token = dataclasses.replace(token, claims=with_changes(token.claims, change(token.claims)))
    for fault, change_signing in SIGNING_FAULTS.items():
        if fault in faults:
            token = change_signing(token, tenant)
    tenant.logout_tokens.append(token.encode())
    return tenant.logout_tokens[-1]


def tell_clients(tenant: Tenant, session: IdPSession) -> None:
    """POST a logout token to every RP of the session that has an address for it (2.5).

    `tenant.logout_answers` has what each answered.
    """
    for client in clients_of(tenant, session):
        if client.backchannel_logout_uri:
            form = {
                "logout_token": logout_token(
                    tenant, client, session, tenant.faults.take(LOGOUT_TOKEN_FAULTS)
                ),
                "an_unknown_field": "must be ignored",
            }
            tenant.logout_answers.append(_post(client.client_id, client.backchannel_logout_uri, form))


def clients_of(tenant: Tenant, session: IdPSession) -> list[OIDCClient]:
    """The RPs that signed somebody in through the session."""
    return [tenant.clients[name] for name in sorted(session.client_ids) if name in tenant.clients]


def _post(client_id: str, url: str, form: Mapping[str, str]) -> LogoutAnswer:
    with requests.Session() as http:
        http.trust_env = False  # loopback: no proxy
        try:
            response = http.post(url, data=dict(form), timeout=DELIVERY_SECONDS, allow_redirects=False)
        except requests.RequestException:
            return LogoutAnswer(client_id=client_id, status=0)
    cache_control = response.headers.get("Cache-Control", "")
    return LogoutAnswer(client_id=client_id, status=response.status_code, cache_control=cache_control)


ClaimChange = Callable[[Mapping[str, Any]], dict[str, Any]]

CLAIM_FAULTS: dict[LogoutTokenFault, ClaimChange] = {
    LogoutTokenFault.WRONG_ISS: lambda claims: {"iss": ANOTHER_ISSUER},
    LogoutTokenFault.WRONG_AUD: lambda claims: {"aud": ANOTHER_CLIENT},
    LogoutTokenFault.EXPIRED: lambda claims: {"exp": claims["iat"] - HOUR},
    LogoutTokenFault.NO_EXP: lambda claims: {"exp": OMIT},
    LogoutTokenFault.TOO_OLD: lambda claims: {"iat": claims["iat"] - HOUR},
    LogoutTokenFault.NOT_YET_VALID: lambda claims: {
        "iat": claims["iat"] + HOUR,
        "exp": claims["exp"] + HOUR,
    },
    LogoutTokenFault.NO_IAT: lambda claims: {"iat": OMIT},
    LogoutTokenFault.NO_EVENT: lambda claims: {"events": OMIT},
    LogoutTokenFault.WRONG_EVENT: lambda claims: {"events": {ANOTHER_EVENT: {}}},
    LogoutTokenFault.EVENT_IS_NO_OBJECT: lambda claims: {"events": {EVENT: "yes"}},
    LogoutTokenFault.WITH_NONCE: lambda claims: {"nonce": "a-nonce"},
    LogoutTokenFault.NO_JTI: lambda claims: {"jti": OMIT},
    LogoutTokenFault.NEITHER_SUB_NOR_SID: lambda claims: {"sub": OMIT, "sid": OMIT},
}


def _with_key_of(algorithm: str) -> Callable[[IDTokenBuilder, Tenant], IDTokenBuilder]:
    def change(token: IDTokenBuilder, tenant: Tenant) -> IDTokenBuilder:
        """Signed by a key of the OP's that is published beside the others, but with another algorithm."""
        key = keys.KeyStore().oidc_key(f"{tenant.slug}-{algorithm}", algorithm)
        tenant.oidc_keys.insert(0, key)
        return dataclasses.replace(token, key=key, algorithm=algorithm, kid=key.kid)

    return change


SIGNING_FAULTS: dict[LogoutTokenFault, Callable[[IDTokenBuilder, Tenant], IDTokenBuilder]] = {
    LogoutTokenFault.ALG_NONE: lambda token, tenant: dataclasses.replace(token, algorithm="none"),
    LogoutTokenFault.WRONG_ALG: _with_key_of("ES256"),
    LogoutTokenFault.WRONG_KEY: lambda token, tenant: dataclasses.replace(
        token, key=tenant.unpublished_oidc_key()
    ),
    LogoutTokenFault.BAD_SIGNATURE: lambda token, tenant: dataclasses.replace(token, spoil_signature=True),
    LogoutTokenFault.WRONG_TYPE: lambda token, tenant: dataclasses.replace(token, headers={"typ": "at+jwt"}),
}
