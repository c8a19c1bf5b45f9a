"""Max signs in at an IdP made of pysaml2, which reads our metadata and checks the signatures of our requests."""

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests
from django.test import Client
from django.utils import timezone
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.sigver import pre_encryption_part
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from sso.key_pairs import ensure_key_pair
from sso.models import LinkedIdentity, LoginAttempt
from sso.saml.metadata import sp_metadata
from sso.saml.sp import service_provider
from sso.types import SSOProtocol
from tests.demo_idp.keys import KeyStore, SamlKeyPair, private_key_pem
from tests.demo_idp.saml_names import XENC11
from tests.interop.portal import Portal, make_portal
from tests.interop.saml_browser import sign_in

pytestmark = [pytest.mark.interop, pytest.mark.django_db]

LOGIN_PAGE = '<form method="post" action="/login">{fields}<button>Sign in as Max</button></form>'
RESPONSE_PAGE = '<form method="post" action="{url}">{fields}</form>'
FIELD = '<input type="hidden" name="{name}" value="{value}">'


@dataclass
class PySAML2IdP:
    """`server` is pysaml2's; the rest is a login page before it and a form behind it."""

    url: str
    folder: Path
    pair: SamlKeyPair
    server: Any = None
    response_options: dict[str, Any] = field(default_factory=dict)

    @property
    def entity_id(self) -> str:
        return f"{self.url}/metadata"

    def learn_sp(self, metadata: bytes, *, want_signed_requests: bool = False) -> None:
        """Start the IdP anew with the SP's metadata document."""
        (self.folder / "sp.xml").write_bytes(metadata)
        sso = [(f"{self.url}/sso", binding) for binding in (BINDING_HTTP_REDIRECT, BINDING_HTTP_POST)]
        config = IdPConfig().load(
            {
                "entityid": self.entity_id,
                "service": {
                    "idp": {
                        "endpoints": {"single_sign_on_service": sso},
                        "want_authn_requests_signed": want_signed_requests,
                    }
                },
                "key_file": str(self.folder / "key.pem"),
                "cert_file": str(self.folder / "cert.pem"),
                "metadata": {"local": [str(self.folder / "sp.xml")]},
                "allow_unknown_attributes": True,
            }
        )
        self.server = Server(config=config)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        is_post = environ["REQUEST_METHOD"] == "POST"
        fields = {name: values[0] for name, values in parse_qs(body or environ["QUERY_STRING"]).items()}
        if environ["PATH_INFO"] == "/sso":
            binding = BINDING_HTTP_POST if is_post else BINDING_HTTP_REDIRECT
            page = LOGIN_PAGE.format(fields=_hidden({**fields, "binding": binding}))
        else:
            page = self._answer(fields)
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [page.encode()]

    def _answer(self, fields: dict[str, str]) -> str:
        request = self.server.parse_authn_request(
            fields["SAMLRequest"],
            fields["binding"],
            relay_state=fields["RelayState"],
            sigalg=fields.get("SigAlg"),
            signature=fields.get("Signature"),
        ).message
        answer = self.server.response_args(request, [BINDING_HTTP_POST])
        response = self.server.create_authn_response(
            {"mail": "Max@Acme.Example", "groups": ["owners", "engineering"]},
            userid="max",
            name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text="max-at-pysaml2"),
            authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"},
            sign_assertion=True,
            **{"sign_response": True, **self.response_options},
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
            in_response_to=answer["in_response_to"],
            destination=answer["destination"],
            sp_entity_id=answer["sp_entity_id"],
        )
        sent = {
            "SAMLResponse": b64encode(str(response).encode()).decode(),
            "RelayState": fields["RelayState"],
        }
        return RESPONSE_PAGE.format(url=escape(answer["destination"]), fields=_hidden(sent))


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def idp(tmp_path: Path) -> Iterator[PySAML2IdP]:
    pair = KeyStore().saml_key_pair("pysaml2")
    (tmp_path / "key.pem").write_bytes(private_key_pem(pair.private_key))
    (tmp_path / "cert.pem").write_text(pair.certificate_pem)
    idp = PySAML2IdP(url="", folder=tmp_path, pair=pair)
    with make_server("127.0.0.1", 0, idp, handler_class=_QuietHandler) as http:
        idp.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield idp
        http.shutdown()
        thread.join()


