"""From bytes that anybody may have sent to a tree: parsed once, hardened, and never parsed again.

The parser loads no DTD, resolves no entity and asks no network. A document with a DTD is refused before the
parser sees it, which the forced encoding makes reliable. Comments and processing instructions are kept in the
tree so that they can be refused, not dropped: what one reader drops, another may not.
"""

import base64
import binascii
from typing import Any

from django.utils.translation import gettext_noop
from lxml import etree

from sso.saml.errors import DocumentForbidden, ResponseMalformed, ResponseTooLarge
from sso.saml.limits import (
    MAX_ATTRIBUTES_PER_ELEMENT,
    MAX_NAMESPACE_LENGTH,
    MAX_NAMESPACES_IN_SCOPE,
    MAX_POSTED_LENGTH,
    MESSAGE_LIMITS,
    Limits,
)

_EVENTS = ("start", "end", "start-ns", "end-ns")


def parse_posted(posted: str) -> etree._Element:
    """The root element of a `SAMLResponse` form field (Bindings 3.5.4).

    Raises ResponseTooLarge, ResponseMalformed or DocumentForbidden.
    """
    if len(posted) > MAX_POSTED_LENGTH:
        raise ResponseTooLarge(f"The response has {len(posted)} characters; {MAX_POSTED_LENGTH} are allowed.")
    return parse(_decode(posted))


def parse(xml: bytes, *, limits: Limits = MESSAGE_LIMITS, drops_comments: bool = False) -> etree._Element:
    """The root element of a document. Raises ResponseTooLarge, ResponseMalformed or DocumentForbidden.

    `drops_comments` is for documents that a person checks and no signature covers: metadata often has them.
    """
    root = _parse(xml, drops_comments=drops_comments)
    _check_nodes(root, limits)
    return root


def _decode(posted: str) -> bytes:
    try:
        return base64.b64decode("".join(posted.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ResponseMalformed("The SAMLResponse field is not base64.") from error


def _parse(xml: bytes, *, drops_comments: bool) -> etree._Element:
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise DocumentForbidden(gettext_noop("The document has a document type declaration."))
    parser = etree.XMLParser(
        encoding="utf-8",  # whatever the document says of itself, so that the search above can be relied on
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
        remove_comments=drops_comments,
        remove_pis=drops_comments,
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ResponseMalformed(gettext_noop("The document is not well-formed XML in UTF-8.")) from error
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype:
        raise DocumentForbidden(gettext_noop("The document has a document type declaration."))
    return root


def _check_nodes(root: etree._Element, limits: Limits) -> None:
    """Nothing but elements and text, and of those not more than an honest document needs."""
    if any(True for is_before in (True, False) for _ in root.itersiblings(preceding=is_before)):
        raise DocumentForbidden("The document has a comment or a processing instruction beside its root.")
    # Asked first: `iterwalk` would make an event of each of a hundred thousand before it hands out one.
    if any(True for _ in root.iter(etree.Comment, etree.ProcessingInstruction)):
        raise DocumentForbidden("The document has a comment or a processing instruction.")
    depth = elements = attributes = namespaces = 0
    for event, node in etree.iterwalk(root, events=_EVENTS):
        match event:
            case "start":
                depth += 1
                elements += 1
                attributes += len(node.attrib)
                _check_element(node, depth=depth, elements=elements, limits=limits)
                if attributes > limits.attributes:
                    raise ResponseTooLarge(f"The document has more than {limits.attributes} attributes.")
            case "end":
                depth -= 1
            case "start-ns":
                namespaces += 1
                _check_namespace(node[1], in_scope=namespaces)
            case "end-ns":
                namespaces -= 1


def _check_element(element: etree._Element, *, depth: int, elements: int, limits: Limits) -> None:
    if not isinstance(element.tag, str):
        raise DocumentForbidden("The document has an entity reference.")
    if depth > limits.depth or elements > limits.elements:
        raise ResponseTooLarge(
            f"The document is nested deeper than {limits.depth} or has more than {limits.elements} elements."
        )
    if len(element.attrib) > MAX_ATTRIBUTES_PER_ELEMENT:
        raise ResponseTooLarge(f"An element has more than {MAX_ATTRIBUTES_PER_ELEMENT} attributes.")


def _check_namespace(uri: str, *, in_scope: int) -> None:
    """Every element below carries the name, and canonicalisation looks through all that are in scope."""
    if in_scope > MAX_NAMESPACES_IN_SCOPE or len(uri) > MAX_NAMESPACE_LENGTH:
        raise ResponseTooLarge(
            f"More than {MAX_NAMESPACES_IN_SCOPE} namespaces are declared one inside the other, or one has "
            f"more than {MAX_NAMESPACE_LENGTH} characters."
        )
