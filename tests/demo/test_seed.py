"""What the seed makes, and that it makes it once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Max, Sum
from pytest_django import Settings

from accounts.models import User
from orgs.models import AuditEvent, Membership, Organization, Resource
from orgs.organisations import rename_organisation
from orgs.roles import Role
from sso import key_pairs
from sso.models import (
    Connection,
    LinkedIdentity,
    LoginCount,
    LoginRecord,
    Revision,
    RevisionTest,
    RoleRule,
    SSOPolicy,
)
from sso.types import Enforcement, Purpose
from tests.demo.organisations import ORGANISATIONS, DemoOrg
from tests.demo.seed import seed
from tests.demo_idp import TenantConfig

pytestmark = pytest.mark.django_db
HERE, ELSEWHERE = "http://127.0.0.1:9001", "http://127.0.0.1:9101"


@pytest.fixture(scope="module")
def idp_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The IdPs' keys, made once: most of what seeding takes."""
    return tmp_path_factory.mktemp("idp-keys")


def plant(folder: Path, idp_url: str = HERE) -> dict[str, TenantConfig]:
    tenants = seed(idp_url=idp_url, idp_keys=folder, now=datetime.now(UTC))
    return {tenant.slug: tenant for tenant in tenants}


def live(org_slug: str) -> Revision:
    return Revision.objects.get(connection__org__slug=org_slug, status=Revision.Status.LIVE)


def link_max(org_slug: str) -> LinkedIdentity:
    revision = live(org_slug)
    return LinkedIdentity.objects.create(
        org=revision.org,
        connection=revision.connection,
        user=User.objects.get(email="max@acme.example"),
        issuer=revision.issuer,
        subject="max",
    )


def state_of_everything() -> tuple[object, ...]:
    counts = [model.objects.count() for model in (User, Organization, Membership, Resource, Connection)]
    return (*counts, AuditEvent.objects.count(), Revision.objects.aggregate(Max("pk"))["pk__max"])


def test_enforcing_organisations_have_a_past_whose_counts_are_those_of_its_logins(idp_keys: Path) -> None:
    plant(idp_keys)

    for slug in ("acme", "globex"):
        logins = LoginRecord.objects.filter(org__slug=slug)
        counted = LoginCount.objects.filter(org__slug=slug).aggregate(all=Sum("count"))["all"]
        assert logins.count() == counted > 0
        assert logins.filter(purpose=Purpose.LOGIN).latest("at").at.date() < datetime.now(UTC).date()
    elsewhere = LoginRecord.objects.filter(purpose=Purpose.LOGIN).exclude(org__slug__in=["acme", "globex"])
    assert not elsewhere.exists()


def test_organisations_ask_what_the_demo_promises(idp_keys: Path) -> None:
    plant(idp_keys)
    asked = dict(SSOPolicy.objects.values_list("org__slug", "enforcement"))
    assert asked == {
        "acme": Enforcement.ENFORCED,
        "globex": Enforcement.ENFORCED,
        "initech": Enforcement.OPTIONAL,
    }
    assert (live("acme").connection.protocol, live("globex").connection.protocol) == ("oidc", "saml")
    assert live("globex").sign_requests
    assert live("globex").slo_url.startswith(HERE)
    assert dict(RoleRule.objects.values_list("value", "role")) == {
        "acme-admins": Role.ADMIN,
        "engineering": Role.WRITE,
        "staff": Role.READ,
    }


@pytest.mark.parametrize("demo_org", ORGANISATIONS, ids=lambda org: org.slug)
def test_every_organisation_has_something_public_private_and_grouped(
    demo_org: DemoOrg, idp_keys: Path
) -> None:
    plant(idp_keys)
    resources = Resource.objects.filter(org__slug=demo_org.slug)
    assert resources.filter(visibility="public", kind="page").exists()
    assert resources.filter(visibility="private", kind="page", group=None).exists()
    assert resources.filter(visibility="private", kind="page", group__isnull=False).exists()
    assert resources.filter(kind="app").exists()
    assert not resources.filter(kind="page", body="").exists()


