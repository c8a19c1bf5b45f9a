"""Every form field that can name a thing, filled in with another organisation's: nothing happens to it.

The fields are listed by name. A new one that could carry an id or an address fails until it is listed, and tested.
"""

import ast
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.test import Client

from orgs import audit_forms
from orgs import forms as orgs_forms
from orgs.models import Resource
from orgs.roles import Role
from sso import forms as sso_forms
from sso.models import KeyPair, LinkReminder, LoginAttempt, Revision, RevisionTest
from sso.oidc import forms as oidc_forms
from sso.saml import forms as saml_forms
from tests.builders import make_connection, make_group, make_revision, make_user
from tests.conftest import World, log_in_with_sso
from tests.org_things import rows_of, things_of

pytestmark = pytest.mark.catalogue("WEB-IDOR")

ROOT = Path(__file__).resolve().parent.parent
FORM_MODULES = [
    orgs_forms,
    audit_forms,
    *(import_module(f"sso.forms.{module.name}") for module in pkgutil.iter_modules(sso_forms.__path__)),
    oidc_forms,
    saml_forms,
]
# Kinds of fields that can carry a reference to a row.
CARRIERS = (
    forms.ModelChoiceField,  # ModelMultipleChoiceField is one
    forms.EmailField,
    forms.UUIDField,
    forms.IntegerField,
    forms.SlugField,
)
# Those that name a thing, all tested below...
NAMES_A_THING = {"GroupRuleForm.group", "MemberEmailForm.email", "ResourceForm.group", "SeatForm.email"}
# ...and those that do not: where an invitation is sent, a length of time, an IdP in a document that came with it.
NAMES_NOTHING = {
    "AuditRetentionForm.days",
    "InviteForm.email",
    "OIDCDraftForm.held_secret",
    "SAMLDraftForm.entity_id",
    "SAMLDraftForm.metadata_read",
    "OIDCDraftForm.max_age_seconds",
    "SessionLengthForm.session_length",
}
STAMPS = {"based_on", "understood_stamp"}  # in any form: what its page showed, not a thing
# What views read from a form without a form class.
READ_BY_HAND = {"connection", "member", "remove", "revision"}
NO_REFERENCES_READ_BY_HAND = {
    *("action", "next", "choose", "silent", "go", "protocol", "event", "iss"),
    "based_on",  # a stamp
    *("previewed", "summary", "after"),  # of a mapping's preview: stamps, and where its next page starts
    "with",  # a revision's number, which counts within the connection
    *("SAMLResponse", "RelayState", "state", "code", "error", "ticket"),  # of a login, and checked by it
}


def form_classes() -> Iterator[type[forms.BaseForm]]:
    for module in FORM_MODULES:
        for _, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, forms.BaseForm) and found.__module__ == module.__name__:
                yield found


def can_carry_a_reference(field: forms.Field) -> bool:
    return isinstance(field, CARRIERS) or isinstance(field.widget, forms.HiddenInput)


def test_every_form_field_that_can_name_a_thing_is_listed() -> None:
    found = {
        f"{form.__name__}.{name}"
        for form in form_classes()
        for name, field in form.base_fields.items()  # type: ignore[attr-defined]
        if can_carry_a_reference(field) and name not in STAMPS
    }
    assert found == NAMES_A_THING | NAMES_NOTHING


def test_no_form_makes_up_a_field_that_it_does_not_declare() -> None:
    """A field that appears in `__init__` only would escape the list above."""
    for form in form_classes():
        made = re.findall(r'self\.fields\["(\w+)"\] = ', inspect.getsource(form))
        assert set(made) <= set(form.base_fields)  # type: ignore[attr-defined]