@pytest.fixture
def portal_for(client: Client, idp: PySAML2IdP) -> Callable[..., Portal]:
    """Acme's portal, whose metadata the IdP has read."""

    def make(**revision: Any) -> Portal:
        fields = {
            "issuer": idp.entity_id,
            "sso_url": f"{idp.url}/sso",
            "certificates": [idp.pair.certificate_pem],
        }
        portal = make_portal(client, SSOProtocol.SAML, **{**fields, **revision})
        signs = bool(revision.get("sign_requests"))
        if signs:
            ensure_key_pair(portal.connection, now=timezone.now())
        idp.learn_sp(sp_metadata(portal.connection), want_signed_requests=signs)
        return portal

    return make


@pytest.mark.parametrize("binding", ["redirect", "post"])
@pytest.mark.parametrize("sign_requests", [False, True])
def test_member_signs_in(portal_for: Callable[..., Portal], binding: str, sign_requests: bool) -> None:
    portal = portal_for(sso_binding=binding, sign_requests=sign_requests)
    assert not portal.can_read()

    response = sign_in(portal.start(), {}).deliver(portal.client)

    assert (response.status_code, response["Location"]) == (302, portal.page_path), portal.refusals()
    assert portal.can_read()
    identity = LinkedIdentity.objects.get()
    assert (identity.subject, identity.email) == ("max-at-pysaml2", "max@acme.example")


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_idp_that_wants_signed_requests_really_checks_them(
    portal_for: Callable[..., Portal], idp: PySAML2IdP, binding: str
) -> None:
    portal = portal_for(sso_binding=binding, sign_requests=True)
    start = portal.start()
    portal.connection.key_pairs.all().delete()
    ensure_key_pair(portal.connection, now=timezone.now())
    idp.learn_sp(sp_metadata(portal.connection), want_signed_requests=True)

    with pytest.raises(requests.HTTPError):
        sign_in(start, {})


def test_idp_finds_our_acs_in_our_metadata(portal_for: Callable[..., Portal], idp: PySAML2IdP) -> None:
    portal = portal_for()
    sp = service_provider(portal.connection.uid)

    services = idp.server.metadata.assertion_consumer_service(sp.entity_id, BINDING_HTTP_POST)

    assert [service["location"] for service in services] == [sp.acs_url]


@pytest.mark.parametrize("sign_response", [True, False])
@pytest.mark.parametrize("is_self_contained", [True, False])
def test_member_signs_in_by_an_assertion_that_xmlsec_encrypted(
    portal_for: Callable[..., Portal], idp: PySAML2IdP, sign_response: bool, is_self_contained: bool
) -> None:
    """The certificate is that of our metadata. What is not self-contained leaves its prefixes undeclared."""
    portal = encrypting_portal(portal_for, idp)
    idp.response_options |= {
        "sign_response": sign_response,
        "encrypt_assertion_self_contained": is_self_contained,
    }
    template = pre_encryption_part(msg_enc=f"{XENC11}aes256-gcm")
    encrypt = idp.server.sec.encrypt_assertion

    def encrypt_by_gcm(response: Any, certificate: str, _: Any, node_xpath: str | None = None) -> Any:
        return encrypt(response, certificate, template, key_type="aes-256", node_xpath=node_xpath)

    idp.server.sec.encrypt_assertion = encrypt_by_gcm

    sign_in(portal.start(), {}).deliver(portal.client)

    assert portal.refusals() == []
    assert portal.can_read()


def test_encryption_that_pysaml2_does_by_itself_is_refused(
    portal_for: Callable[..., Portal], idp: PySAML2IdP
) -> None:
    """Triple DES in CBC mode, whatever our metadata says."""
    portal = encrypting_portal(portal_for, idp)

    assert sign_in(portal.start(), {}).deliver(portal.client).status_code == 403
    assert portal.refusals() == ["algorithm_not_allowed"]


def encrypting_portal(portal_for: Callable[..., Portal], idp: PySAML2IdP) -> Portal:
    portal = portal_for(want_encrypted=True)
    ensure_key_pair(portal.connection, now=timezone.now())
    idp.learn_sp(sp_metadata(portal.connection))
    idp.response_options = {"encrypt_assertion": True}
    return portal


def test_response_to_a_request_of_ours_answers_no_other(portal_for: Callable[..., Portal]) -> None:
    portal = portal_for()
    answer = sign_in(portal.start(), {})
    LoginAttempt.objects.all().delete()
    portal.start()

    assert answer.deliver(portal.client).status_code == 400
    assert portal.refusals() == ["attempt_unknown"]


def _hidden(fields: dict[str, str]) -> str:
    return "".join(FIELD.format(name=escape(name), value=escape(value)) for name, value in fields.items())
