"""The least that a login can be: one question to the OP or one parse, the signatures, Django's login(). No more.

Not for use: what these leave out is what the attacks of tests/attacks go for.
"""

import base64
import os
from functools import cache
from typing import Any

import jwt
import requests
import xmlsec
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt
from lxml import etree
from onelogin.saml2 import xml_utils
from onelogin.saml2.auth import OneLogin_Saml2_Auth

NAMES = {"ds": "http://www.w3.org/2000/09/xmldsig#", "saml": "urn:oasis:names:tc:SAML:2.0:assertion"}
BACKEND = "django.contrib.auth.backends.ModelBackend"
kept_connections = requests.Session()


@cache
def schema() -> etree.XMLSchema:
    folder = os.path.join(os.path.dirname(xml_utils.__file__), "schemas")
    return etree.XMLSchema(etree.parse(os.path.join(folder, "saml-schema-protocol-2.0.xsd")))


@cache
def idp_key(certificate: str) -> Any:
    return xmlsec.Key.from_memory(certificate, xmlsec.KeyFormat.CERT_PEM, None)


def verified(posted: str, certificate: str) -> etree._Element:
    """Parse, validate against the kept schema, verify both signatures with the kept key."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    root = etree.fromstring(base64.b64decode(posted), parser)
    xmlsec.tree.add_ids(root, ["ID"])
    if not schema().validate(root):
        raise ValueError("schema")
    for signature in root.findall(".//ds:Signature", NAMES):
        context = xmlsec.SignatureContext()
        context.key = idp_key(certificate)
        context.set_enabled_key_data([xmlsec.KeyData.X509])
        context.verify(signature)
    return root


def judged_by_python3_saml(posted: str) -> None:
    """As its README uses the library, strict."""
    host = "http://peers.example"
    auth = OneLogin_Saml2_Auth(
        {
            "https": "off",
            "http_host": "peers.example",
            "script_name": "/accounts/saml/acme/acs/",
            "get_data": {},
            "post_data": {"SAMLResponse": posted},
        },
        {
            "strict": True,
            "sp": {
                "entityId": f"{host}/accounts/saml/acme/metadata/",
                "assertionConsumerService": {"url": f"{host}/accounts/saml/acme/acs/"},
            },
            "idp": {
                "entityId": settings.FLOOR_IDP,
                "singleSignOnService": {"url": "https://idp.acme.example/sso"},
                "x509cert": settings.FLOOR_CERTIFICATE,
            },
            "security": {"wantAssertionsSigned": True, "wantMessagesSigned": True},
        },
    )
    auth.process_response()
    if not auth.is_authenticated():
        raise ValueError(auth.get_last_error_reason())


@csrf_exempt
def saml(request: HttpRequest) -> HttpResponse:
    root = verified(request.POST["SAMLResponse"], settings.FLOOR_CERTIFICATE)
    email = root.findtext("saml:Assertion/saml:Subject/saml:NameID", namespaces=NAMES)
    login(request, User.objects.get(email=email), backend=BACKEND)
    return HttpResponseRedirect("/")


@cache
def op_key() -> jwt.PyJWK:
    return jwt.PyJWK(requests.get(settings.OIDC_OP_JWKS_ENDPOINT, timeout=5).json()["keys"][0])


def oidc(request: HttpRequest) -> HttpResponse:
    pending = request.session.pop("oidc_states")[request.GET["state"]]
    form = {
        "grant_type": "authorization_code",
        "code": request.GET["code"],
        "client_id": settings.OIDC_RP_CLIENT_ID,
        "client_secret": settings.OIDC_RP_CLIENT_SECRET,
        "redirect_uri": "http://peers.example/floor/oidc/",
        "code_verifier": pending["code_verifier"],
    }
    # A session does not ask the environment whom to trust, so it is told.
    token = kept_connections.post(
        settings.OIDC_OP_TOKEN_ENDPOINT,
        data=form,
        timeout=5,
        verify=os.environ.get("REQUESTS_CA_BUNDLE") or True,
    ).json()
    claims = jwt.decode(
        token["id_token"],
        op_key(),
        algorithms=["RS256"],
        audience=settings.OIDC_RP_CLIENT_ID,
        issuer=settings.FLOOR_ISSUER,
    )
    if claims["nonce"] != pending["nonce"]:
        raise ValueError("nonce")
    login(request, User.objects.get(email=claims["email"]), backend=BACKEND)
    return HttpResponseRedirect("/")
