"""`explain_access PERSON ORG`: the gate's own word, on the command line."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.builders import make_sso_session
from tests.conftest import World


def explain(*arguments: str) -> str:
    output = StringIO()
    call_command("explain_access", *arguments, stdout=output)
    return output.getvalue()


def test_facts_steps_and_decision_are_named(world: World) -> None:
    text = explain("Max@Acme.example", "acme")
    assert "member: yes, with the role read" in text
    assert "single sign-on: enforced" in text
    assert "SSO session in this browser? No." in text
    assert "Decision: require_sso (sso_missing)" in text
    assert "page: Blocked by a page with the button to authenticate (403)" in text


@pytest.mark.parametrize(
    ("person", "path", "outcome", "is_let_in"),
    [
        ("max@acme.example", "/orgs/acme/", "allow", True),
        ("nina@partner.example", "/orgs/acme/r/private-marker/", "allow", True),
        ("zoe@globex.example", "/orgs/acme/r/private-marker/", "allow", False),
        ("zoe@globex.example", "/orgs/acme/members/", "not_found", False),
        ("anonymous", "/orgs/acme/settings/", "log_in", False),
        ("max@acme.example", "/orgs/acme/settings/sso/", "forbidden", False),
        ("max@acme.example", "/orgs/acme/invitations/?page=x", "allow", False),
    ],
)
def test_any_gated_page_can_be_asked_about(
    world: World, person: str, path: str, outcome: str, is_let_in: bool
) -> None:
    make_sso_session(world.max, browser_session="max")
    answer = json.loads(explain(person, "acme", "--path", path, "--json"))
    assert (answer["decision"]["outcome"], answer["is_let_in"]) == (outcome, is_let_in)


def test_pages_that_may_ask_for_more_are_said_to(world: World) -> None:
    doubt = "may ask more of a role"
    assert doubt in explain("olivia@acme.example", "acme", "--path", "/orgs/acme/new-app/")
    assert doubt not in explain("olivia@acme.example", "acme", "--path", "/orgs/acme/members/")


def test_a_session_can_be_supposed(world: World) -> None:
    assert "Decision: allow (sso_session_live)" in explain("max@acme.example", "acme", "--session", "live")


def test_a_deactivated_account_is_said_to_be_nobodys(world: World) -> None:
    world.max.user.is_active = False
    world.max.user.save()
    assert "The account is deactivated" in explain("max@acme.example", "acme")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("who@acme.example", "acme"), "There is no account who@acme.example"),
        (("max@acme.example", "nowhere"), "There is no organisation nowhere"),
        (("max@acme.example", "acme", "--path", "/orgs/globex/"), "is no page of acme"),
        (("max@acme.example", "acme", "--path", "/nowhere"), "no page at /nowhere"),
        (("max@acme.example", "acme", "--path", "/orgs/acme/r/none/"), "no resource none"),
        (("max@acme.example", "acme", "--path", "/orgs/acme/sso/"), "is not gated"),
    ],
)
def test_a_question_without_an_answer_fails(world: World, arguments: tuple[str, ...], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        explain(*arguments)
