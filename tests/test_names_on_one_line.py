"""Names and titles stand in mails, logs and buttons: no form takes one with a line break or an override."""

import pytest
from django.test import Client

from accounts.models import User
from orgs.models import Organization, Resource, ResourceGroup
from orgs.roles import Role
from sso.models import Connection
from tests.builders import PASSWORD, make_member, make_org, make_user
from tests.conftest import log_in

NAMES = [f"Planted{letter}name" for letter in ("\r\n", "\n", "\x0b", "\u2028", "\u202e")]
SIGN_UP = {"email": "new@acme.example", "password1": PASSWORD}


@pytest.fixture
def admin(client: Client, db: None) -> User:
    membership = make_member(make_org("hooli", name="Hooli"), role=Role.ADMIN)
    log_in(client, membership.user)
    return membership.user


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize(
    ("path", "field", "rest"),
    [
        ("/orgs/new/", "name", {"slug": "new-org"}),
        ("/orgs/hooli/settings/", "name", {"default_role": "read"}),
        ("/orgs/hooli/new-group/", "name", {}),
        ("/orgs/hooli/new-page/", "title", {"visibility": "private"}),
        ("/orgs/hooli/new-app/", "title", {"visibility": "private", "url": "https://a.example/"}),
        ("/orgs/hooli/settings/sso/connections/new/generic/", "name", {"protocol": "oidc"}),
        ("/accounts/profile/", "name", {}),
    ],
)
@pytest.mark.usefixtures("admin")
def test_no_form_takes_such_a_name(
    client: Client, name: str, path: str, field: str, rest: dict[str, str]
) -> None:
    response = client.post(path, {field: name, **rest})
    assert response.status_code == 200
    assert field in response.context["form"].errors
    for model, column in (
        (Organization, "name"),
        (ResourceGroup, "name"),
        (Resource, "title"),
        (Connection, "name"),
        (User, "name"),
    ):
        assert not model.objects.filter(**{f"{column}__startswith": "Planted"}).exists()


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_no_account_signs_up_with_such_a_name(client: Client, db: None, name: str) -> None:
    client.post("/accounts/signup/", {"name": name, **SIGN_UP})
    assert not User.objects.exists()
    client.post("/accounts/signup/", {"name": "New", **SIGN_UP})
    assert User.objects.exists()


def test_a_connection_is_not_renamed_to_such_a_name(client: Client, admin: User) -> None:
    connection = Connection.objects.create(org=Organization.objects.get(), name="Login", protocol="oidc")
    path = f"/orgs/hooli/settings/sso/connections/{connection.uid}/rename/"
    assert client.post(path, {"name": "Two\nlines"}).status_code == 200
    assert client.post(path, {"name": "One line"}).status_code == 302


def test_an_operator_gives_nobody_such_a_name(client: Client, db: None) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    somebody = make_user(name="Max")
    page = client.post(
        f"/admin/accounts/user/{somebody.pk}/change/", {"name": "Ma\nx", "email": somebody.email}
    )
    assert "name" in page.context["adminform"].form.errors
