"""An IdP's metadata as an admin gives it: what is understood, what is left out, what is refused and why."""

from datetime import UTC, datetime, timedelta

import pytest

from sso.models import Revision
from sso.saml.idp_metadata import DescribedIdP, described_idp, described_idps, is_web_page
from sso.saml.limits import MAX_CERTIFICATES, MAX_METADATA_LENGTH, MAX_OFFERED_IDPS
from sso.saml.metadata_errors import (
    MetadataError,
    MetadataExpired,
    MetadataMalformed,
    MetadataTooLarge,
    MetadataWithoutIdP,
)
from tests.demo_idp.keys import KeyStore
from tests.sso.settings.certificates import make_certificate

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
NOW = datetime.now(UTC)
FIRST = KeyStore().saml_key_pair("metadata-1")
SECOND = KeyStore().saml_key_pair("metadata-2")


def key(certificate: str = FIRST.certificate_base64, *, use: str = ' use="signing"') -> str:
    return (
        f"<md:KeyDescriptor{use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def service(name: str, binding: str, location: str, more: str = "") -> str:
    return f'<md:{name} Binding="{BINDINGS}{binding}" Location="{location}" {more}/>'


SSO = service("SingleSignOnService", "HTTP-Redirect", "https://idp.example.org/sso")


def entity(
    entity_id: str = "https://idp.example.org",
    *,
    keys: str = key(),
    slo: str = "",
    sso: str = SSO,
    attributes: str = "",
    role_attributes: str = "",
    role: str = "IDPSSODescriptor",
    more: str = "",
) -> str:
    return (
        f'<md:EntityDescriptor xmlns:md="{MD}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" '
        f'xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui" entityID="{entity_id}" {attributes}>'
        f'<md:{role} protocolSupportEnumeration="{SAMLP}" {role_attributes}>{more}{keys}{slo}{sso}</md:{role}>'
        "</md:EntityDescriptor>"
    )


def aggregate(*entities: str, attributes: str = "") -> str:
    return f'<md:EntitiesDescriptor xmlns:md="{MD}" {attributes}>{"".join(entities)}</md:EntitiesDescriptor>'


def read(xml: str) -> list[DescribedIdP]:
    return described_idps(xml.encode(), now=NOW)


def only(xml: str) -> DescribedIdP:
    (idp,) = read(xml)
    return idp


def ago(**units: int) -> str:
    return (NOW - timedelta(**units)).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- What is understood --------------------------------------------------------------------------------


def test_entity_id_address_and_certificates_are_read() -> None:
    idp = only(
        entity(role_attributes='WantAuthnRequestsSigned="true"', keys=key() + key(SECOND.certificate_base64))
    )
    assert idp.entity_id == "https://idp.example.org"
    assert idp.sso.url == "https://idp.example.org/sso"
    assert idp.sso.binding == Revision.Binding.REDIRECT
    assert idp.certificates == (FIRST.certificate_pem, SECOND.certificate_pem)
    assert idp.wants_signed_requests
    assert idp.slo is None
    assert idp.notes == ()


def test_redirect_is_preferred_and_other_bindings_are_passed_over() -> None:
    sso = (
        service("SingleSignOnService", "SOAP", "https://idp.example.org/soap")
        + service("SingleSignOnService", "HTTP-POST", "https://idp.example.org/post")
        + SSO
    )
    assert only(entity(sso=sso)).sso.url == "https://idp.example.org/sso"
    assert only(entity(sso=sso)).offered_bindings == ("SOAP", "HTTP-POST", "HTTP-Redirect")
    post_only = service("SingleSignOnService", "HTTP-POST", "https://idp.example.org/post")
    assert only(entity(sso=post_only)).sso.binding == Revision.Binding.POST


def test_single_logout_is_read_with_where_answers_go() -> None:
    location = 'ResponseLocation="https://idp.example.org/slo-answer"'
    slo = service("SingleLogoutService", "HTTP-POST", "https://idp.example.org/slo", location)
    found = only(entity(slo=slo)).slo
    assert found is not None
    assert (found.url, found.response_url, found.binding) == (
        "https://idp.example.org/slo",
        "https://idp.example.org/slo-answer",
        Revision.Binding.POST,
    )


def test_a_key_without_a_use_signs_and_one_for_encryption_does_not() -> None:
    keys = key(use="") + key(SECOND.certificate_base64, use=' use="encryption"')
    assert only(entity(keys=keys)).certificates == (FIRST.certificate_pem,)


def test_the_english_name_is_shown() -> None:
    names = (
        '<md:Extensions><mdui:UIInfo><mdui:DisplayName xml:lang="de">Haus</mdui:DisplayName>'
        '<mdui:DisplayName xml:lang="en"> House \n Login </mdui:DisplayName></mdui:UIInfo></md:Extensions>'
    )
    assert only(entity(more=names)).name == "House Login"
    assert only(entity()).name == "https://idp.example.org"


def test_comments_and_a_declaration_do_not_matter() -> None:
    xml = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by a machine -->\n' + entity(
        keys=key(f"{FIRST.certificate_base64[:50]}<!-- x -->{FIRST.certificate_base64[50:]}")
    )
    assert only(xml).certificates == (FIRST.certificate_pem,)


