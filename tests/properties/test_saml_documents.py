"""SAML from outside and from us: a posted document is refused or has the one shape, and our metadata is valid."""

import base64
import contextlib
import copy
import functools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import onelogin.saml2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hubsso.crypto import seal
from sso.errors import SSOError
from sso.models import Connection, KeyPair
from sso.saml.certificates import parse_certificates
from sso.saml.errors import SAMLError
from sso.saml.metadata import sp_metadata
from sso.saml.responses import read_response
from sso.types import SSOProtocol
from tests.builders import make_connection, make_org
from tests.demo_idp.saml_names import tag
from tests.fuzz.mutate import NAMES, TAGS, VALUES, change
from tests.fuzz.oracle import check_preflight
from tests.properties.strategies import words
from tests.rollback import rolled_back
from tests.sso.saml.exchange import Exchange, encoded, key_pair, make_exchange


@functools.cache
def exchange() -> Exchange:
    return make_exchange()


@functools.cache
def honest_tree() -> etree._Element:
    return etree.fromstring(exchange().honest.but(sign_response=True).xml())


# --- Documents of any kind -------------------------------------------------------------------------------

xml_text = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
    max_size=20,
)
attributes = st.dictionaries(st.sampled_from(NAMES), st.one_of(st.sampled_from(VALUES), xml_text), max_size=3)


def build(name: str, attributes: dict[str, str], text: str, children: list[Any]) -> etree._Element:
    element = etree.Element(tag(name), attributes)
    element.text = text
    element.extend(copy.deepcopy(child) for child in children)
    return element


trees = st.recursive(
    st.builds(build, st.sampled_from(TAGS), attributes, xml_text, st.just([])),
    lambda inner: st.builds(build, st.sampled_from(TAGS), attributes, xml_text, st.lists(inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=300), words.map(lambda text: text.encode(errors="replace"))))
def test_bytes_of_any_kind_are_refused(posted: bytes) -> None:
    for text in (posted.decode("latin-1"), base64.b64encode(posted).decode()):
        with pytest.raises(SAMLError):
            read_response(text)


@settings(max_examples=200)
@given(trees)
def test_tree_of_saml_elements_is_refused_or_has_the_one_shape(root: etree._Element) -> None:
    check_preflight(encoded(etree.tostring(root)))


# --- The honest document, changed ------------------------------------------------------------------------

places = st.integers(min_value=0)
changes = st.one_of(
    st.tuples(st.just("attribute"), places, st.sampled_from(NAMES), st.sampled_from(VALUES)),
    st.tuples(st.just("insert"), places, places, trees),
    st.tuples(st.just("move"), places, places),
    st.tuples(st.just("copy"), places, places),
    st.tuples(st.just("remove"), places),
    st.tuples(st.just("wrap"), places, st.sampled_from(TAGS)),
    st.tuples(st.just("text"), places, xml_text),
    st.tuples(st.just("comment"), places),
)


@settings(max_examples=300)
@given(st.lists(changes, max_size=4))
def test_changed_response_is_refused_or_says_what_was_signed(steps: list[Any]) -> None:
    """Whatever is done to a signed response, what is let in is what the IdP has said: this subject, this assertion."""
    root = copy.deepcopy(honest_tree())
    for step in steps:
        change(root, *step)
    posted = encoded(etree.tostring(root))
    check_preflight(posted)
    try:
        accepted = exchange().judge(posted)
    except SSOError:
        assert steps
        return
    assert accepted.identity.subject == exchange().honest.name_id
    assert accepted.identity.emails == ("zoe@globex.example",)
    assert accepted.assertion_id == exchange().honest.assertion_id


ids_of_strings = st.one_of(st.none(), xml_text)


