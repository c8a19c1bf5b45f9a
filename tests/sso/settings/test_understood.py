"""What was understood is shown before it is saved, and one click corrects what is nearly right."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hubsso.crypto import seal
from sso.models import Connection
from sso.oidc.discovery import WELL_KNOWN_PATH
from sso.revisions.corrections import Correction, better_address, posted_correction
from sso.revisions.held_secrets import HELD_FOR, NothingHeld, hold, release
from sso.types import SSOProtocol
from tests.demo_idp import DemoIdP, Tenant, TenantConfig
from tests.sso.settings.certificates import make_certificate
from tests.sso.settings.conftest import SECRET, AcmeSettings, draft_of
from tests.sso.settings.test_drafts import saml_fields

PEM = make_certificate()
ONE_LINE = "".join(PEM.splitlines()[1:-1])


@pytest.fixture
def new(acme: AcmeSettings) -> Connection:
    return Connection.objects.create(org=acme.org, name="Acme Login", protocol=SSOProtocol.OIDC)


@pytest.fixture
def saml_tenant(demo_idp: DemoIdP) -> Tenant:
    return demo_idp.add_tenant(TenantConfig(slug="saml-acme", protocols=("saml",)))


def entered(response: Any) -> dict[str, str]:
    """What the page's form would send."""
    form = response.context["form"]
    return {name: value for name in form.fields if (value := form[name].value())}


def correction(response: Any, field: str) -> Correction:
    found: Correction = response.context["form"].corrections[field]
    assert f">{found.label}</button>" in response.content.decode().replace("&#x27;", "'")
    return found


# --- OpenID Connect ------------------------------------------------------------------------------------


def test_checking_shows_what_the_idp_says_and_saves_nothing(
    acme: AcmeSettings, new: Connection, tenant: Tenant
) -> None:
    data = {"client_id": "hub", "client_secret": SECRET, "issuer": tenant.issuer}
    response = acme.post("draft", new.uid, action="check", **data)
    page = response.content.decode()
    for words in ("This is what we understood", f"{tenant.issuer}/token", "RS256", "client_secret_basic"):
        assert words in page
    assert not new.revisions.exists()
    assert SECRET not in page
    assert "Entered. Type another one to replace it." in page

    saved = acme.post("draft", new.uid, action="save", **entered(response))
    assert saved.status_code == 302
    assert (draft_of(new).client_secret, draft_of(new).issuer) == (SECRET, tenant.issuer)


def test_what_was_changed_since_is_shown_once_more(
    acme: AcmeSettings, new: Connection, tenant: Tenant
) -> None:
    data = {"client_id": "hub", "client_secret": SECRET, "issuer": tenant.issuer}
    checked = acme.post("draft", new.uid, action="check", **data)
    again = acme.post("draft", new.uid, action="save", **{**entered(checked), "client_id": "other"})
    assert "You changed something since you last looked" in again.content.decode()
    assert not new.revisions.exists()
    assert acme.post("draft", new.uid, action="save", **entered(again)).status_code == 302
    assert draft_of(new).client_id == "other"


@pytest.mark.parametrize("end", ["", "/"])
def test_discovery_url_does_as_well_as_the_issuer(
    acme: AcmeSettings, new: Connection, tenant: Tenant, end: str
) -> None:
    issuer = f"{tenant.issuer}{WELL_KNOWN_PATH}{end}"
    checked = acme.post("draft", new.uid, action="check", client_id="x", client_secret="y", issuer=issuer)
    assert entered(checked)["issuer"] == tenant.issuer


def test_issuer_with_a_slash_too_many_is_one_click_away(
    acme: AcmeSettings, new: Connection, tenant: Tenant
) -> None:
    data = {"client_id": "hub", "client_secret": SECRET, "issuer": f"{tenant.issuer}/"}
    refused = acme.post("draft", new.uid, action="check", **data)
    assert f"you entered &#x27;{tenant.issuer}/&#x27;" in refused.content.decode()
    button = correction(refused, "issuer")
    assert button.values == {"issuer": tenant.issuer}

    corrected = acme.post("draft", new.uid, correct=button.posted, **entered(refused))
    assert "This is what we understood" in corrected.content.decode()
    acme.post("draft", new.uid, action="save", **entered(corrected))
    assert (draft_of(new).issuer, draft_of(new).client_secret) == (tenant.issuer, SECRET)


