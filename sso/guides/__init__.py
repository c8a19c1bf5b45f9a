"""Set-up guides: how each vendor's own pages call what we give it and what it gives us.

A guide is one file, `<vendor>-<protocol>.toml`; adding a vendor is adding its files and running
`python -m sso.guides.strings`. They are read once, and a file that says anything we don't know is refused whole:

    vendor, name, protocol  who it is for; `name` is the same in all files of a vendor
    where                   where its admin starts, page by page
    steps, pitfalls         sentences; `code` stands between backticks
    recommended             optional: why to choose this protocol, in the one file of the vendor that has it
    issuer_example          optional: what an issuer of this vendor looks like
    shared_issuer           optional: true where all of the vendor's customers have one issuer
    [copy]                  our value (`CopyValue.key`) = the vendor's name for it
    [paste]                 our form's field = the vendor's name for it, and where it is
    [[snippets]]            label, text: what is copied whole; `{key}` is our value, `{key|pattern}` its regular
                            expression

All texts but `name` and `issuer_example` are English message ids, translated when they are shown.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sso.types import SSOProtocol

FOLDER = Path(__file__).parent
GENERIC = "generic"

_REQUIRED = {
    "vendor": str,
    "name": str,
    "protocol": str,
    "where": str,
    "steps": list,
    "copy": dict,
    "paste": dict,
}
_OPTIONAL = {
    "pitfalls": list,
    "recommended": str,
    "issuer_example": str,
    "shared_issuer": bool,
    "snippets": list,
}


class GuideInvalid(Exception):
    """A file of this folder says what no guide may say, or leaves out what each must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """One vendor's guide for one protocol, in English. `copy` and `paste` keep the order of the file."""

    vendor: str
    name: str
    protocol: SSOProtocol
    where: str
    steps: tuple[str, ...]
    copy: Mapping[str, str]
    paste: Mapping[str, str]
    pitfalls: tuple[str, ...] = ()
    recommended: str = ""
    issuer_example: str = ""
    shared_issuer: bool = False
    snippets: tuple[Snippet, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A vendor with its guides: the recommended protocol first."""

    key: str
    name: str
    guides: tuple[Guide, ...]


@lru_cache(maxsize=1)
def vendors() -> tuple[Vendor, ...]:
    """All vendors by name, whoever has no file of their own last. Raises GuideInvalid."""
    from sso.guides.shown import check_names  # noqa: PLC0415 - the adapters need Django's models, files do not

    guides = read_guides(FOLDER)
    for guide in guides:
        check_names(guide)
    keys = dict.fromkeys(guide.vendor for guide in guides)
    found = [_vendor(key, [guide for guide in guides if guide.vendor == key]) for key in keys]
    return tuple(sorted(found, key=lambda vendor: (vendor.key == GENERIC, vendor.name.lower())))


def find_vendor(key: str) -> Vendor | None:
    return next((vendor for vendor in vendors() if vendor.key == key), None)


def guide_for(vendor: str, protocol: str) -> Guide:
    """The vendor's guide, or the generic one where the vendor has none for this protocol."""
    found = {(guide.vendor, guide.protocol): guide for each in vendors() for guide in each.guides}
    wanted = SSOProtocol(protocol)
    return found.get((vendor, wanted)) or found[GENERIC, wanted]


def read_guides(folder: Path) -> list[Guide]:
    """Every guide of a folder, in the order of the files' names. Raises GuideInvalid."""
    return [_read(path) for path in sorted(folder.glob("*.toml"))]


def _read(path: Path) -> Guide:
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        _check_shape(content)
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
        }
        values["protocol"] = SSOProtocol(content["protocol"])
        values["snippets"] = tuple(Snippet(**snippet) for snippet in content.get("snippets", ()))
        guide = Guide(**values)
        if path.stem != f"{guide.vendor}-{guide.protocol.value}":
            raise GuideInvalid("is not named for its vendor and protocol")
    except (GuideInvalid, ValueError, TypeError) as error:
        raise GuideInvalid(f"{path.name}: {error}") from error
    return guide


def _check_shape(content: Mapping[str, Any]) -> None:
    known = {**_REQUIRED, **_OPTIONAL}
    if unknown := content.keys() - known.keys():
        raise GuideInvalid(f"unknown: {', '.join(sorted(unknown))}")
    if missing := _REQUIRED.keys() - content.keys():
        raise GuideInvalid(f"missing: {', '.join(sorted(missing))}")
    for name, value in content.items():
        if not isinstance(value, known[name]) or value in ("", [], {}):
            raise GuideInvalid(f"{name} must be a {known[name].__name__} that is not empty")
    texts = [
        *content["steps"],
        *content.get("pitfalls", ()),
        *content["copy"].values(),
        *content["paste"].values(),
    ]
    if not all(isinstance(text, str) and text for text in texts):
        raise GuideInvalid("holds something that is no text")


def _vendor(key: str, guides: list[Guide]) -> Vendor:
    if len({guide.name for guide in guides}) > 1 or sum(bool(guide.recommended) for guide in guides) > 1:
        raise GuideInvalid(f"{key}: one name, and at most one recommended protocol")
    first = sorted(guides, key=lambda guide: not guide.recommended)
    return Vendor(key=key, name=first[0].name, guides=tuple(first))
