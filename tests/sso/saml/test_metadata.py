"""The SP's metadata document, as an IdP reads it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from lxml import etree
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from sso.key_pairs import add_next, ensure_key_pair
from sso.models import Connection, Revision
from sso.protocols import adapter_for
from sso.saml.metadata import ENCRYPTION_METHODS
from sso.saml.sp import service_provider
from sso.types import SSOProtocol
from tests.builders import make_connection, make_org, make_revision, make_user
from tests.demo_idp.saml_names import HTTP_POST, tag
from tests.sso.saml.exchange import NOW


@pytest.fixture
def connection(db: None) -> Connection:
    return make_connection(make_org("globex"), SSOProtocol.SAML)


def read(connection: Connection) -> etree._Element:
    """Fetch it without any cookie, and see that the SAML schema takes it."""
    response: Any = Client().get(reverse("sso:saml_metadata", kwargs={"connection_uid": connection.uid}))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/samlmetadata+xml"
    root = OneLogin_Saml2_XML.validate_xml(response.content, "saml-schema-metadata-2.0.xsd")
    assert not isinstance(root, str)
    return etree.fromstring(response.content)


def test_metadata_names_the_sp(connection: Connection) -> None:
    root = read(connection)
    sp = service_provider(connection.uid)
    acs = root.find(f"{tag('md:SPSSODescriptor')}/{tag('md:AssertionConsumerService')}")

    assert root.get("entityID") == sp.entity_id
    assert acs is not None
    assert acs.get("Location") == sp.acs_url
    assert acs.get("Binding") == HTTP_POST


def test_entity_id_is_the_address_of_the_metadata(connection: Connection) -> None:
    path = service_provider(connection.uid).entity_id.removeprefix("http://testserver")
    assert Client().get(path).status_code == 200


def test_forged_host_changes_nothing(connection: Connection) -> None:
    url = reverse("sso:saml_metadata", kwargs={"connection_uid": connection.uid})
    response = Client().get(url, headers={"host": "localhost"})
    assert b"http://testserver/" in response.content
    assert b"localhost" not in response.content


def test_metadata_has_a_certificate_for_each_key_pair(connection: Connection) -> None:
    assert read(connection).find(f".//{tag('md:KeyDescriptor')}") is None

    pairs = [
        ensure_key_pair(connection, now=NOW),
        add_next(connection=connection, actor=make_user(), now=NOW),
    ]

    expected = ["".join(pair.certificate.splitlines()[1:-1]) for pair in pairs if pair]
    for use in ("signing", "encryption"):
        keys = read(connection).iterfind(f".//{tag('md:KeyDescriptor')}[@use='{use}']")
        assert [key.findtext(f".//{tag('ds:X509Certificate')}") for key in keys] == expected


def test_metadata_says_how_to_encrypt(connection: Connection) -> None:
    ensure_key_pair(connection, now=NOW)

    keys = {key.get("use"): key for key in read(connection).iter(tag("md:KeyDescriptor"))}

    algorithms = [method.get("Algorithm") for method in keys["encryption"].iter(tag("md:EncryptionMethod"))]
    assert algorithms == list(ENCRYPTION_METHODS)
    assert not any(weak in str(algorithm) for algorithm in algorithms for weak in ("cbc", "1_5"))
    assert keys["signing"].find(tag("md:EncryptionMethod")) is None


def test_connection_has_a_key_pair_from_its_first_draft_on(connection: Connection) -> None:
    """Whatever the draft says: an IdP that reads the metadata early may encrypt at once."""
    draft = make_revision(connection, status=Revision.Status.DRAFT)
    for _ in range(2):
        adapter_for("saml").prepare(draft, now=NOW)

    assert connection.key_pairs.count() == 1


@pytest.mark.parametrize(("live", "draft", "said"), [(True, False, "true"), (False, True, "false")])
def test_metadata_says_what_the_live_revision_does(
    connection: Connection, live: bool, draft: bool, said: str
) -> None:
    Revision.objects.update(sign_requests=live)
    make_revision(connection, status=Revision.Status.DRAFT, sign_requests=draft)

    descriptor = read(connection).find(tag("md:SPSSODescriptor"))
    assert descriptor is not None
    assert descriptor.get("AuthnRequestsSigned") == said
    assert descriptor.get("WantAssertionsSigned") == "true"


def test_metadata_says_what_the_draft_will_do_where_nothing_is_live(connection: Connection) -> None:
    Revision.objects.update(sign_requests=True, status=Revision.Status.DRAFT)
    descriptor = read(connection).find(tag("md:SPSSODescriptor"))
    assert descriptor is not None
    assert descriptor.get("AuthnRequestsSigned") == "true"