@pytest.mark.parametrize(
    ("issuer", "better"),
    [
        ("http://idp.example", "https://idp.example"),
        ("idp.example/x", "https://idp.example/x"),
        ("https://idp. example", "https://idp.example"),
        ("https://idp.example\u200b", "https://idp.example"),
    ],
)
def test_issuer_that_is_no_address_is_corrected(
    acme: AcmeSettings, new: Connection, issuer: str, better: str
) -> None:
    refused = acme.post("draft", new.uid, action="check", client_id="x", issuer=issuer)
    assert correction(refused, "issuer").values == {"issuer": better}
    assert better_address(issuer) == better


# --- SAML ----------------------------------------------------------------------------------------------


def test_metadata_address_shows_certificates_and_addresses(
    acme: AcmeSettings, saml_connection: Connection, saml_tenant: Tenant
) -> None:
    response = acme.post(
        "draft", saml_connection.uid, action="check", metadata_url=saml_tenant.saml_entity_id
    )
    page = response.content.decode()
    for words in (saml_tenant.saml_sso_url, "by HTTP-Redirect", "RSA, 2048 bits", "valid from"):
        assert words in page
    assert re.search(r'<code class="fingerprint">([0-9A-F]{2}:){31}[0-9A-F]{2}<', page)
    acme.post("draft", saml_connection.uid, action="save", **entered(response))
    draft = draft_of(saml_connection)
    assert (draft.metadata_url, draft.issuer) == (saml_tenant.saml_entity_id, saml_tenant.saml_entity_id)


def test_saml_page_says_which_algorithms_it_accepts(acme: AcmeSettings, saml_connection: Connection) -> None:
    checked = acme.post("draft", saml_connection.uid, action="check", **saml_fields(certificates=PEM))
    (facts,) = [section.facts for section in checked.context["understood"].sections if section.certificates]
    curves = ("ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512")
    assert [fact.values for fact in facts] == [
        (*curves, "rsa-sha256", "rsa-sha384", "rsa-sha512"),
        ("sha256", "sha384", "sha512"),
    ]
    page = checked.content.decode()
    for words in ("Signature algorithms we accept", "rsa-sha256", "Digest algorithms we accept", "sha384"):
        assert words in page


def test_metadata_that_was_read_is_not_read_again(
    acme: AcmeSettings, saml_connection: Connection, saml_tenant: Tenant
) -> None:
    """An admin's own change stays: only another address fills the form anew."""
    read = acme.post("draft", saml_connection.uid, action="check", metadata_url=saml_tenant.saml_entity_id)
    changed = {**entered(read), "sso_url": "https://elsewhere.example/sso"}
    again = acme.post("draft", saml_connection.uid, action="check", **changed)
    assert entered(again)["sso_url"] == "https://elsewhere.example/sso"


Given = dict[str, str]


@pytest.mark.parametrize(
    ("given", "field", "better"),
    [
        (
            saml_fields(sso_url="http://idp.acme.example/"),
            "sso_url",
            {"sso_url": "https://idp.acme.example/"},
        ),
        (saml_fields(issuer="urn: acme"), "issuer", {"issuer": "urn:acme"}),
        (
            saml_fields(issuer="https://idp.acme.example/sso", sso_url="urn:acme"),
            "sso_url",
            {"issuer": "urn:acme", "sso_url": "https://idp.acme.example/sso"},
        ),
        (
            saml_fields(issuer="https://a.okta.example/sso", sso_url="http://www.okta.example/exk1"),
            "sso_url",
            {"issuer": "http://www.okta.example/exk1", "sso_url": "https://a.okta.example/sso"},
        ),
        (saml_fields(certificates=PEM.replace("\n", "\\n")), "certificates", {"certificates": PEM}),
        (
            saml_fields(certificates=f"<ds:X509Certificate>{ONE_LINE}</ds:X509Certificate>"),
            "certificates",
            {"certificates": PEM},
        ),
    ],
    ids=["http", "space", "swapped", "swapped http", "line ends written out", "XML"],
)
def test_mistake_is_one_click_away(
    acme: AcmeSettings, saml_connection: Connection, given: Given, field: str, better: Given
) -> None:
    refused = acme.post("draft", saml_connection.uid, action="check", **given)
    button = correction(refused, field)
    assert {name: value.strip() for name, value in button.values.items()} == {
        name: value.strip() for name, value in better.items()
    }
    corrected = acme.post("draft", saml_connection.uid, correct=button.posted, **entered(refused))
    assert "This is what we understood" in corrected.content.decode()
    assert not saml_connection.revisions.exists()


