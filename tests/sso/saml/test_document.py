"""What is refused before anybody asks who signed it: size, and everything XML can do besides elements and text."""

import pytest

from sso.errors import SSOError
from sso.saml.document import parse_posted
from sso.saml.errors import DocumentForbidden, ResponseMalformed, ResponseTooLarge
from sso.saml.limits import (
    MAX_ATTRIBUTES_PER_ELEMENT,
    MAX_NAMESPACE_LENGTH,
    MAX_NAMESPACES_IN_SCOPE,
    MESSAGE_LIMITS,
)
from tests.sso.saml.exchange import Exchange, encoded

MANY_ATTRIBUTES = " ".join(f"b{number}=''" for number in range(MAX_ATTRIBUTES_PER_ELEMENT + 1))
MANY_NAMESPACES = " ".join(f"xmlns:n{number}='urn:x'" for number in range(MAX_NAMESPACES_IN_SCOPE + 1))
# Three in scope by their names, far more by their declarations, through all of which a search may lead.
NAMESPACES_HIDING_EACH_OTHER = "<a xmlns:x='1' xmlns:y='2' xmlns:z='3'>" * 20 + "</a>" * 20


def test_honest_response_is_parsed(exchange: Exchange) -> None:
    assert parse_posted(exchange.honest.base64()).get("ID") == exchange.honest.response_id


def test_base64_may_be_wrapped(exchange: Exchange) -> None:
    posted = exchange.honest.base64()
    wrapped = "\r\n".join(posted[start : start + 76] for start in range(0, len(posted), 76))

    exchange.judge(wrapped)


@pytest.mark.parametrize(
    ("xml", "refusal"),
    [
        ("<!DOCTYPE a><a/>", DocumentForbidden),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', DocumentForbidden),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', DocumentForbidden),
        ('<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/">%x;]><a/>', DocumentForbidden),
        ("<a><!-- x --></a>", DocumentForbidden),
        ("<a/><!-- x -->", DocumentForbidden),
        ("<!-- x --><a/>", DocumentForbidden),
        ("<a><?x y?></a>", DocumentForbidden),
        ("<?x y?><a/>", DocumentForbidden),
        ("<a/><?x y?>", DocumentForbidden),
        ("<a>&x;</a>", ResponseMalformed),
        ("<a><b></a></b>", ResponseMalformed),
        ("<a", ResponseMalformed),
        ("", ResponseMalformed),
        ("hello", ResponseMalformed),
        ("<a/><a/>", ResponseMalformed),
        ("<a b='1' b='2'/>", ResponseMalformed),
        ("<x:a/>", ResponseMalformed),
        (f"<a>{'<b>' * MESSAGE_LIMITS.depth}{'</b>' * MESSAGE_LIMITS.depth}</a>", ResponseTooLarge),
        (f"<a>{'<b>' * 5000}{'</b>' * 5000}</a>", ResponseMalformed),
        (f"<a>{'<b/>' * MESSAGE_LIMITS.elements}</a>", ResponseTooLarge),
        (f"<a {MANY_ATTRIBUTES}/>", ResponseTooLarge),
        (f"<a {MANY_NAMESPACES}/>", ResponseTooLarge),
        (NAMESPACES_HIDING_EACH_OTHER, ResponseTooLarge),
        (f"<a xmlns='{'u' * (MAX_NAMESPACE_LENGTH + 1)}'/>", ResponseTooLarge),
    ],
)
def test_document_of_another_kind_is_refused(xml: str, refusal: type[SSOError]) -> None:
    with pytest.raises(refusal):
        parse_posted(encoded(xml))


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    with pytest.raises(ResponseMalformed):
        parse_posted(encoded(b"<a>\xff</a>"))


def test_member_of_2500_groups_is_let_in(exchange: Exchange) -> None:
    groups = tuple(f"group-{number}" for number in range(2500))

    accepted = exchange.judge_but(attributes={"groups": groups})

    assert accepted.identity.attributes["groups"] == list(groups)


def test_namespace_declared_by_every_value_counts_once(exchange: Exchange) -> None:
    """Many IdPs declare `xs` in each AttributeValue anew."""
    xml = "<a>" + "<b xmlns:xs='urn:x'/>" * (MAX_NAMESPACES_IN_SCOPE * 2) + "</a>"

    assert len(parse_posted(encoded(xml))) == MAX_NAMESPACES_IN_SCOPE * 2
