"""The style guide shows every component, and is there in development alone."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from hubsso.styleguide import ICONS

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# Parts of every page's frame, and what another partial is made of.
IN_ANOTHER = {
    "account_menu",
    "brand",
    "footer",
    "header",
    "live_search_head",
    "org_menu",
    "site_name",
    "form_errors",
}
IN_ANOTHER |= {"form_field", "required_mark", "side_nav_links", "sso_skip"}


@pytest.mark.django_db
def test_it_is_there_in_development_alone(client: Client, settings: Any) -> None:
    assert client.get("/styleguide/").status_code == 200
    settings.DEMO = False
    assert client.get("/styleguide/").status_code == 404


def test_it_has_every_shared_component() -> None:
    text = (TEMPLATES / "styleguide.html").read_text()
    shared = {path.stem for path in (TEMPLATES / "partials").glob("*.html")}
    assert shared - IN_ANOTHER == set(re.findall(r'"partials/(\w+)\.html"', text))


def test_it_has_every_icon() -> None:
    text = (TEMPLATES / "partials" / "icon.html").read_text()
    assert set(ICONS) == set(re.findall(r'name == "(\w+)"', text))
