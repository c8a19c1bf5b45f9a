"""An application is made known by the form on the IdP's own page."""

from typing import Any

import pytest
import requests
from lxml import html

from tests.demo_idp import DemoIdP, Tenant, TenantConfig
from tests.demo_idp_tests.support import ACS, CALLBACK, SP_ENTITY_ID

SLO = "http://portal.example/sso/c2/saml/slo/"


def register(tenant: Tenant, **fields: str) -> requests.Response:
    """Fill in the page's form of the protocol, all of whose fields are there to be filled in."""
    page: Any = html.fromstring(requests.get(f"{tenant.url}/", timeout=5).content)
    (form,) = [form for form in page.forms if form.fields.get("protocol") == fields["protocol"]]
    assert set(fields) <= set(form.fields)
    return requests.post(form.action, {**dict(form.fields), **fields}, timeout=5)


def shown(response: requests.Response) -> dict[str, str]:
    """What the next page says to enter at the application, by label."""
    page: Any = html.fromstring(response.content)
    labels, values = page.xpath("//dl[@id='registered']/dt"), page.xpath("//dl[@id='registered']/dd")
    return {label.text_content(): value.text_content() for label, value in zip(labels, values, strict=True)}


def test_client_is_registered_with_all_its_addresses(acme: Tenant) -> None:
    values = shown(
        register(
            acme,
            protocol="oidc",
            redirect_uri=CALLBACK,
            initiate_login_uri="http://portal.example/initiate/",
            post_logout_redirect_uri="http://portal.example/bye/",
            backchannel_logout_uri="http://portal.example/backchannel/",
            frontchannel_logout_uri="http://portal.example/frontchannel/",
        )
    )
    client = acme.clients[values["Client ID"]]
    assert values == {
        "Issuer URL": acme.issuer,
        "Client ID": client.client_id,
        "Client Secret": client.client_secret,
    }
    assert (client.title, client.redirect_uris) == ("HubSSO", (CALLBACK,))
    assert client.post_logout_redirect_uris == ("http://portal.example/bye/",)
    assert client.backchannel_logout_uri == "http://portal.example/backchannel/"


def test_service_provider_is_registered(acme: Tenant) -> None:
    acme.service_providers.clear()
    values = shown(
        register(acme, protocol="saml", acs_url=ACS, entity_id=SP_ENTITY_ID, slo_url=SLO, title="Ours")
    )
    assert values == {
        "Issuer (entity ID)": acme.saml_entity_id,
        "SSO URL": acme.saml_sso_url,
        "x509 certificate": acme.saml_certificate_pem,
    }
    registered = acme.service_providers[SP_ENTITY_ID]
    assert (registered.acs_url, registered.slo_url, registered.title) == (ACS, SLO, "Ours")


@pytest.mark.parametrize("url", ["", "portal.example/acs/", "javascript:alert(1)", "http://a.example/#x"])
def test_what_is_no_address_is_refused_by_name(acme: Tenant, url: str) -> None:
    before = dict(acme.clients)
    response = register(acme, protocol="oidc", redirect_uri=url)
    assert (response.status_code, "Redirect URI must be" in response.text) == (400, True)
    assert acme.clients == before


def test_only_the_idps_own_protocols_are_offered(idp: DemoIdP) -> None:
    globex = idp.add_tenant(TenantConfig(slug="globex", protocols=("saml",)))
    assert "register-oidc" not in requests.get(f"{globex.url}/", timeout=5).text
    form = {"protocol": "oidc", "redirect_uri": CALLBACK}
    assert requests.post(f"{globex.url}/register", form, timeout=5).status_code == 404
