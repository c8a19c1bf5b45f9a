"""What the gate costs a page, in queries, and that nothing but a login talks to an IdP."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hubsso import net
from sso.browser import _SESSION_KEY as BROWSER_SESSION_KEY
from sso.login import complete_login
from tests.builders import make_assertion, make_attempt, make_member, make_org, make_sso_session
from tests.conftest import World, log_in, log_in_with_sso
from tests.no_network import no_network
from tests.org_things import things_of
from tests.urls import all_routes

MAX_QUERIES_OF_A_PAGE = 6


def queries_of(client: Client, path: str, *, status: int = 200) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == status
    return [query["sql"] for query in captured.captured_queries]


def kind_of(query: str) -> str:
    """Whose query it is. The gate's finds the one organisation by its slug; the banner's all of the viewer's."""
    if "sso_ssosession" in query:
        return "gate" if '"orgs_organization"."slug" =' in query else "banner"
    if "django_session" in query:
        return "session"
    return "user" if 'FROM "accounts_user"' in query else "page"


@pytest.mark.parametrize("path", ["/orgs/acme/", "/orgs/acme/r/private-marker/"])
def test_a_gated_page_costs_one_query_for_the_gate_and_six_in_all(
    client: Client, world: World, path: str
) -> None:
    """Session, user, gate; what the page itself shows; and one more for the banner and the list of organisations.

    The banner's query looks at all of the viewer's organisations at once, and so is none of the gate's.
    """
    log_in_with_sso(client, world.max)
    for number in range(5):  # more organisations cost no more queries
        make_member(make_org(f"more-{number}"), world.max.user)
    queries = queries_of(client, path)
    kinds = [kind_of(query) for query in queries]
    assert [kind for kind in kinds if kind != "page"] == ["session", "user", "gate", "banner"]
    assert len(queries) <= MAX_QUERIES_OF_A_PAGE, "\n".join(queries)
    gate = queries[kinds.index("gate")]
    for table in ("orgs_membership", "sso_revision", "sso_ssopolicy", "sso_ssosession"):
        assert table in gate


def test_a_blocked_page_costs_little(client: Client, world: World) -> None:
    """The first of an hour is written down as well (test_blocks)."""
    log_in(client, world.max.user)
    client.get("/orgs/acme/")
    queries = queries_of(client, "/orgs/acme/", status=403)
    kinds = [kind_of(query) for query in queries]
    assert len(kinds) <= 4, "\n".join(queries)
    assert kinds[:3] == ["session", "user", "gate"]
    assert kinds[3:] in ([], ["banner"])  # the page's header lists the viewer's organisations


def test_an_anonymous_public_page_asks_for_no_session_and_no_memberships(
    client: Client, world: World
) -> None:
    queries = queries_of(client, "/orgs/acme/r/public-marker/")
    assert not [
        query for query in queries if "django_session" in query or "accounts_user" in query.split("WHERE")[-1]
    ]
    assert len(queries) <= 3


def test_a_login_writes_six_rows_beside_the_audit_log_in_one_transaction(world: World) -> None:
    """Link, membership, attributes, session, and the activity's record and count; a first login makes a few more."""
    for browser in ("first", "second"):
        attempt = make_attempt(world.acme_idp, world.max.user, browser_session=browser)
        assertion = make_assertion(world.acme_idp, emails=(world.max.user.email,))
        with CaptureQueriesContext(connection) as captured:
            complete_login(attempt=attempt, assertion=assertion, now=timezone.now())
    statements = [query["sql"] for query in captured.captured_queries]
    writes = [sql for sql in statements if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len([sql for sql in writes if "orgs_audit" not in sql]) <= 6, "\n".join(writes)
    reads = [sql for sql in statements if sql.startswith("SELECT")]
    assert len(reads) <= 7, "\n".join(reads)
    assert (
        len([sql for sql in statements if sql.startswith("SAVEPOINT")]) <= 1
    )  # the test's transaction around it


# --- Who talks to an IdP -------------------------------------------------------------------------------

TALKS_TO_AN_IDP = {"sso:start", "sso:draft_test", "sso:oidc_callback", "sso:read_metadata"}
ASKS_DNS = {"orgs:domain_check"}
PORTAL_PATHS = ["/", "/search/?q=marker", "/accounts/sso-sessions/", "/accounts/email/"]


def walk(client: Client, things: Mapping[str, Any]) -> int:
    """GET and POST every URL that names an organisation, undoing what a POST writes. Says how many GETs passed."""
    passed = 0
    for route in all_routes():
        if route.names_an_org and route.name not in TALKS_TO_AN_IDP | ASKS_DNS:
            path = route.path(**things)
            passed += client.get(path).status_code == 200
            with transaction.atomic():
                client.post(path)
                transaction.set_rollback(True)
    return passed + sum(client.get(path).status_code == 200 for path in PORTAL_PATHS)


@pytest.fixture
def acme_things(world: World) -> Mapping[str, Any]:
    return {**things_of(world.acme), "token": "no-such-token"}


@pytest.mark.parametrize("who", ["anonymous", "member without SSO", "admin with SSO"])
def test_no_page_but_a_logins_own_talks_to_an_idp(
    client: Client, world: World, acme_things: Mapping[str, Any], who: str
) -> None:
    if who == "admin with SSO":
        log_in_with_sso(client, world.olivia)
    elif who == "member without SSO":
        log_in(client, world.max.user)
    with no_network() as tries:
        passed = walk(client, acme_things)
    assert tries == []
    assert passed > {"anonymous": 2, "member without SSO": 3, "admin with SSO": 30}[who]


def test_a_login_and_a_draft_do_talk_to_the_idp(client: Client, world: World) -> None:
    """The counterpart: the test above would have seen it."""
    log_in_with_sso(client, world.olivia)
    draft = f"/orgs/acme/settings/sso/connections/{world.acme_idp.uid}/draft/"
    values = {"issuer": "https://idp.example.org", "client_id": "c", "client_secret": "s"}
    attempt = make_attempt(
        world.acme_idp, world.olivia.user, browser_session=client.session[BROWSER_SESSION_KEY], nonce="n"
    )
    answer = {"state": attempt.state, "code": "c"}
    asks: list[Callable[[], object]] = [
        lambda: client.get("/orgs/acme/sso/"),
        lambda: client.get(f"{draft}test/"),
        lambda: client.post(draft, values),
        lambda: client.get(f"/sso/{world.acme_idp.uid}/oidc/callback/", answer),
    ]
    for ask in asks:
        net.logins.forget_all()  # after three failures it would be left alone
        with no_network() as tries:
            ask()
        assert tries == ["socket.getaddrinfo idp.example.org"]


def test_silent_renewal_of_a_page_is_a_redirect_and_asks_no_idp_itself(client: Client, world: World) -> None:
    make_sso_session(
        world.max,
        browser_session=log_in(client, world.max.user),
        expires_at=timezone.now() - timedelta(seconds=1),
    )
    with no_network() as tries:
        response = client.get("/orgs/acme/")
    assert response["Location"].startswith("/orgs/acme/sso/")
    assert tries == []
