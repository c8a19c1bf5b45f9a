"""Changes of XML documents that leave them well-formed: what a byte flipped at random hardly ever does."""

import copy
import random
from typing import Any

from lxml import etree

from tests.demo_idp.saml_names import tag

TAGS = (
    *("samlp:Response", "saml:Assertion", "saml:Issuer", "saml:NameID", "samlp:Status", "samlp:Extensions"),
    *(
        "saml:EncryptedAssertion",
        "ds:Signature",
        "ds:SignedInfo",
        "ds:Reference",
        "ds:Transforms",
        "ds:Object",
    ),
    *("ds:Transform", "ds:KeyInfo", "ds:X509Data", "saml:Advice", "saml:AttributeValue", "saml:Subject"),
)
NAMES = (
    "ID",
    "Id",
    "id",
    "URI",
    "Algorithm",
    "Version",
    "Destination",
    "InResponseTo",
    "Value",
    "PrefixList",
)
VALUES = (
    "",
    "#",
    "#x",
    "2.0",
    "file:///dev/zero",
    "http://www.w3.org/TR/1999/REC-xslt-19991116",
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "xpointer(id('x'))",
    "x')]|//*[('",
    "true",
    "2031-05-06T07:08:09Z",
    "https://user@idp.example/",
)
MAX_LENGTH = 64 * 1024


def change(root: etree._Element, kind: str, place: int, *how: Any) -> None:
    """One change, somewhere; none where it can't be made there.

    `how` is (name, value) for "attribute", (text) for "text", (position, element) for "insert", (another place) for
    "copy" and "move", (tag) for "wrap"; nothing for "remove" and "comment".
    """
    elements = list(root.iter(etree.Element))
    element = elements[place % len(elements)]
    match kind, *how:
        case "attribute", name, value:
            element.set(name, value)
        case "text", text:
            element.text = text
        case ("comment",):
            element.append(etree.Comment("x"))
        case "insert", position, inserted:
            element.insert(position % (len(element) + 1), copy.deepcopy(inserted))
        case "copy", other:
            element.append(copy.deepcopy(elements[other % len(elements)]))
        case (("move" | "remove" | "wrap"), *_) if element is not root:
            _move(elements, element, kind, *how)


def _move(elements: list[etree._Element], element: etree._Element, kind: str, *how: Any) -> None:
    parent = element.getparent()
    assert parent is not None
    if kind == "remove":
        parent.remove(element)
    elif kind == "wrap":
        wrapper = etree.Element(tag(how[0]))
        parent.replace(element, wrapper)
        wrapper.append(element)
    else:
        target = elements[how[0] % len(elements)]
        if element not in (target, *target.iterancestors()):
            target.append(element)


def mutate(xml: bytes, *, seed: int, donors: list[etree._Element]) -> bytes:
    """The document after one to three changes; unchanged where it is no XML. `donors` lend their elements."""
    chance = random.Random(seed)  # noqa: S311 - to find faults, not to keep secrets
    try:
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return xml
    for _ in range(chance.randint(1, 3)):
        _change_somewhere(root, chance, donors)
    return etree.tostring(root, encoding="utf-8", xml_declaration=False)[:MAX_LENGTH]


def _change_somewhere(root: etree._Element, chance: random.Random, donors: list[etree._Element]) -> None:
    place, other = chance.randrange(1 << 16), chance.randrange(1 << 16)
    donor = list(chance.choice(donors).iter(etree.Element))
    values = [*VALUES, *(str(value) for element in donor for value in element.attrib.values())]
    kind = chance.choice(
        ["attribute", "attribute", "insert", "copy", "move", "remove", "wrap", "text", "comment"]
    )
    how: dict[str, tuple[Any, ...]] = {
        "attribute": (chance.choice(NAMES), chance.choice(values)),
        "insert": (other, chance.choice(donor)),
        "copy": (other,),
        "move": (other,),
        "wrap": (chance.choice(TAGS),),
        "text": (chance.choice([*VALUES, "x" * 5000, "\u200b", "é"]),),
    }
    change(root, kind, place, *how.get(kind, ()))
