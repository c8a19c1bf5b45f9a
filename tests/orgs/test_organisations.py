"""Making, renaming, changing and deleting organisations."""

import pytest

from orgs import organisations
from orgs.errors import SlugTaken
from orgs.models import AuditEvent, Organization, RetiredSlug
from orgs.roles import Role
from tests.builders import make_group, make_member, make_org, make_page, make_user
from tests.orgs.helpers import audit_events

pytestmark = pytest.mark.django_db


def test_creator_becomes_the_first_admin() -> None:
    olivia = make_user()
    org = organisations.create_organisation(name="Acme", slug="acme", creator=olivia)
    assert org.memberships.get().user == olivia
    assert org.memberships.get().role == Role.ADMIN
    assert audit_events(org) == ["org.create"]


@pytest.mark.parametrize("slug", ["taken", "retired", "new"])
def test_slug_of_another_organisation_or_of_a_page_is_refused(slug: str) -> None:
    other = make_org("taken")
    RetiredSlug.objects.create(slug="retired", org=other)
    with pytest.raises(SlugTaken):
        organisations.create_organisation(name="Acme", slug=slug, creator=make_user())
    assert Organization.objects.count() == 1


def test_old_slug_leads_to_the_new_one() -> None:
    org = make_org("acme")
    organisations.rename_organisation(org=org, slug="acme-group", actor=make_user())
    assert Organization.objects.get().slug == "acme-group"
    assert organisations.current_slug("acme") == "acme-group"
    assert organisations.current_slug("acme-group") is None
    assert audit_events(org) == ["org.rename"]


def test_all_old_slugs_lead_to_the_newest_one() -> None:
    org, actor = make_org("one"), make_user()
    for slug in ("two", "three"):
        org = organisations.rename_organisation(org=org, slug=slug, actor=actor)
    assert [organisations.current_slug(slug) for slug in ("one", "two")] == ["three", "three"]


def test_renaming_back_takes_the_old_slug_again() -> None:
    org, actor = make_org("acme"), make_user()
    organisations.rename_organisation(org=org, slug="acme-group", actor=actor)
    organisations.rename_organisation(org=org, slug="acme", actor=actor)
    assert Organization.objects.get().slug == "acme"
    assert organisations.current_slug("acme") is None
    assert organisations.current_slug("acme-group") == "acme"


@pytest.mark.parametrize("slug", ["globex", "retired", "new"])
def test_renaming_to_a_slug_of_another_organisation_changes_nothing(slug: str) -> None:
    org, globex = make_org("acme"), make_org("globex")
    RetiredSlug.objects.create(slug="retired", org=globex)
    with pytest.raises(SlugTaken):
        organisations.rename_organisation(org=org, slug=slug, actor=make_user())
    org.refresh_from_db()
    assert org.slug == "acme"
    assert not org.retired_slugs.exists()
    assert audit_events(org) == []


def test_update_records_what_changed_and_nothing_else() -> None:
    org = make_org("acme", name="Acme")
    for _ in range(2):
        organisations.update_organisation(
            org=org, name="Acme Group", description="", default_role=Role.READ, actor=make_user()
        )
    event = AuditEvent.objects.get(org=org)
    assert event.data == {"name": {"from": "Acme", "to": "Acme Group"}}


def test_deleting_takes_everything_the_organisation_owns() -> None:
    org = make_org("acme")
    make_member(org)
    make_page(org, group=make_group(org))
    organisations.delete_organisation(org=org, actor=make_user())
    assert not Organization.objects.exists()