def test_every_value_that_a_view_reads_by_hand_is_listed() -> None:
    found = set()
    for path in [*(ROOT / "orgs").rglob("*.py"), *(ROOT / "sso").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found |= set(names_read_by_hand(node))
    assert found >= READ_BY_HAND
    assert found <= READ_BY_HAND | NO_REFERENCES_READ_BY_HAND


def names_read_by_hand(node: ast.AST) -> Iterator[str]:
    """The names in `request.POST["x"]`, `request.POST.get("x")` and `.getlist("x")`, and the same of GET."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="POST" | "GET"), slice=ast.Constant(value=str(name))):
            yield name
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr="POST" | "GET")),
            args=[ast.Constant(value=str(name)), *_],
        ):
            yield name


# --- Each, with something of Globex ---------------------------------------------------------------------


@pytest.fixture
def globex_things(world: World) -> Mapping[str, Any]:
    return things_of(world.globex)


@pytest.fixture
def olivia(client: Client, world: World) -> Client:
    """Acme's admin, with SSO."""
    log_in_with_sso(client, world.olivia)
    return client


def refuses(client: Client, world: World, path: str, data: Mapping[str, Any], *, field: str) -> bool:
    """Is the form shown again with an error beside the field, and is nothing of Globex touched or shown?"""
    before = rows_of(world.globex)
    response = client.post(path, data)
    text = response.content.decode()
    assert rows_of(world.globex) == before
    assert "globex group" not in text
    assert response.status_code == 200, response.headers
    return f'id="id_{field}_error"' in text and "aria-invalid" in text


@pytest.mark.parametrize("path", ["new-page/", "r/private-marker/edit/"])
def test_resource_can_not_be_put_into_another_organisations_group(
    olivia: Client, world: World, globex_things: Mapping[str, Any], path: str
) -> None:
    make_group(world.acme, "Acme group")
    group = world.globex.resource_groups.get(slug=globex_things["group_slug"])
    data = {"title": "Moved", "body": "x", "visibility": "private", "group": group.pk}
    assert refuses(olivia, world, f"/orgs/acme/{path}", data, field="group")
    assert not Resource.objects.filter(title="Moved").exists()


def test_seat_can_not_be_given_to_another_organisations_member(
    olivia: Client, world: World, globex_things: Mapping[str, Any]
) -> None:
    group = make_group(world.acme, "Acme group")
    data = {"email": world.zoe.user.email, "role": Role.READ}
    assert refuses(olivia, world, f"/orgs/acme/groups/{group.slug}/seats/", data, field="email")
    assert not group.seats.exists()


def test_collaborator_can_not_be_another_organisations_member(
    olivia: Client, world: World, globex_things: Mapping[str, Any]
) -> None:
    path = "/orgs/acme/settings/sso/collaborators/"
    member = world.globex.memberships.get(pk=globex_things["member_id"])
    assert refuses(olivia, world, path, {"email": member.user.email}, field="email")


def test_foreign_collaborator_can_not_be_removed(
    olivia: Client, world: World, globex_things: Mapping[str, Any]
) -> None:
    world.globex.memberships.filter(pk=globex_things["member_id"]).update(is_external_collaborator=True)
    before = rows_of(world.globex)
    path = "/orgs/acme/settings/sso/collaborators/"
    assert olivia.post(path, {"remove": globex_things["member_id"]}).status_code == 404
    assert rows_of(world.globex) == before


def test_foreign_member_can_not_be_reminded(
    olivia: Client, world: World, globex_things: Mapping[str, Any]
) -> None:
    before = rows_of(world.globex)
    path = "/orgs/acme/settings/sso/policy/unlinked/"
    assert olivia.post(path, {"member": [globex_things["member_id"], world.zoe.pk]}).status_code == 302
    assert rows_of(world.globex) == before
    assert not LinkReminder.objects.exists()


def test_group_mapping_can_not_give_seats_in_another_organisations_group(
    olivia: Client, world: World, globex_things: Mapping[str, Any]
) -> None:
    make_group(world.acme, "Acme group")
    group = world.globex.resource_groups.get(slug=globex_things["group_slug"])
    path = f"/orgs/acme/settings/sso/connections/{world.acme_idp.uid}/group-mapping/"
    data = {
        "is_enabled": "on",
        "attribute": "groups",
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 0,
        "form-0-value": "eng",
        "form-0-group": group.pk,
        "form-0-role": Role.READ,
    }
    assert refuses(olivia, world, path, data, field="form-0-group")
    assert not world.acme_idp.group_rules.exists()


@pytest.mark.parametrize("action", ["go-live", "put-back"])
def test_revision_of_another_connection_can_not_be_named(
    olivia: Client, world: World, globex_things: Mapping[str, Any], action: str
) -> None:
    """Revisions are named by their number within the connection in the URL; keys name nothing."""
    foreign = make_connection(world.globex)
    draft = make_revision(foreign, status=Revision.Status.DRAFT)
    RevisionTest.objects.update(revision=draft, user=world.olivia.user, passed=True)
    before = rows_of(world.globex), list(KeyPair.objects.values())
    path = f"/orgs/acme/settings/sso/connections/{world.acme_idp.uid}/{action}/"
    for named in (draft.pk, draft.uid, draft.number):
        assert olivia.post(path, {"revision": named}).status_code == 404
    assert (rows_of(world.globex), list(KeyPair.objects.values())) == before


@pytest.mark.parametrize("path", ["sso/", "join/"])
def test_login_can_not_be_sent_through_another_organisations_connection(
    olivia: Client, world: World, globex_things: Mapping[str, Any], path: str
) -> None:
    if path == "join/":
        olivia.force_login(make_user())
    response = olivia.get(f"/orgs/acme/{path}", {"connection": globex_things["connection_uid"]})
    assert response.status_code == 404
    assert not LoginAttempt.objects.exists()
