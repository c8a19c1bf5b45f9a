"""Markdown is rendered, and nothing that runs or tracks gets through."""

from html.parser import HTMLParser

import pytest

from orgs import markdown


def elements_of(html: str) -> list[tuple[str, dict[str, str]]]:
    """Every element with its attributes, as a browser would find them."""
    found: list[tuple[str, dict[str, str]]] = []

    class Collector(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, {name: value or "" for name, value in attrs}))

    Collector().feed(html)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "![x](javascript:alert(1))",
        '<a href="https://x" onclick="alert(1)">x</a>',
        "<iframe src=https://evil.example></iframe>",
        "<style>body{display:none}</style>",
        '[x](https://x "onmouseover=alert(1)")',
        "<svg/onload=alert(1)>",
        "<form action=https://evil.example><input></form>",
        '<https://x.example/"onclick=alert(1)>',
    ],
)
def test_nothing_active_survives(text: str) -> None:
    found = elements_of(markdown.render(text))
    assert {tag for tag, _ in found} <= {"p", "a"}
    for _, attributes in found:
        assert attributes.keys() <= {"href", "title", "rel"}
        assert attributes.get("href", "https:").startswith("https:")


def test_raw_html_is_shown_as_text() -> None:
    assert "&lt;b&gt;" in markdown.render("<b>bold</b>")


def test_images_are_left_out() -> None:
    assert "evil.example" not in markdown.render("![pixel](https://evil.example/pixel.gif)")


def test_links_carry_nofollow_and_noopener() -> None:
    html = markdown.render("[docs](https://docs.example)")
    assert html.strip() == '<p><a href="https://docs.example" rel="nofollow noopener">docs</a></p>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Title", "<h2>Title</h2>"),
        ("###### Deep", "<h6>Deep</h6>"),
        ("Setext\n===", "<h2>Setext</h2>"),
        ("**b** *i* `c` ~~s~~", "<p><strong>b</strong> <em>i</em> <code>c</code> <s>s</s></p>"),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>'),
        ("[in](/orgs/acme/)", '<p><a href="/orgs/acme/" rel="nofollow noopener">in</a></p>'),
    ],
)
def test_rendering(text: str, html: str) -> None:
    assert markdown.render(text).strip() == html


def test_tables_are_rendered() -> None:
    html = markdown.render("| a | b |\n|---|--:|\n| 1 | 2 |")
    assert "<table>" in html
    assert "style=" not in html


def test_plain_text_keeps_words_only() -> None:
    text = "# Title\n\nSome **bold**\n[link](https://x.example).\n\n```\ncode <b>\n```\n\n- item"
    assert markdown.plain_text(text) == "Title Some bold link. code <b> item"