def test_second_seed_changes_nothing(idp_keys: Path) -> None:
    first = plant(idp_keys)
    before = state_of_everything()
    assert plant(idp_keys) == first
    assert state_of_everything() == before


def test_what_people_did_to_an_organisation_stays(idp_keys: Path) -> None:
    plant(idp_keys)
    hooli = Organization.objects.get(slug="hooli")
    hana = User.objects.get(email="hana@hooli.example")
    rename_organisation(org=hooli, slug="hooli-xyz", actor=hana)
    Resource.objects.filter(org=hooli, kind="app").delete()
    before = state_of_everything()
    plant(idp_keys)
    assert state_of_everything() == before


def test_idp_knows_the_portal_of_every_connection(idp_keys: Path) -> None:
    tenants = plant(idp_keys)
    (client,) = tenants["acme"].clients
    assert client.client_secret == live("acme").client_secret
    assert client.redirect_uris == (f"http://testserver/sso/{live('acme').connection.uid}/oidc/callback/",)
    (sp,) = tenants["globex"].service_providers
    assert sp.entity_id == f"http://testserver/sso/{live('globex').connection.uid}/saml/metadata/"
    assert sp.certificate is not None
    assert sp.slo_url == f"http://testserver/sso/{live('globex').connection.uid}/saml/slo/"


def test_idp_checks_our_logouts_by_the_key_that_signs_them(idp_keys: Path) -> None:
    plant(idp_keys)
    connection = live("globex").connection
    zoe = User.objects.get(email="zoe@globex.example")
    following = key_pairs.add_next(connection=connection, actor=zoe, now=datetime.now(UTC))
    (before,) = plant(idp_keys)["globex"].service_providers
    key_pairs.switch_over(connection=connection, actor=zoe)
    (after,) = plant(idp_keys)["globex"].service_providers
    assert following is not None
    assert before.logout_certificate != following.certificate
    assert after.logout_certificate == following.certificate


@pytest.mark.parametrize("org_slug", ["acme", "globex", "initech"])
def test_connections_and_identities_follow_the_idp_to_another_port(org_slug: str, idp_keys: Path) -> None:
    plant(idp_keys)
    before, identity = live(org_slug), link_max(org_slug)
    uid, secret = before.connection.uid, before.client_secret

    plant(idp_keys, ELSEWHERE)

    after = live(org_slug)
    assert after.pk != before.pk
    assert after.connection.uid == uid
    assert after.client_secret == secret
    assert after.issuer == before.issuer.replace(HERE, ELSEWHERE)
    assert after.sso_url == before.sso_url.replace(HERE, ELSEWHERE)
    assert after.slo_url == before.slo_url.replace(HERE, ELSEWHERE)
    identity.refresh_from_db()
    assert identity.issuer == after.issuer


def test_lost_idp_keys_are_replaced_in_the_connection(idp_keys: Path) -> None:
    plant(idp_keys / "keys")
    before = live("globex")
    plant(idp_keys / "other-keys")
    assert live("globex").certificates != before.certificates
    assert live("acme").number == 1


def test_production_refuses_the_seed(settings: Settings, idp_keys: Path) -> None:
    settings.DEMO = False
    with pytest.raises(ImproperlyConfigured, match="public password"):
        plant(idp_keys)
    assert not User.objects.exists()


def test_the_seeded_test_of_a_connection_has_a_full_page(idp_keys: Path) -> None:
    plant(idp_keys)
    assert RevisionTest.objects.exists()
    for test in RevisionTest.objects.filter(revision__status=Revision.Status.LIVE):
        assert test.passed
        assert len(test.details["checks"]) >= 4
        uses = {claim["name"]: claim["uses"] for claim in test.claims}
        assert "groups" in uses
        assert "email" in uses["email"]
