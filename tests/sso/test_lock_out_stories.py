"""Those of the lock-out stories, or parts of them, that no page shows; docs/lock-outs.md says where the others are.

Of 16 because it is told to a machine. Of 6 because a browser that is sent on can't be held between two steps of a
login, and of 18 because a portal that knows no such account any more never asks what the IdP said of it.
"""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from sso import login
from sso.errors import SSOError
from tests.builders import make_assertion, make_attempt
from tests.conftest import World, log_in
from tests.sso.saml.conftest import GlobexLogin

TESTS = Path(__file__).parent.parent
TABLE = TESTS.parent / "docs" / "lock-outs.md"
PAGE = "/orgs/acme/r/private-marker/"


def test_story_6_the_idps_post_comes_without_a_cookie_and_only_the_right_browser_finishes(
    globex: GlobexLogin,
) -> None:
    posted = globex.post(globex.go_to_idp())  # by a client without any cookie
    assert posted.status_code == 303
    assert Client().get(posted["Location"]).status_code == 400
    assert globex.finish(posted)["Location"] == globex.page_path


def test_story_16_a_machine_is_told_why_and_where_to_authenticate(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    refused = client.get(PAGE, headers={"Accept": "application/json"})
    told = refused.json()
    assert (refused.status_code, told["reason"], told["org"]) == (403, "sso_missing", "acme")
    assert told["authenticate_url"].endswith("/orgs/acme/sso/")
    assert refused["X-HubSSO-SSO"].startswith("required; url=")
    assert Client().get(world.public_page.get_absolute_url()).status_code == 200


def test_story_18_a_login_that_was_on_its_way_when_its_account_was_deactivated_is_refused(
    world: World,
) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    world.max.user.is_active = False
    world.max.user.save()
    assertion = make_assertion(world.acme_idp, subject=f"subject-{world.max.user_id}")
    with pytest.raises(SSOError) as refused:
        login.complete_login(attempt=attempt, assertion=assertion, now=timezone.now())
    assert refused.value.code == "account_inactive"


def test_the_table_leads_from_every_story_to_its_tests() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\| (.*) \|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 26))
    for number, files in rows:
        for name in re.findall(r"\(\.\./tests/(.+?)\)", files):
            assert f"def test_story_{number}_" in (TESTS / name).read_text(encoding="utf-8"), (number, name)