@pytest.mark.parametrize("lines", [" ".join(PEM.split("\n")), ONE_LINE])
def test_certificate_on_one_line_or_without_its_markers_is_read(
    acme: AcmeSettings, saml_connection: Connection, lines: str
) -> None:
    checked = acme.post("draft", saml_connection.uid, action="check", **saml_fields(certificates=lines))
    assert "This is what we understood" in checked.content.decode()


def test_metadata_address_as_sso_url_is_read_instead(
    acme: AcmeSettings, saml_connection: Connection, saml_tenant: Tenant
) -> None:
    given = saml_fields(sso_url=saml_tenant.saml_entity_id)
    refused = acme.post("draft", saml_connection.uid, action="check", **given)
    assert "This is the address of the metadata" in refused.content.decode()
    button = correction(refused, "sso_url")
    corrected = acme.post("draft", saml_connection.uid, correct=button.posted, **entered(refused))
    assert entered(corrected)["sso_url"] == saml_tenant.saml_sso_url


def test_whole_metadata_among_the_certificates_is_read_instead(
    acme: AcmeSettings, saml_connection: Connection
) -> None:
    given = saml_fields(certificates="<md:EntityDescriptor/>")
    button = correction(acme.post("draft", saml_connection.uid, action="check", **given), "certificates")
    assert button.values == {"metadata_text": "<md:EntityDescriptor/>", "certificates": ""}


# --- What travels between the pages ----------------------------------------------------------------------


@pytest.mark.parametrize("posted", ["", "x", "[]", '{"a": 1}', '"a"', "[" * 9000])
def test_button_that_nobody_offered_corrects_nothing(posted: str) -> None:
    assert posted_correction(posted) == {}


def test_button_can_not_fill_in_what_is_no_value(acme: AcmeSettings, new: Connection) -> None:
    forged = {"held_secret": "x", "client_secret": "x", "based_on": "x", "client_id": "y", "other": "z"}
    form = acme.post("draft", new.uid, correct=json.dumps(forged)).context["form"]
    assert {name: form.data.get(name, "") for name in forged} == dict.fromkeys(forged, "") | {
        "client_id": "y"
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda held: (held, "another place", timedelta()),
        lambda held: (held, "here", HELD_FOR),
        lambda held: (held, "here", -timedelta(seconds=1)),
        lambda held: (seal("x", context="held:here:client_secret"), "here", timedelta()),
        lambda held: ("nonsense", "here", timedelta()),
    ],
    ids=["another's", "an hour later", "before", "not ours", "nonsense"],
)
def test_held_secret_opens_for_whoever_typed_it_and_for_an_hour(
    spoil: Callable[[str], tuple[str, str, timedelta]],
) -> None:
    now = timezone.now()
    held = hold("s3cret", place="here", now=now)
    assert release(held, place="here", now=now + timedelta(minutes=59)) == "s3cret"
    text, place, later = spoil(held)
    with pytest.raises(NothingHeld):
        release(text, place=place, now=now + later)


def test_held_secret_that_does_not_open_is_asked_for_again(
    acme: AcmeSettings, new: Connection, tenant: Tenant
) -> None:
    data = {"client_id": "hub", "issuer": tenant.issuer, "held_secret": "of-another"}
    refused = acme.post("draft", new.uid, action="save", **data)
    assert refused.context["form"].errors["client_secret"] == ["Enter the client secret again."]