def test_every_idp_of_an_aggregate_is_offered_and_no_application_is() -> None:
    xml = aggregate(
        entity("https://one.example"),
        entity("https://app.example", role="SPSSODescriptor"),
        aggregate(entity("https://two.example")),
    )
    assert [idp.entity_id for idp in read(xml)] == ["https://one.example", "https://two.example"]
    assert (
        described_idp(xml.encode(), entity_id="https://two.example", now=NOW).entity_id
        == "https://two.example"
    )


# --- What is left out ----------------------------------------------------------------------------------


def test_an_expired_certificate_is_left_out_and_said() -> None:
    expired = "".join(make_certificate(expires_in_days=-1).splitlines()[1:-1])
    idp = only(entity(keys=key() + key(expired)))
    assert idp.certificates == (FIRST.certificate_pem,)
    assert "expired" in idp.notes[0]


def test_a_logout_address_that_is_no_address_is_left_out_and_said() -> None:
    slo = service("SingleLogoutService", "HTTP-POST", "javascript:alert(1)")
    idp = only(entity(slo=slo))
    assert idp.slo is None
    assert "single logout" in idp.notes[0]


def test_entities_whose_time_is_over_are_left_out_of_an_aggregate() -> None:
    past = f'validUntil="{ago(minutes=1)}"'
    xml = aggregate(entity("https://old.example", attributes=past), entity("https://new.example"))
    assert [idp.entity_id for idp in read(xml)] == ["https://new.example"]


# --- What is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "xml",
    [
        entity(attributes=f'validUntil="{ago(seconds=1)}"'),
        entity(role_attributes=f'validUntil="{ago(days=1)}"'),
        aggregate(entity(), attributes=f'validUntil="{ago(days=1)}"'),
        aggregate(aggregate(entity(), attributes=f'validUntil="{ago(days=1)}"')),
        aggregate(),
    ],
    ids=["entity", "role", "aggregate", "inner aggregate", "empty aggregate"],
)
def test_metadata_whose_time_is_over_is_refused(xml: str) -> None:
    with pytest.raises(MetadataExpired):
        read(xml)


@pytest.mark.parametrize(
    ("xml", "refusal"),
    [
        ("", MetadataMalformed),
        ("not XML", MetadataMalformed),
        ("<html/>", MetadataMalformed),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', MetadataMalformed),
        (entity(""), MetadataMalformed),
        (entity("x" * 501), MetadataMalformed),
        (entity(attributes='validUntil="soon"'), MetadataMalformed),
        (aggregate(entity("https://one.example"), entity("https://one.example")), MetadataMalformed),
        (entity(role="SPSSODescriptor"), MetadataWithoutIdP),
        (entity(keys=""), MetadataWithoutIdP),
        (entity(keys=key("AAAA")), MetadataWithoutIdP),
        (entity(sso=""), MetadataWithoutIdP),
        (entity(sso=service("SingleSignOnService", "SOAP", "https://idp.example.org")), MetadataWithoutIdP),
        (entity(sso=service("SingleSignOnService", "HTTP-POST", "javascript:alert(1)")), MetadataWithoutIdP),
        (
            entity(sso=service("SingleSignOnService", "HTTP-POST", "http://idp.example.org")),
            MetadataWithoutIdP,
        ),
        (entity(sso=service("SingleSignOnService", "HTTP-POST", "file:///etc/passwd")), MetadataWithoutIdP),
        (" " * (MAX_METADATA_LENGTH + 1), MetadataTooLarge),
        (f"<a>{'<b/>' * 60_000}</a>", MetadataTooLarge),
        ("<a>" * 100 + "</a>" * 100, MetadataTooLarge),
        (aggregate(*(entity(f"https://{n}.example") for n in range(MAX_OFFERED_IDPS + 1))), MetadataTooLarge),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_what_can_not_be_used_is_refused(xml: str, refusal: type[MetadataError]) -> None:
    with pytest.raises(refusal):
        read(xml)


def test_more_certificates_than_are_taken_are_refused() -> None:
    certificates = ["".join(make_certificate().splitlines()[1:-1]) for _ in range(MAX_CERTIFICATES + 1)]
    with pytest.raises(MetadataMalformed):
        read(entity(keys="".join(map(key, certificates))))


@pytest.mark.parametrize("page", ["<!DOCTYPE html><html>", "\ufeff\n<html lang='en'>", "<HTML>"])
def test_a_web_page_is_told_from_metadata(page: str) -> None:
    assert is_web_page(page.encode())
    assert not is_web_page(entity().encode())


def test_an_idp_that_is_not_described_is_refused() -> None:
    with pytest.raises(MetadataWithoutIdP):
        described_idp(entity().encode(), entity_id="https://other.example", now=NOW)


def test_several_unusable_entities_are_counted() -> None:
    with pytest.raises(MetadataWithoutIdP, match="None of the 2 entities"):
        read(aggregate(entity("https://a.example", sso=""), entity("https://b.example", keys="")))
