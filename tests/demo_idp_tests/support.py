"""A tenant to test with, and how an RP and an SP would talk to it."""

import base64
import hashlib
import json
import secrets
import zlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus, urlencode

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt
from joserfc.jwk import KeySet
from lxml import etree

from tests.demo_idp import (
    OMIT,
    IdPAnswer,
    OIDCClient,
    Person,
    SAMLServiceProvider,
    Tenant,
    TenantConfig,
    complete_login,
)
from tests.demo_idp import saml_names as names
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import saml_time
from tests.demo_idp.saml_signing import verify_root

CALLBACK = "http://portal.example/sso/c1/oidc/callback/"
ACS = "http://portal.example/sso/c2/saml/acs/"
SP_ENTITY_ID = "http://portal.example/sso/c2/saml/metadata/"
CLIENT = OIDCClient(
    client_id="portal",
    client_secret="s3cret & more, long enough for HS256",
    redirect_uris=(CALLBACK,),
    post_logout_redirect_uris=("http://portal.example/bye/",),
)
SERVICE_PROVIDER = SAMLServiceProvider(entity_id=SP_ENTITY_ID, acs_url=ACS, title="The portal")
MAX = Person(
    subject="max",
    name="Max Member",
    email="max@acme.example",
    groups=("engineering", "staff"),
    extra={"realm_access": {"roles": ["writer"]}},
)
NINA = Person(subject="nina", name="Nina", email="nina@contractor.example", email_verified=False)
ACME = TenantConfig(slug="acme", people=(MAX, NINA), clients=(CLIENT,), service_providers=(SERVICE_PROVIDER,))
VERIFIER = secrets.token_urlsafe(48)


def authorization_url(tenant: Tenant, **changes: Any) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    parameters = {
        "client_id": "portal",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid email profile",
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **changes,
    }
    discovery = get_json(f"{tenant.issuer}/.well-known/openid-configuration")
    wanted = {name: value for name, value in parameters.items() if value is not OMIT}
    return f"{discovery['authorization_endpoint']}?{urlencode(wanted)}"


def get_json(url: str) -> Any:
    response = requests.get(url, timeout=5)
    response.raise_for_status()
    return response.json()


def exchange(
    tenant: Tenant, code: str, *, by: str = "client_secret_basic", **changes: str
) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    headers = {}
    if by == "client_secret_basic":
        pair = f"{quote_plus(CLIENT.client_id)}:{quote_plus(CLIENT.client_secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": CLIENT.client_id, "client_secret": CLIENT.client_secret}
    return requests.post(f"{tenant.url}/token", data=form, headers=headers, timeout=5)


def verified(tenant: Tenant, id_token: str) -> jwt.Token:
    keys = KeySet.import_key_set(get_json(f"{tenant.url}/jwks.json"))
    return jwt.decode(id_token, keys, algorithms=[tenant.config.oidc_algorithm])


def sign_in(tenant: Tenant, person: str = "max", **changes: Any) -> dict[str, Any]:
    """A whole OIDC login; the token endpoint's answer."""
    answer = complete_login(authorization_url(tenant, **changes), person)
    response = exchange(tenant, answer.parameters["code"])
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


def unverified_part(id_token: str, part: int) -> Any:
    segment = id_token.split(".")[part]
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def authn_request(tenant: Tenant, **changes: str) -> etree._Element:
    root = etree.Element(tag("samlp:AuthnRequest"), nsmap={"samlp": names.SAMLP, "saml": names.SAML})
    attributes = {
        "ID": "_request1",
        "Version": "2.0",
        "IssueInstant": saml_time(datetime.now(UTC)),
        "Destination": tenant.saml_sso_url,
        "AssertionConsumerServiceURL": ACS,
        "ProtocolBinding": names.HTTP_POST,
        **changes,
    }
    for name, value in attributes.items():
        root.set(name, value)
    etree.SubElement(root, tag("saml:Issuer")).text = SP_ENTITY_ID
    return root


def redirect_url(tenant: Tenant, root: etree._Element, *, key: Any = None) -> str:
    deflate = zlib.compressobj(wbits=-15)
    deflated = deflate.compress(etree.tostring(root)) + deflate.flush()
    query = urlencode({"SAMLRequest": base64.b64encode(deflated).decode(), "RelayState": "relay"})
    if key is not None:
        query += "&" + urlencode({"SigAlg": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"})
        signature = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
        query += "&" + urlencode({"Signature": base64.b64encode(signature).decode()})
    return f"{tenant.saml_sso_url}?{query}"


def post_form(root: etree._Element) -> dict[str, str]:
    return {"SAMLRequest": base64.b64encode(etree.tostring(root)).decode(), "RelayState": "relay"}


def saml_login(tenant: Tenant, **changes: str) -> IdPAnswer:
    return complete_login(redirect_url(tenant, authn_request(tenant, **changes)), "max")


def document_of(answer: IdPAnswer) -> bytes:
    assert answer.form is not None
    return base64.b64decode(answer.form["SAMLResponse"])


def verified_assertion(tenant: Tenant, answer: IdPAnswer) -> etree._Element:
    """The assertion as signxml verified it."""
    assertion = etree.fromstring(document_of(answer)).find(tag("saml:Assertion"))
    assert assertion is not None
    return verify_root(etree.tostring(assertion), tenant.saml_certificate_pem)


def values_of(assertion: etree._Element, name: str) -> list[str | None]:
    path = f".//saml:Attribute[@Name='{name}']/saml:AttributeValue"
    return [value.text for value in assertion.findall(path, names.NAMESPACES)]


def status_codes(answer: IdPAnswer) -> list[str]:
    root = etree.fromstring(document_of(answer))
    return [code.get("Value", "") for code in root.iter(tag("samlp:StatusCode"))]
