"""What an IdP had said is kept of a login that the portal refused, sealed, and shown to this organisation's admins."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from orgs.models import AuditEvent
from sso import errors
from sso.explaining.refusal_claims import MAX_CHARS, claims_of
from sso.models import Connection, RefusalTrace, SSOPolicy
from sso.refusals import record_refusal
from sso.types import SSOProtocol
from tests.builders import make_assertion, make_attempt, make_connection
from tests.conftest import World, log_in, log_in_with_sso
from tests.eavesdropper import database_text
from tests.sso.oidc.conftest import AcmeLogin, acme, demo_idp

__all__ = ["AcmeLogin", "acme", "demo_idp"]

JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln"
SAID = {"badge": "badge-4711", "refresh_token": "refresh-token-value", "proof": JWT, "teams": ["red", "blue"]}


def refuse(connection: Connection, user: Any, **assertion: Any) -> RefusalTrace:
    given = {"attributes": SAID, "logout_hint": {"id_token": JWT}, **assertion}
    reference = record_refusal(
        errors.EmailDomainNotAllowed("other domain"),
        connection=connection,
        attempt=make_attempt(connection, user),
        assertion=make_assertion(connection, **given),
        now=timezone.now(),
    )
    return RefusalTrace.objects.get(reference=reference)


@pytest.mark.parametrize("protocol", SSOProtocol)
def test_admins_read_the_claims_and_no_secret(client: Client, world: World, protocol: SSOProtocol) -> None:
    trace = refuse(make_connection(world.acme, protocol), world.max.user)
    log_in_with_sso(client, world.olivia)
    page = client.get(f"/orgs/acme/settings/sso/refusals/{trace.reference}/").content.decode()
    assert "badge-4711" in page
    assert "red<br>blue" in page
    assert "refresh-token-value" not in page
    assert JWT not in page


def test_nobody_else_reads_them_and_they_are_nowhere_else(world: World) -> None:
    trace = refuse(world.acme_idp, world.max.user)
    urls = [f"/orgs/{slug}/settings/sso/refusals/{trace.reference}/" for slug in ("acme", "globex")]
    urls += [f"/orgs/acme/sso/why/{trace.reference}/", "/orgs/acme/settings/sso/refusals/"]
    for membership in (world.max, world.nina, world.zoe):
        browser = Client()
        if membership is world.zoe:
            log_in(browser, world.zoe.user)
        else:
            log_in_with_sso(browser, membership)
        pages = [browser.get(url) for url in urls]
        assert not [page for page in pages if "badge-4711" in page.content.decode()]
        assert pages[0].status_code in (403, 404)
    assert "badge-4711" not in database_text()
    assert "badge-4711" not in str(list(AuditEvent.objects.values()))


def test_sealed_claims_open_in_their_own_row_only(world: World) -> None:
    first, second = (refuse(world.acme_idp, user) for user in (world.max.user, world.olivia.user))
    second.claims_sealed = first.claims_sealed
    assert claims_of(first) is not None
    assert claims_of(second) is None


def test_they_are_kept_for_a_week_with_their_trace(world: World) -> None:
    trace = refuse(world.acme_idp, world.max.user)
    assert trace.expires_at - trace.at == timedelta(days=settings.SSO_TRACE_RETENTION_DAYS)


def test_an_organisation_that_keeps_no_attributes_keeps_none_here(world: World) -> None:
    SSOPolicy.objects.update(keeps_attributes=False)
    assert refuse(world.acme_idp, world.max.user).claims_sealed == ""


def test_very_many_are_cut(world: World) -> None:
    many = {f"attribute-{number}": ["x" * 200] * 50 for number in range(150)}
    kept = claims_of(refuse(world.acme_idp, world.max.user, attributes=many))
    assert kept is not None
    assert kept.is_cut
    assert sum(len(value) for claim in kept.claims for value in claim.values) < MAX_CHARS


def test_a_whole_login_that_is_refused_at_the_end_keeps_them(acme: AcmeLogin) -> None:
    Connection.objects.update(email_domains=["elsewhere.example"])
    acme.tenant.change_person("max", extra={"badge": "badge-4711"})
    acme.sign_in()
    trace = RefusalTrace.objects.get()
    kept = claims_of(trace)
    assert trace.code == "email_domain_not_allowed"
    assert kept is not None
    assert ("badge", ("badge-4711",)) in [(claim.name, claim.values) for claim in kept.claims]
    assert not {token for token in acme.tenant.id_tokens if token in str(kept)}
