"""Who reaches the SSO settings, and that nothing of another organisation is found through them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from orgs.models import Membership
from orgs.roles import Role
from sso.models import Connection, LinkedIdentity, RefusalTrace, Revision
from sso.views import settings_urls
from tests.builders import (
    give_key_pair,
    make_connection,
    make_member,
    make_org,
    make_revision,
    make_sso_session,
    make_user,
)
from tests.conftest import log_in
from tests.demo_idp.keys import KeyStore
from tests.sso.settings.conftest import AcmeSettings, record_pass


def names_in(patterns: Sequence[object], outer: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """Every name of the settings' URLs with its arguments, so that a new page is tested too."""
    names: dict[str, tuple[str, ...]] = {}
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            names |= names_in(pattern.url_patterns, (*outer, *pattern.pattern.converters))
        elif isinstance(pattern, URLPattern) and pattern.name:
            names[pattern.name] = (*outer, *pattern.pattern.converters)
    return names


ARGUMENTS = names_in(settings_urls.urlpatterns)


@pytest.fixture
def globex(db: None) -> Membership:
    """The admin of another organisation, which has one of everything."""
    org = make_org("globex", name="Globex")
    zoe = make_member(org, make_user("zoe@globex.example", name="Zoe"), role=Role.ADMIN)
    connection = make_connection(org, connection={"name": "Globex Login"})
    make_revision(connection, status=Revision.Status.DRAFT)
    give_key_pair(connection, KeyStore().saml_key_pair("globex"))
    make_sso_session(zoe, browser_session="zoe", connection=connection)
    record_pass(connection.revisions.get(status="draft"), zoe.user)
    RefusalTrace.objects.create(
        reference="GLBX-2345",
        org=org,
        connection=connection,
        user=zoe.user,
        code="email_missing",
        admin_detail="globex-marker",
        at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=7),
    )
    return zoe


def foreign_ids(zoe: Membership) -> dict[str, object]:
    connection = zoe.org.connections.get()
    return {
        "connection_uid": connection.uid,
        "key_uid": connection.key_pairs.get().uid,
        "revision_number": 1,
        "test_id": connection.revisions.get(status="draft").tests.get().pk,
        "identity_id": zoe.org.linked_identities.get().pk,
        "session_id": zoe.org.sso_sessions.get().pk,
        "user_id": zoe.user_id,
        "reference": "GLBX-2345",
        "vendor_key": "nobody",
        "resource_slug": "no-such-page",
        "hand_over_uid": uuid4(),
    }


def url_of(name: str, ids: dict[str, object]) -> str:
    """The page's URL under Acme's slug, with as many of the ids as it takes."""
    return reverse(f"sso:{name}", kwargs={"org_slug": "acme", **{key: ids[key] for key in ARGUMENTS[name]}})


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize(
    ("who", "status"), [("member", 403), ("outsider", 404), ("anonymous", 302), ("collaborator", 403)]
)
def test_settings_are_for_admins_only(
    acme: AcmeSettings, globex: Membership, name: str, who: str, status: int
) -> None:
    collaborator = make_member(acme.org, make_user(), is_external_collaborator=True)
    people = {
        "member": acme.max.user,
        "outsider": globex.user,
        "anonymous": None,
        "collaborator": collaborator.user,
    }
    connection = make_connection(acme.org)
    client = Client()
    log_in(client, people[who])
    url = url_of(name, {**foreign_ids(globex), "connection_uid": connection.uid})
    for response in (client.get(url), client.post(url)):
        assert response.status_code == status
        assert connection.name not in response.content.decode()


@pytest.mark.catalogue("WEB-IDOR")
@pytest.mark.parametrize("name", [name for name, arguments in ARGUMENTS.items() if arguments])
def test_ids_of_another_organisation_are_not_found(acme: AcmeSettings, globex: Membership, name: str) -> None:
    """Acme's admin, under Acme's slug, does not find what belongs to Globex; the page itself exists."""
    url = url_of(name, foreign_ids(globex))
    counts = _counts(globex)
    for send in (acme.client.get, acme.client.post):
        response = send(url, {"revision": "2"})
        assert response.status_code in (404, 405)
        assert "globex" not in response.content.decode().lower()
    assert _counts(globex) == counts


def _counts(zoe: Membership) -> list[object]:
    org = zoe.org
    return [
        list(Revision.objects.filter(org=org).values_list("number", "status")),
        list(Connection.objects.filter(org=org).values_list("name", "is_enabled", "email_domains")),
        org.sso_sessions.count(),
        LinkedIdentity.objects.filter(org=org).count(),
    ]


@pytest.mark.catalogue("WEB-IDOR")
def test_lists_hold_nothing_of_another_organisation(acme: AcmeSettings, globex: Membership) -> None:
    for name in ("settings", "sessions", "refusals", "collaborators", "reported"):
        assert "globex" not in acme.page(name).lower()


@pytest.mark.catalogue("WEB-IDOR")
def test_collaborator_of_another_organisation_can_not_be_named(
    acme: AcmeSettings, globex: Membership
) -> None:
    acme.post("collaborators", remove=str(globex.pk))
    response = acme.post("collaborators", email=globex.user.email)
    assert response.context["form"].errors["email"] == ["No member of this organisation has this address."]
    globex.refresh_from_db()
    assert not globex.is_external_collaborator