@settings(max_examples=100)
@given(
    name_id=ids_of_strings,
    attributes=st.dictionaries(xml_text.filter(bool), st.lists(xml_text, max_size=3), max_size=4),
    session_index=ids_of_strings,
    audiences=st.one_of(st.none(), st.lists(xml_text, max_size=2)),
)
def test_signed_words_are_refused_or_read_letter_by_letter(
    name_id: str | None,
    attributes: dict[str, list[str]],
    session_index: str | None,
    audiences: list[str] | None,
) -> None:
    changed: dict[str, Any] = {
        "name_id": name_id,
        "attributes": attributes,
        "session_index": session_index,
        "audiences": (*(exchange().honest.audiences or ()), *(audiences or ())),
    }
    try:
        accepted = exchange().judge_but(**changed)
    except SSOError:
        return
    identity = accepted.identity
    assert (identity.subject, identity.idp_session_id) == (name_id, session_index or "")
    for name, values in identity.attributes.items():
        assert values == [value.strip() for value in attributes[name] if value.strip()]


# --- Metadata and certificates ---------------------------------------------------------------------------


@functools.cache
def metadata_schema() -> etree.XMLSchema:
    folder = Path(onelogin.saml2.__file__).parent / "schemas"
    return etree.XMLSchema(etree.parse(folder / "saml-schema-metadata-2.0.xsd"))


@settings(max_examples=25)
@given(uid=st.uuids(), statuses=st.sets(st.sampled_from(["next", "active"])), signs=st.booleans())
def test_our_metadata_is_valid_whatever_the_connection_is(
    db: None, uid: UUID, statuses: set[str], signs: bool
) -> None:
    with rolled_back():
        connection = make_connection(make_org(), SSOProtocol.SAML, sign_requests=signs)
        Connection.objects.filter(pk=connection.pk).update(uid=uid)
        connection.refresh_from_db()
        for status in statuses:
            add_key_pair(connection, status)
        document = etree.fromstring(sp_metadata(connection))
        assert metadata_schema().validate(document), metadata_schema().error_log
        assert document.get("entityID") == f"http://testserver/sso/{uid}/saml/metadata/"
        assert len(list(document.iter(tag("ds:X509Certificate")))) >= len(statuses)


@functools.cache
def certificate_of_an_sp() -> str:
    return key_pair("an sp").certificate_pem


def add_key_pair(connection: Connection, status: str) -> None:
    KeyPair.objects.create(
        org_id=connection.org_id,
        connection=connection,
        status=status,
        private_key_sealed=seal("x", context="properties"),
        certificate=certificate_of_an_sp(),
    )


@functools.cache
def pem() -> str:
    return key_pair("globex").certificate_pem


der_texts = st.binary(max_size=200).map(lambda der: base64.b64encode(der).decode())
certificate_texts = st.one_of(
    words,
    der_texts,
    der_texts.map("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----".format),
    st.tuples(st.integers(0, 1000), words).map(lambda cut: pem()[: cut[0]] + cut[1] + pem()[cut[0] + 1 :]),
    st.lists(st.sampled_from(["whole", "\n\n", "-----BEGIN PRIVATE KEY-----", "x"]), max_size=4).map(
        lambda parts: "\n".join(pem() if part == "whole" else part for part in parts)
    ),
)


@settings(max_examples=200)
@given(certificate_texts)
def test_text_is_no_certificate_or_one_that_can_be_read_again(text: str) -> None:
    try:
        found = parse_certificates(text, now=datetime.now(UTC))
    except SAMLError:
        return
    assert found
    for info in found:
        assert parse_certificates(info.pem, now=datetime.now(UTC)) == [info]


@pytest.mark.filterwarnings("ignore")  # of cryptography, about what such certificates say
def test_certificate_with_any_byte_changed_is_refused_or_read() -> None:
    """Some of what cryptography raises for them is no ValueError: a version that does not exist, a name of bits."""
    der = base64.b64decode("".join(pem().splitlines()[1:-1]))
    for position in range(len(der)):
        for value in (0, 1, 3, 0x7F, 0x80, 0xFF):
            changed = der[:position] + bytes([value]) + der[position + 1 :]
            with contextlib.suppress(SAMLError):
                parse_certificates(base64.b64encode(changed).decode(), now=datetime.now(UTC))
