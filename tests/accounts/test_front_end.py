"""Rules that hold for every template and static file."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.test import Client

from accounts.templatetags.avatars import AVATAR_HUES, avatar_hue, initials

ROOT = Path(settings.ROOT)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
HTMX_VERSION = b"4.0.0-beta6"
HTMX_SHA256 = "28fae7bbe8e8142b702debb9d5234a9a436d9435a4b5165b195aa1a7ed840d25"
VENDOR = ROOT / "hubsso" / "static" / "vendor"
COMMENTS = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)


def test_vendored_files_are_the_ones_that_were_checked() -> None:
    stated = {}
    for line in (VENDOR / "CHECKSUMS.sha256").read_text().splitlines():
        digest, name = line.split()
        stated[name] = digest
    present = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "CHECKSUMS.sha256"
    }
    assert present == stated


def htmx() -> bytes:
    path = finders.find("django_htmx/htmx-4.min.js")
    assert path is not None
    return Path(path).read_bytes()


def test_htmx_is_the_file_that_was_checked() -> None:
    """It comes with django-htmx; an update of that package must not change what browsers run unseen."""
    assert HTMX_VERSION in htmx()
    assert hashlib.sha256(htmx()).hexdigest() == HTMX_SHA256


def test_htmx_knows_every_setting_it_is_given() -> None:
    head = (ROOT / "templates" / "partials" / "live_search_head.html").read_text()
    stated = re.search(r"name=\"htmx-config\" content='([^']+)'", head)
    assert stated is not None
    assert [name for name in json.loads(stated.group(1)) if f"{name}:".encode() not in htmx()] == []


# A mail has no policy to keep, and no file beside it to be styled from.
PAGES = [path for path in TEMPLATES if path.parent != ROOT / "templates" / "mail"]


@pytest.mark.parametrize("template", PAGES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_template_has_no_inline_script_or_style(template: Path) -> None:
    html = COMMENTS.sub("", template.read_text())
    assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=|javascript:", html)
    for attributes in re.findall(r"<script\b([^>]*)>", html):
        assert "src=" in attributes or 'type="application/json"' in attributes  # data blocks never run


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_template_comment_is_not_shown_to_people(template: Path) -> None:
    """`{#` comments end with their line; one that does not is text on the page."""
    assert all(line.count("{#") == line.count("#}") for line in template.read_text().splitlines())


def test_every_static_file_a_template_names_exists() -> None:
    named = {
        name for template in TEMPLATES for name in re.findall(r"{% static '([^']+)' %}", template.read_text())
    }
    assert [name for name in sorted(named) if finders.find(name) is None] == []


def test_pages_carry_a_policy_without_inline_script(client: Client, db: None) -> None:
    policy = client.get("/accounts/login/").headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    assert directives["style-src"] == "'self'"


def test_anonymous_pages_are_the_same_bytes_for_everyone(db: None) -> None:
    paths = ["/accounts/password/reset/done/", "/accounts/confirm-email/"]
    for path in paths:
        assert Client().get(path).content == Client(headers={"User-Agent": "other"}).get(path).content


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Olivia Owner", "OO"), ("max", "M"), ("Ana de la Cruz", "AC"), ("max@acme.example", "MA"), ("  ", "?")],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_avatar_hue_is_stable_and_has_a_class() -> None:
    css = (ROOT / "hubsso" / "static" / "hubsso-components.css").read_text()
    assert all(f".avatar-hue-{hue} " in css for hue in range(AVATAR_HUES))
    assert avatar_hue("Acme") == avatar_hue("Acme") < AVATAR_HUES


def test_names_are_escaped_in_partials() -> None:
    template = Template(
        '{% include "partials/avatar.html" %}{% include "partials/copy_field.html" with id="x" %}'
    )
    page = template.render(Context({"name": "<b>", "value": '"><script>', "label": "<i>"}))
    assert "<script>" not in page
    assert "<i>" not in page
    assert "<b>" not in page
