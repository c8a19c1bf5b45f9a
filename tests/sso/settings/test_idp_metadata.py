"""Filling a SAML draft from metadata: by address, file or XML, with a choice where there is one."""

from typing import Any

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sso.models import Connection, Revision
from tests.demo_idp import DemoIdP, TenantConfig
from tests.demo_idp.saml_metadata import metadata_document
from tests.demo_idp.tenant import Tenant
from tests.sso.saml.test_idp_metadata import aggregate, entity
from tests.sso.settings.conftest import AcmeSettings


@pytest.fixture
def idp(demo_idp: DemoIdP) -> Tenant:
    return demo_idp.add_tenant(TenantConfig(slug="saml-acme", protocols=("saml",)))


def given(acme: AcmeSettings, connection: Connection, **data: object) -> str:
    response = acme.post("draft", connection.uid, action="check", **data)
    assert response.status_code == 200
    return str(response.content.decode())


def test_an_address_fills_the_form_and_saves_nothing(
    acme: AcmeSettings, saml_connection: Connection, idp: Tenant
) -> None:
    page = given(acme, saml_connection, metadata_url=idp.saml_entity_id)
    assert "Nothing is saved yet" in page
    assert f'value="{idp.saml_sso_url}"' in page
    assert idp.saml_certificate_pem.splitlines()[1] in page
    assert f'value="{idp.saml_entity_id}"' in page
    assert not saml_connection.revisions.exists()


def test_what_was_read_can_be_saved_as_it_stands(
    acme: AcmeSettings, saml_connection: Connection, idp: Tenant
) -> None:
    response = acme.post("draft", saml_connection.uid, action="check", metadata_url=idp.saml_entity_id)
    form = response.context["form"]
    entered = {name: value for name in form.fields if (value := form[name].value())}
    acme.post("draft", saml_connection.uid, action="save", **entered)
    draft = saml_connection.revisions.get(status=Revision.Status.DRAFT)
    assert (draft.issuer, draft.sso_url) == (idp.saml_entity_id, idp.saml_sso_url)
    assert (draft.certificates, draft.metadata_url) == ([idp.saml_certificate_pem], idp.saml_entity_id)


def test_address_is_entered_understood_and_saved_by_the_pages_own_form(
    acme: AcmeSettings, saml_connection: Connection, idp: Tenant
) -> None:
    """As a browser does it: what each page's form holds is sent, with the button that was pressed."""
    empty = form_on(acme.page("draft", saml_connection.uid))
    page = given(acme, saml_connection, **{**empty, "metadata_url": idp.saml_entity_id})
    for words in ("This is what we understood", idp.saml_entity_id, idp.saml_sso_url, "RSA, 2048 bits"):
        assert words in page
    saved = acme.post("draft", saml_connection.uid, action="save", **form_on(page))
    assert saved["Location"] == acme.url("connection", saml_connection.uid)
    page = acme.page("connection", saml_connection.uid)
    for words in ("Draft 1 is saved", idp.saml_entity_id, idp.saml_sso_url, "Metadata URL"):
        assert words in page


def form_on(page: str) -> dict[str, str]:
    """The fields of the draft's form, as the page holds them."""
    document: Any = lxml.html.fromstring(page)
    fields = document.get_element_by_id("here").form_values()
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


@pytest.mark.parametrize("way", ["file", "text"])
def test_a_file_and_pasted_xml_do_as_well(
    acme: AcmeSettings, saml_connection: Connection, idp: Tenant, way: str
) -> None:
    xml = metadata_document(idp)
    data: dict[str, object] = {"metadata_text": xml.decode()}
    if way == "file":
        data = {"metadata_file": SimpleUploadedFile("metadata.xml", xml)}
    page = given(acme, saml_connection, **data)
    assert f'value="{idp.saml_sso_url}"' in page


def test_an_aggregate_offers_its_idps_and_the_chosen_one_fills_the_form(
    acme: AcmeSettings, saml_connection: Connection
) -> None:
    xml = aggregate(entity("https://one.example"), entity("https://two.example"))
    page = given(acme, saml_connection, metadata_file=SimpleUploadedFile("all.xml", xml.encode()))
    assert "The metadata describes 2 identity providers" in page
    assert "https://one.example" in page
    page = given(acme, saml_connection, metadata_text=xml, entity_id="https://two.example")
    assert 'value="https://two.example"' in page
    assert "https://one.example" not in page


def test_an_entity_id_that_is_not_among_them_asks_again(
    acme: AcmeSettings, saml_connection: Connection
) -> None:
    xml = aggregate(entity("https://one.example"), entity("https://two.example"))
    assert "The metadata describes 2 identity providers" in given(
        acme, saml_connection, metadata_text=xml, entity_id="https://three.example"
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Give the metadata in one of the three ways"),
        ({"metadata_url": "https://a.example", "metadata_text": "<a/>"}, "Give one of the three"),
        ({"metadata_url": "ftp://a.example"}, "full address"),
        ({"metadata_url": "http://127.0.0.1:1/"}, "can&#x27;t be fetched"),
        ({"metadata_text": "<a/>"}, "not SAML 2.0 metadata"),
        ({"metadata_text": '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'}, "document type"),
        ({"metadata_text": entity(role="SPSSODescriptor")}, "not described as a SAML 2.0 identity provider"),
    ],
    ids=["nothing", "two", "no web address", "nobody there", "no metadata", "DTD", "an application"],
)
def test_what_can_not_be_read_is_named_beside_the_field(
    acme: AcmeSettings, saml_connection: Connection, data: dict[str, str], words: str
) -> None:
    assert words in given(acme, saml_connection, **data)
