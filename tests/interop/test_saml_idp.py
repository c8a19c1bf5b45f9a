"""Max signs in at npm's saml-idp, a Node.js IdP that signs with xml-crypto and lets assertions live for an hour."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from django.urls import reverse
from requests.cookies import RequestsCookieJar

from sso.models import LinkedIdentity, SSOSession
from sso.saml.sp import service_provider
from sso.types import SSOProtocol
from tests.builders import give_key_pair
from tests.demo_idp.keys import KeyStore, private_key_pem
from tests.interop.folders import NPM_FOLDER, NPM_SOURCE
from tests.interop.idp_process import free_port, idp_process
from tests.interop.portal import Portal, make_portal
from tests.interop.saml_browser import carry_to_idp, message_in, open_at_idp, sign_in

pytestmark = [pytest.mark.interop, pytest.mark.django_db]

ENTITY_ID = "urn:example:saml-idp"
UID = UUID("00000000-0000-4000-8000-0000000000a1")  # the IdP is started with the SP's addresses
# Whom it takes everybody for who signs out.
JACKSON = {"userName": "saml.jackson@example.com", "email": "Max@Acme.Example"}
MAX = {"userName": "max@acme.example", "email": "Max@Acme.Example", "groups": "owners, engineering"}


@dataclass(frozen=True, slots=True)
class SamlIdP:
    sso_url: str
    certificate: str

    @property
    def slo_url(self) -> str:
        return self.sso_url.replace("/sso", "/slo")


OUR_KEY = KeyStore().saml_key_pair("our key")


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamlIdP]:
    with running(tmp_path_factory.mktemp("saml-idp")) as idp:
        yield idp


@pytest.fixture(scope="module")
def encrypting_idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamlIdP]:
    """The same program, encrypting for our key by npm's xml-encryption."""
    folder: Path = tmp_path_factory.mktemp("saml-idp-encrypting")
    public_key = OUR_KEY.private_key.public_key()
    (folder / "our.crt").write_text(OUR_KEY.certificate_pem)
    (folder / "our.pub").write_bytes(public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    options = ["--encryptAssertion", "--encryptionCert", str(folder / "our.crt")]
    options += ["--encryptionPublicKey", str(folder / "our.pub")]
    with running(folder, *options, preload=NPM_SOURCE / "encrypt_by_gcm.cjs") as idp:
        yield idp


@contextmanager
def running(folder: Path, *options: str, preload: Path | None = None) -> Iterator[SamlIdP]:
    pair = KeyStore().saml_key_pair("npm-saml-idp")
    (folder / "key.pem").write_bytes(private_key_pem(pair.private_key))
    (folder / "cert.pem").write_text(pair.certificate_pem)
    port = free_port()
    sp = service_provider(UID)
    node = shutil.which("node")
    assert node, "Node.js is missing; run `make interop`"
    command = [
        node,
        *(["--require", str(preload)] if preload else []),
        "node_modules/saml-idp/bin/run.js",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--cert", str(folder / "cert.pem"), "--key", str(folder / "key.pem"), "--issuer", ENTITY_ID]
    command += ["--acsUrl", sp.acs_url, "--sloUrl", sp.slo_url, "--audience", sp.entity_id, *options]
    with idp_process(command, port=port, cwd=NPM_FOLDER):
        yield SamlIdP(f"http://127.0.0.1:{port}/saml/sso", pair.certificate_pem)


@pytest.fixture
def portal_for(client: Client, idp: SamlIdP) -> Callable[..., Portal]:
    def make(**revision: object) -> Portal:
        fields = {"issuer": ENTITY_ID, "sso_url": idp.sso_url, "certificates": [idp.certificate]}
        return make_portal(client, SSOProtocol.SAML, connection={"uid": UID}, **{**fields, **revision})

    return make


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_member_signs_in(portal_for: Callable[..., Portal], binding: str) -> None:
    portal = portal_for(sso_binding=binding)
    assert not portal.can_read()

    response = sign_in(portal.start(), MAX).deliver(portal.client)

    assert (response.status_code, response["Location"]) == (302, portal.page_path), portal.refusals()
    assert portal.can_read()
    identity = LinkedIdentity.objects.get()
    assert (identity.issuer, identity.subject) == (ENTITY_ID, "max@acme.example")
    assert identity.email == "max@acme.example"


def test_response_posted_twice_lets_in_once(portal_for: Callable[..., Portal]) -> None:
    portal = portal_for()
    answer = sign_in(portal.start(), MAX)
    answer.deliver(portal.client)

    assert answer.deliver(portal.client).status_code == 400
    assert portal.refusals() == ["attempt_used"]


@pytest.mark.parametrize("knows_our_key", [True, False])
def test_member_signs_in_by_an_encrypted_assertion(
    client: Client, encrypting_idp: SamlIdP, knows_our_key: bool
) -> None:
    portal = make_portal(
        client,
        SSOProtocol.SAML,
        connection={"uid": UID},
        issuer=ENTITY_ID,
        sso_url=encrypting_idp.sso_url,
        certificates=[encrypting_idp.certificate],
        want_encrypted=True,
    )
    give_key_pair(portal.connection, OUR_KEY if knows_our_key else KeyStore().saml_key_pair("another"))

    sign_in(portal.start(), MAX).deliver(portal.client)

    assert portal.refusals() == ([] if knows_our_key else ["decryption_failed"])
    assert portal.can_read() is knows_our_key


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_member_signs_out_at_the_idp(portal_for: Callable[..., Portal], idp: SamlIdP, binding: str) -> None:
    """Its request comes by post, signed with xml-crypto. It never checks a signature of ours."""
    portal = portal_for(slo_url=idp.slo_url, slo_binding=binding)
    cookies = RequestsCookieJar()
    sign_in(portal.start(), JACKSON, cookies).deliver(portal.client)
    assert portal.can_read()

    asked = open_at_idp(idp.slo_url, cookies=cookies)
    end = carry_to_idp(message_in(None, asked.content).send(), cookies)

    assert portal.refusals() == []
    assert not portal.can_read()
    assert end.text == "OK"


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_member_signs_out_of_both(portal_for: Callable[..., Portal], idp: SamlIdP, binding: str) -> None:
    portal = portal_for(slo_url=idp.slo_url, slo_binding=binding)
    give_key_pair(portal.connection, OUR_KEY)
    cookies = RequestsCookieJar()
    sign_in(portal.start(), JACKSON, cookies).deliver(portal.client)
    session = SSOSession.objects.get()

    answer = carry_to_idp(portal.client.post(reverse("sso:sign_out", args=[session.pk])), cookies)
    page = message_in(answer.headers.get("Location"), answer.content).deliver(portal.client)

    assert portal.refusals() == []
    assert "signed out there too" in page.content.decode()


def test_certificate_of_another_idp_is_noticed(portal_for: Callable[..., Portal]) -> None:
    portal = portal_for(certificates=[KeyStore().saml_key_pair("another").certificate_pem])

    assert sign_in(portal.start(), MAX).deliver(portal.client).status_code == 403
    assert portal.refusals() == ["signature_invalid"]


def test_issuer_that_was_mistyped_is_noticed(portal_for: Callable[..., Portal]) -> None:
    portal = portal_for(issuer=ENTITY_ID + "/")

    assert sign_in(portal.start(), MAX).deliver(portal.client).status_code == 403
    assert portal.refusals() == ["issuer_mismatch"]
