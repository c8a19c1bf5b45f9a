"""What becomes of NameID and attributes in the `IdentityAssertion`."""

from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from sso.saml.attributes import ENTRA_GROUPS_OVERAGE
from sso.saml.errors import AttributeInvalid
from sso.saml.sp import service_provider
from sso.types import IdentityAssertion, SessionLimit
from tests.demo_idp import saml_names as names
from tests.demo_idp.saml_names import tag
from tests.sso.saml.exchange import NOW, Exchange, find, make_exchange, signed

VALUE = "saml:Assertion/saml:AttributeStatement/saml:Attribute/saml:AttributeValue"
ENTRA_EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
OID_EMAIL = "urn:oid:0.9.2342.19200300.100.1.3"


def identity(exchange: Exchange, **changes: Any) -> IdentityAssertion:
    return exchange.judge_but(**changes).identity


def test_attributes_are_lists_of_strings_under_their_names(exchange: Exchange) -> None:
    attributes = {"groups": ("owners", "engineering"), "http://example.org/role": ("admin",), "none": ()}

    assert identity(exchange, attributes=attributes).attributes == {
        "groups": ["owners", "engineering"],
        "http://example.org/role": ["admin"],
        "none": [],
    }


def test_logout_hint_repeats_the_name_id_as_it_was_given(exchange: Exchange) -> None:
    assert identity(exchange).logout_hint == {"name_id": "zoe", "format": names.NAMEID_PERSISTENT}
    assert identity(exchange, name_id_format=None).logout_hint == {"name_id": "zoe"}

    root = exchange.honest.but(sign_assertion=False).element()
    sp_entity_id = service_provider(exchange.attempt.connection.uid).entity_id
    name_id = find(root, "saml:Assertion/saml:Subject/saml:NameID")
    name_id.set("NameQualifier", exchange.revision.issuer)
    name_id.set("SPNameQualifier", sp_entity_id)

    assert exchange.judge(signed(root, exchange)).identity.logout_hint == {
        "name_id": "zoe",
        "format": names.NAMEID_PERSISTENT,
        "name_qualifier": exchange.revision.issuer,
        "sp_name_qualifier": sp_entity_id,
    }


def test_attribute_that_is_repeated_for_each_value_is_joined(exchange: Exchange) -> None:
    root = exchange.honest.but(attributes={"Role": ("a",), "Role2": ("b",)}, sign_assertion=False).element()
    statement = find(root, "saml:Assertion/saml:AttributeStatement")
    statement[1].set("Name", "Role")

    assert exchange.judge(signed(root, exchange)).identity.attributes == {"Role": ["a", "b"]}


def test_values_are_trimmed_and_empty_ones_left_out(exchange: Exchange) -> None:
    attributes = identity(exchange, attributes={"groups": ("\n owners \n", "", "  ")}).attributes
    assert attributes == {"groups": ["owners"]}


@pytest.mark.parametrize(
    ("attributes", "emails"),
    [
        ({"email": ("Zoe@Globex.example",)}, ("zoe@globex.example",)),
        ({"mail": ("zoe@globex.example",)}, ("zoe@globex.example",)),
        ({OID_EMAIL: ("zoe@globex.example",)}, ("zoe@globex.example",)),
        ({ENTRA_EMAIL: ("zoe@globex.example",)}, ("zoe@globex.example",)),
        ({"mail": ("b@globex.example",), "email": ("a@globex.example",)}, ("a@globex.example",)),
        ({"mail": ("b@globex.example",), "email": ("",)}, ("b@globex.example",)),
        ({"email": ("a@globex.example", "b@globex.example")}, ("a@globex.example", "b@globex.example")),
        ({"email": ("a@globex.example", "A@GLOBEX.example")}, ("a@globex.example",)),
        ({"email": ("not an address",)}, ()),
        ({"email": ("zoe@globex.example\r\nBcc: x@example.org",)}, ()),
        ({"email": ("z" * 250 + "@globex.example",)}, ()),
        ({}, ()),
    ],
)
def test_email_is_found_where_idps_put_it(
    exchange: Exchange, attributes: dict[str, tuple[str, ...]], emails: tuple[str, ...]
) -> None:
    assert identity(exchange, attributes=attributes).emails == emails


def test_configured_email_attribute_is_the_only_place_that_counts() -> None:
    exchange = make_exchange(email_attribute="workMail")
    attributes = {"email": ("private@example.org",), "workMail": ("zoe@globex.example",)}

    assert identity(exchange, attributes=attributes).emails == ("zoe@globex.example",)
    assert identity(exchange, attributes={"email": ("private@example.org",)}).emails == ()


def test_name_id_counts_as_an_email_only_where_its_format_says_so(exchange: Exchange) -> None:
    name_id = {"name_id": "zoe@globex.example", "attributes": {}}

    assert identity(exchange, **name_id, name_id_format=names.NAMEID_EMAIL).emails == ("zoe@globex.example",)
    assert identity(exchange, **name_id, name_id_format=names.NAMEID_PERSISTENT).emails == ()
    assert identity(exchange, **name_id, name_id_format=None).emails == ()


def test_subject_is_the_name_id_letter_by_letter(exchange: Exchange) -> None:
    assert identity(exchange, name_id="ZoE@Globex.example").subject == "ZoE@Globex.example"


def test_session_of_the_idp_is_remembered(exchange: Exchange) -> None:
    ends_at = NOW + timedelta(hours=8)
    said = identity(exchange, session_index="s-1", session_not_on_or_after=ends_at)

    assert said.idp_session_id == "s-1"
    assert said.idp_limits == ((SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER, ends_at),)
    assert identity(exchange).idp_limits == ()


def test_groups_that_entra_left_out_are_noticed(exchange: Exchange) -> None:
    link = ("https://graph.windows.net/x/users/y/getMemberObjects",)

    assert identity(exchange, attributes={ENTRA_GROUPS_OVERAGE: link}).groups_incomplete
    assert not identity(exchange, attributes={"groups": ("a",)}).groups_incomplete


def test_value_that_is_a_name_id_is_read(exchange: Exchange) -> None:
    """eduPersonTargetedID has its value in a NameID."""
    root = exchange.honest.but(sign_assertion=False).element()
    value = find(root, VALUE)
    value.text = "\n"
    etree.SubElement(value, tag("saml:NameID")).text = "zoe@globex.example"

    assert exchange.judge(signed(root, exchange)).identity.emails == ("zoe@globex.example",)


def test_value_of_other_structure_is_left_out(exchange: Exchange) -> None:
    root = exchange.honest.but(sign_assertion=False).element()
    value = find(root, VALUE)
    value.text = None
    etree.SubElement(value, "address").text = "x"

    assert exchange.judge(signed(root, exchange)).identity.attributes == {"email": []}


def test_value_of_text_and_elements_mixed_is_refused(exchange: Exchange) -> None:
    root = exchange.honest.but(attributes={"role": ("admin",)}, sign_assertion=False).element()
    etree.SubElement(find(root, VALUE), "x").tail = "-not"

    with pytest.raises(AttributeInvalid):
        exchange.judge(signed(root, exchange))
