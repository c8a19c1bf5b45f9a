"""What changes while somebody is on the way counts at every step, whatever the browser and the IdP still hold.

Keycloak CVE-2026-2603 and CVE-2026-3009, Casdoor CVE-2026-9098, authentik CVE-2025-53942: disabled IdPs and disabled
people that still signed in.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.utils import timezone

from orgs.members import remove_member
from orgs.models import Organization
from sso import connections
from sso.models import LinkedIdentity, Revision, SSOSession
from tests.attacks.web.steps import Login, walk
from tests.builders import make_member, make_revision, make_sso_session, make_user
from tests.conftest import log_in

PROTOCOLS = ("acme", "globex")  # by OpenID Connect, by SAML
BEFORE_THE_START = {"acme": 0, "globex": 0}
BEFORE_THE_ANSWER = {"acme": 2, "globex": 2}
BEFORE_THE_LAST_STEP = {"acme": 2, "globex": 3}


def switch_connection_off(login: Login) -> None:
    connections.switch_off(connection=login.connection, actor=login.max.user, accepts_lock_out=True)


def delete_connection(login: Login) -> None:
    connections.delete_connection(connection=login.connection, actor=login.max.user, accepts_lock_out=True)


def put_another_revision_live(login: Login) -> None:
    """The same IdP by the same values, but configured anew."""
    old = login.revision
    Revision.objects.filter(pk=old.pk).update(status=Revision.Status.RETIRED, retired_at=timezone.now())
    kept = ("issuer", "client_id", "client_secret_sealed", "sso_url", "certificates")
    make_revision(login.connection, **{name: getattr(old, name) for name in kept})


def remove_from_the_organisation(login: Login) -> None:
    remove_member(membership=login.max, actor=None)


def deactivate_the_account(login: Login) -> None:
    login.max.user.is_active = False
    login.max.user.save()


def delete_the_organisation(login: Login) -> None:
    Organization.objects.get(pk=login.org.pk).delete()


def sign_somebody_else_in(login: Login) -> None:
    log_in(login.client, make_member(login.org, make_user()).user)


def sign_out(login: Login) -> None:
    login.client.post("/accounts/logout/")


@dataclass(frozen=True, slots=True)
class Case:
    """`codes` are those in the organisation's audit log, while there is one."""

    happening: Callable[[Login], object]
    statuses: tuple[int, ...]
    codes: tuple[str, ...] = ()


ON_THE_WAY = [
    Case(switch_connection_off, (403,), ("configuration_changed",)),
    Case(delete_connection, (404,)),
    Case(put_another_revision_live, (403,), ("configuration_changed",)),
    Case(remove_from_the_organisation, (403,), ("not_a_member",)),
    Case(deactivate_the_account, (400,), ("wrong_browser",)),
    Case(delete_the_organisation, (404,)),
    Case(sign_somebody_else_in, (400,), ("wrong_browser",)),
    Case(sign_out, (400,), ("wrong_browser",)),
]
AT_THE_START = [
    Case(switch_connection_off, (503,)),
    Case(delete_connection, (503,)),
    Case(remove_from_the_organisation, (404,)),
    Case(delete_the_organisation, (404,)),
]
by_name = pytest.mark.parametrize("protocol", PROTOCOLS)


def name_of(case: object) -> str:
    return case.happening.__name__ if isinstance(case, Case) else ""


def go(login: Login, case: Case, before_step: int) -> None:
    """The login must end in a refusal, and open nothing."""
    response = walk(login, happening=lambda: case.happening(login), before_step=before_step)
    assert response.status_code in case.statuses
    assert tuple(login.refusals()) == case.codes
    assert not SSOSession.objects.exists()
    assert not LinkedIdentity.objects.exists()
    assert not login.can_read()


@pytest.fixture
def login(db: None, protocol: str, request: pytest.FixtureRequest) -> Login:
    login: Login = request.getfixturevalue(protocol)
    return login


@pytest.mark.catalogue("WEB-CONFIG-CHANGED", "WEB-REVOKED", "SAML-38")
@by_name
@pytest.mark.parametrize("step", [BEFORE_THE_ANSWER, BEFORE_THE_LAST_STEP], ids=["answer", "last step"])
@pytest.mark.parametrize("case", ON_THE_WAY, ids=name_of)
def test_change_on_the_way_is_the_end_of_it(
    login: Login, protocol: str, step: dict[str, int], case: Case
) -> None:
    go(login, case, step[protocol])


@pytest.mark.catalogue("WEB-CONFIG-CHANGED")
@by_name
@pytest.mark.parametrize("case", AT_THE_START, ids=name_of)
def test_after_the_change_no_login_begins(login: Login, protocol: str, case: Case) -> None:
    go(login, case, BEFORE_THE_START[protocol])


@pytest.mark.catalogue("WEB-CONFIG-CHANGED")
@by_name
def test_without_a_change_the_same_steps_let_in(login: Login, protocol: str) -> None:
    response = walk(login, happening=lambda: None, before_step=BEFORE_THE_LAST_STEP[protocol])
    assert (response.status_code, response["Location"]) == (302, login.page_path)
    assert login.can_read()


@pytest.mark.catalogue("WEB-REVOKED", "WEB-CONFIG-CHANGED")
@by_name
@pytest.mark.parametrize(
    "happening",
    [
        switch_connection_off,
        delete_connection,
        put_another_revision_live,
        remove_from_the_organisation,
        deactivate_the_account,
    ],
)
def test_change_after_the_login_counts_at_the_next_request(
    login: Login, protocol: str, happening: Callable[[Login], object]
) -> None:
    walk(login, happening=lambda: None, before_step=0)
    assert login.can_read()
    happening(login)
    assert not login.can_read()
    assert login.client.get(login.page_path).status_code in (302, 403, 404)


@pytest.mark.catalogue("WEB-SUB-REUSE")
@by_name
def test_another_idp_with_the_same_subjects_is_nobody_we_know(login: Login, protocol: str) -> None:
    """Moved to another issuer, the connection does not take the old links along (GitLab MR 103687)."""
    other = make_member(login.org, make_user("max@other.example"))
    make_sso_session(other, browser_session="an older browser", connection=login.connection)
    LinkedIdentity.objects.update(issuer="https://the-old-idp.example", subject="max")
    walk(login, happening=lambda: None, before_step=0)
    identity = LinkedIdentity.objects.get(user=login.max.user)
    assert (identity.issuer, identity.subject) == (login.revision.issuer, "max")
    assert LinkedIdentity.objects.get(user=other.user).issuer == "https://the-old-idp.example"


@pytest.mark.catalogue("WEB-SUB-REUSE")
@by_name
def test_linked_member_of_the_old_idp_is_asked_for_a_new_proof(login: Login, protocol: str) -> None:
    LinkedIdentity.objects.create(
        org=login.org, user=login.max.user, issuer="https://the-old-idp.example", subject="max"
    )
    response = walk(login, happening=lambda: None, before_step=0)
    assert response.status_code == 403
    assert login.refusals() == ["account_linked_to_another"]
    assert not SSOSession.objects.exists()
