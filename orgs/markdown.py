"""Markdown to HTML that is safe to show: CommonMark with tables, rendered by one library, cleaned by another."""

from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = frozenset(
    {"h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "strong", "em", "s", "a", "code", "pre", "blockquote"}
)
_TAGS |= {"ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = frozenset({"http", "https", "mailto"})
_LINK_REL = "nofollow noopener"

# Raw HTML in a page is shown as the text it is.
_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def render(text: str) -> str:
    """HTML of a page's body. Its headings start at h2, below the page's own title; images are left out."""
    tokens = _parser.parse(text)
    _demote_headings(tokens)
    html = str(_parser.renderer.render(tokens, _parser.options, {}))
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=_LINK_REL)


def plain_text(text: str) -> str:
    """A body's words in one line, for excerpts. It is text and must be escaped like any other."""
    blocks: list[str] = []
    for token in _parser.parse(text):
        if token.type == "inline":
            blocks.append("".join(_text_of(child) for child in token.children or ()))
        elif token.type in ("fence", "code_block"):
            blocks.append(token.content)
    return " ".join(" ".join(blocks).split())


def _text_of(inline: Token) -> str:
    return " " if inline.type in ("softbreak", "hardbreak") else inline.content


def _demote_headings(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
