"""The admins' guide played in the demo: Hooli, connected by nobody yet, is connected by its admin on pages alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import html

from tests.demo.launcher import RunningDemo, running_demo
from tests.demo.people import HANA, NINA
from tests.demo.walker import Walker

SETTINGS = "/orgs/hooli/settings/sso/"
PAGE = "/orgs/hooli/r/roadmap/"
AT_IDP = {
    "callback_url": "redirect_uri",
    "jwks_url": "jwks_uri",
    "initiate_url": "initiate_login_uri",
    "signed_out_url": "post_logout_redirect_uri",
    "backchannel_logout_url": "backchannel_logout_uri",
    "frontchannel_logout_url": "frontchannel_logout_uri",
    "acs_url": "acs_url",
    "entity_id": "entity_id",
    "slo_url": "slo_url",
}
AT_PORTAL = {
    "Issuer URL": "issuer",
    "Client ID": "client_id",
    "Client Secret": "client_secret",
    "Issuer (entity ID)": "issuer",
    "SSO URL": "sso_url",
    "x509 certificate": "certificates",
}


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunningDemo]:
    """One for each protocol: a member is linked to one subject of an organisation."""
    with running_demo(tmp_path) as running:
        yield running


@pytest.mark.parametrize("protocol", ["oidc", "saml"])
def test_admin_connects_hooli_and_a_member_signs_in(demo: RunningDemo, protocol: str) -> None:
    admin = Walker(demo.portal)
    admin.sign_in(HANA)
    name = f"Hooli {protocol}"
    made = admin.send(
        admin.open(f"{SETTINGS}connections/new/generic/"), "Continue", name=name, protocol=protocol
    )

    for_portal = register(demo, protocol, values_for_idp(made))
    checked = admin.send(made, "Check", **{AT_PORTAL[label]: value for label, value in for_portal.items()})
    assert "Nothing is saved yet" in checked.text
    saved = admin.send(checked, "Save draft")
    tested = admin.go_through_idp(link(saved, "Test this draft"), "hana")
    assert "The test passed" in tested.text
    live = admin.send(tested, "Make live")
    assert f"Revision 1 of {name} is live." in live.text

    member = Walker(demo.portal)
    member.sign_in(NINA)
    uid = live.url.rstrip("/").rpartition("/")[2]
    arrived = member.go_through_idp(f"/orgs/hooli/sso/?connection={uid}&next={PAGE}", "nina")
    assert arrived.url == f"{demo.portal}{PAGE}"
    assert "You are authenticated for Hooli until" in arrived.text


def values_for_idp(page: requests.Response) -> dict[str, str]:
    """What the portal's page says to enter at the IdP, by the names of the IdP's form."""
    document: Any = html.fromstring(page.content)
    return {
        AT_IDP[field.get("id").removeprefix("for-idp-")]: str(field.text).strip()
        for field in document.xpath("//main//textarea[starts-with(@id, 'for-idp-')]")
    }


def register(demo: RunningDemo, protocol: str, fields: dict[str, str]) -> dict[str, str]:
    """Fill in the IdP's form, and read what the portal must be told, by label."""
    page: Any = html.fromstring(requests.get(f"{demo.idp}/hooli/", timeout=20).content)
    (form,) = [form for form in page.forms if form.fields.get("protocol") == protocol]
    response = requests.post(form.action, {**dict(form.fields), **fields}, timeout=20)
    answer: Any = html.fromstring(response.content)
    labels, values = answer.xpath("//dl[@id='registered']/dt"), answer.xpath("//dl[@id='registered']/dd")
    return {label.text_content(): value.text_content() for label, value in zip(labels, values, strict=True)}


def link(page: requests.Response, text: str) -> str:
    document: Any = html.fromstring(page.content)
    (found,) = document.xpath(f"//main//a[contains(., '{text}')]")
    return str(found.get("href"))
