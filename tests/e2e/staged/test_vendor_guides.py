"""Every vendor's set-up guide as the admin of an organisation meets it: with this organisation's own values."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orgs.roles import Role
from sso.models import Connection
from tests.builders import make_member, make_org
from tests.e2e.staged.conftest import Enter

pytestmark = pytest.mark.e2e

GUIDES = sorted((Path(__file__).parents[3] / "sso" / "guides").glob("*.toml"))
# Where our values lead, below the connection's own address.
ADDRESSES = {
    "oidc": {
        "callback_url": "oidc/callback/",
        "jwks_url": "oidc/jwks/",
        "initiate_url": "oidc/initiate/",
        "signed_out_url": "signed-out/",
        "backchannel_logout_url": "oidc/backchannel-logout/",
        "frontchannel_logout_url": "oidc/frontchannel-logout/",
    },
    "saml": {"acs_url": "saml/acs/", "entity_id": "saml/metadata/", "slo_url": "saml/slo/"},
}
PLACEHOLDER = re.compile(r"\{\w+(\|\w+)?\}")
# What both columns hold, folded parts included: [our values as (key, label, value), text there, text here].
COLUMNS = """() => {
    const text = element => element.textContent.replace(/\\s+/g, " ");
    const [there, here] = document.querySelectorAll(".two-sides > .card");
    const fields = [...there.querySelectorAll("input[readonly], textarea[readonly]")];
    return [fields.map(each => [each.id.slice(8), text(each.labels[0]), each.value]), text(there), text(here)];
}"""


def test_every_guide_shows_this_organisations_own_values_in_the_vendors_words(
    portal: str, enter: Enter
) -> None:
    org = make_org("acme", name="Acme")
    olivia = enter(make_member(org, role=Role.ADMIN))
    shown = 0
    for path in GUIDES:
        guide = tomllib.loads(path.read_text(encoding="utf-8"))
        made = Connection.objects.create(
            org=org, name=path.stem, protocol=guide["protocol"], vendor=guide["vendor"]
        )
        olivia.open(f"/orgs/acme/settings/sso/connections/{made.uid}/draft/")
        expect(olivia.main.get_by_role("heading", name=f"Set up {path.stem}")).to_be_visible()
        problems = wrong_with(olivia.page, guide, own=f"{portal}/sso/{made.uid}/")
        assert problems == [], path.stem
        shown += 1
    assert shown == 20


def wrong_with(page: Page, guide: dict[str, Any], *, own: str) -> list[str]:
    """What either column lacks, or shows of somebody else."""
    fields, there, here = page.evaluate(COLUMNS)
    values = {key: (label, value) for key, label, value in fields}
    problems = [
        f"{key} is {values.get(key)}"
        for key, place in ADDRESSES[guide["protocol"]].items()
        if values.get(key, ("", ""))[1] != own + place
    ]
    problems += [f"no field {name}" for key, name in guide["copy"].items() if values[key][0] != name]
    said = [guide["where"], *guide["steps"], *guide.get("pitfalls", ())]
    problems += [f"not said: {text}" for text in said if text.replace("`", "") not in there]
    problems += [
        f"not asked: {name}" for name in guide["paste"].values() if name.replace("`", "") not in here
    ]
    shown = [there, *(value for _, value in values.values())]
    return problems + [found.group() for text in shown if (found := PLACEHOLDER.search(text))]


def test_copy_buttons_copy_the_value_beside_them(enter: Enter) -> None:
    org = make_org("acme", name="Acme")
    made = Connection.objects.create(org=org, name="Acme Login", protocol="saml", vendor="onelogin")
    olivia = enter(make_member(org, role=Role.ADMIN))
    olivia.context.grant_permissions(["clipboard-read", "clipboard-write"])
    olivia.open(f"/orgs/acme/settings/sso/connections/{made.uid}/draft/")
    (fields, _, _) = olivia.page.evaluate(COLUMNS)
    copied = []
    for button in olivia.main.locator("button[data-copy-target]").all():
        button.click()
        expect(button).to_have_text("Copied")
        copied.append(olivia.page.evaluate("navigator.clipboard.readText()"))
    assert copied == [value for _, _, value in fields]
    assert len(set(copied)) == 4
