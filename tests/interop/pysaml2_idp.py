"""An IdP made of pysaml2: its `Server` reads and writes every message; the rest is pages around it."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.sigver import verify_redirect_signature
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256
from werkzeug.wrappers import Request, Response

from tests.demo_idp.keys import KeyStore, SamlKeyPair, private_key_pem
from tests.interop.saml_browser import Message, message_in

BINDINGS = {"redirect": BINDING_HTTP_REDIRECT, "post": BINDING_HTTP_POST}
SUBJECT = "max-at-pysaml2"
RELAY_STATE = "where pysaml2 goes on"
LOGIN_PAGE = '<form method="post" action="/login">{fields}<button>Sign in as Max</button></form>'
FORM_PAGE = '<form method="post" action="{url}">{fields}</form>'
FIELD = '<input type="hidden" name="{name}" value="{value}">'


@dataclass
class PySAML2IdP:
    """`logout_binding` is how its logout messages travel. `signed_out` holds what an SP's LogoutRequests named,
    `answered` to which requests of its own an SP's answers were, once their signatures were checked.
    """

    url: str
    folder: Path
    pair: SamlKeyPair
    server: Any = None
    response_options: dict[str, Any] = field(default_factory=dict)
    logout_binding: str = "redirect"
    signed_out: list[tuple[str, list[str]]] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    @property
    def entity_id(self) -> str:
        return f"{self.url}/metadata"

    def learn_sp(self, metadata: bytes, *, want_signed_requests: bool = False) -> None:
        """Start the IdP anew with the SP's metadata document."""
        (self.folder / "sp.xml").write_bytes(metadata)
        endpoints = {
            f"single_{service}_service": [(f"{self.url}/{path}", binding) for binding in BINDINGS.values()]
            for service, path in (("sign_on", "sso"), ("logout", "slo"))
        }
        config = IdPConfig().load(
            {
                "entityid": self.entity_id,
                "service": {
                    "idp": {"endpoints": endpoints, "want_authn_requests_signed": want_signed_requests}
                },
                "key_file": str(self.folder / "key.pem"),
                "cert_file": str(self.folder / "cert.pem"),
                "metadata": {"local": [str(self.folder / "sp.xml")]},
                "allow_unknown_attributes": True,
            }
        )
        self.server = Server(config=config)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        fields = request.values.to_dict()
        binding = BINDINGS["post" if request.method == "POST" else "redirect"]
        if request.path == "/sso":
            response = _page(LOGIN_PAGE.format(fields=_hidden({**fields, "binding": binding})))
        elif request.path == "/slo":
            response = self._slo(fields, binding)
        else:
            response = self._answer(fields)
        return response(environ, start_response)

    def _answer(self, fields: dict[str, str]) -> Response:
        request = self.server.parse_authn_request(
            fields["SAMLRequest"], fields["binding"], **_how_it_is_signed(fields)
        ).message
        answer = self.server.response_args(request, [BINDING_HTTP_POST])
        response = self.server.create_authn_response(
            {"mail": "Max@Acme.Example", "groups": ["owners", "engineering"]},
            userid="max",
            name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text=SUBJECT),
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
        return _page(FORM_PAGE.format(url=escape(answer["destination"]), fields=_hidden(sent)))

    # --- Single logout

    def logout_request(self, sp_entity_id: str, session_index: str) -> tuple[str, Message]:
        """What its page sends to an SP when Max signs out there; the request's ID comes first."""
        services = self.server.metadata.single_logout_service(
            sp_entity_id, BINDINGS[self.logout_binding], "spsso"
        )
        destination = services[0]["location"]
        request_id, request = self.server.create_logout_request(
            destination,
            sp_entity_id,
            name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text=SUBJECT),
            session_indexes=[session_index],
            **self._signature(),
        )
        response = self._send(request, destination, RELAY_STATE)
        return request_id, message_in(response.location, response.data)

    def _slo(self, fields: dict[str, str], binding: str) -> Response:
        if "SAMLResponse" in fields:
            return self._take_answer(fields, binding)
        request = self.server.parse_logout_request(
            fields["SAMLRequest"], binding, **_how_it_is_signed(fields)
        ).message
        self.signed_out.append((request.name_id.text, [index.text for index in request.session_index]))
        response = self.server.create_logout_response(
            request, [BINDINGS[self.logout_binding]], **self._signature()
        )
        destination = self.server.response_args(request, [BINDINGS[self.logout_binding]])["destination"]
        return self._send(response, destination, fields["RelayState"], is_response=True)

    def _take_answer(self, fields: dict[str, str], binding: str) -> Response:
        """pysaml2 leaves it to its caller to want a signature, and to check that of a query."""
        answer = self.server.parse_logout_request_response(fields["SAMLResponse"], binding)
        certificates = self.server.metadata.certs(answer.issuer(), "any", "signing")
        is_signed = (
            answer.response.signature is not None
            if binding == BINDING_HTTP_POST
            else any(
                verify_redirect_signature(fields, self.server.sec.sec_backend, pem) for _, pem in certificates
            )
        )
        if is_signed and answer.status_ok() and fields["RelayState"] == RELAY_STATE:
            self.answered.append(answer.in_response_to)
        return _page("Signed out.")

    def _signature(self) -> dict[str, Any]:
        """In the document, unless the query will be signed."""
        return {
            "sign": self.logout_binding == "post",
            "sign_alg": SIG_RSA_SHA256,
            "digest_alg": DIGEST_SHA256,
        }

    def _send(
        self, message: Any, destination: str, relay_state: str, *, is_response: bool = False
    ) -> Response:
        args = self.server.apply_binding(
            BINDINGS[self.logout_binding],
            str(message),
            destination,
            relay_state,
            response=is_response,
            sign=True,
            sigalg=SIG_RSA_SHA256,
        )
        if args["method"] == "POST":
            return _page(args["data"])
        return Response(status=302, headers=args["headers"])


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def serve_pysaml2(folder: Path) -> Iterator[PySAML2IdP]:
    """The IdP on a free port of loopback, which knows no SP yet."""
    pair = KeyStore().saml_key_pair("pysaml2")
    (folder / "key.pem").write_bytes(private_key_pem(pair.private_key))
    (folder / "cert.pem").write_text(pair.certificate_pem)
    idp = PySAML2IdP(url="", folder=folder, pair=pair)
    with make_server("127.0.0.1", 0, idp, handler_class=_QuietHandler) as http:
        idp.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield idp
        http.shutdown()
        thread.join()


def _how_it_is_signed(fields: dict[str, str]) -> dict[str, str | None]:
    return {
        "relay_state": fields["RelayState"],
        "sigalg": fields.get("SigAlg"),
        "signature": fields.get("Signature"),
    }


def _page(body: str) -> Response:
    return Response(body, mimetype="text/html")


def _hidden(fields: dict[str, str]) -> str:
    return "".join(FIELD.format(name=escape(name), value=escape(value)) for name, value in fields.items())
