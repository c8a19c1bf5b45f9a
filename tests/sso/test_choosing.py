"""Several live connections: the rule by table, and what members meet."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.emails import add_verified_email
from sso.choosing import Candidate, Signs, choose
from sso.models import Connection, LinkedIdentity, LoginAttempt
from sso.types import Enforcement, Purpose, SessionLimit, SSOProtocol
from tests.builders import make_connection, make_org, make_sso_session, make_user, set_policy
from tests.conftest import World, log_in
from tests.sso.settings.certificates import make_certificate

HTML = "text/html"


# --- The rule ------------------------------------------------------------------------------------------

ACME, LABS, OPEN = 1, 2, 3
CANDIDATES = [
    Candidate(connection_id=ACME, email_domains=frozenset({"acme.example", "acme.test"})),
    Candidate(connection_id=LABS, email_domains=frozenset({"labs.example", "acme.test"})),
    Candidate(connection_id=OPEN),
]


def emails(*addresses: str) -> Signs:
    return Signs(emails=frozenset(addresses))


@pytest.mark.parametrize(
    ("sentence", "candidates", "signs", "expected"),
    [
        ("none", [], Signs(), None),
        ("the only one", CANDIDATES[2:], Signs(), OPEN),
        ("the only one, linked to one that is off", CANDIDATES[2:], Signs(linked_to=ACME), OPEN),
        ("nothing known", CANDIDATES, Signs(), None),
        ("linked", CANDIDATES, Signs(linked_to=OPEN), OPEN),
        ("linked to one that is off", CANDIDATES, Signs(linked_to=9), None),
        (
            "linked to one that is off, then domain",
            CANDIDATES,
            Signs(linked_to=9, emails=frozenset({"a@acme.example"})),
            ACME,
        ),
        ("link before domain", CANDIDATES, Signs(linked_to=LABS, emails=frozenset({"a@acme.example"})), LABS),
        ("renewal before link", CANDIDATES, Signs(renews=ACME, linked_to=LABS), ACME),
        ("renewal of one that is off", CANDIDATES, Signs(renews=9, linked_to=LABS), LABS),
        ("one domain", CANDIDATES, emails("a@acme.example"), ACME),
        ("one domain, in capitals", CANDIDATES, emails("A@ACME.Example"), ACME),
        ("one domain, several addresses", CANDIDATES, emails("a@labs.example", "b@elsewhere.example"), LABS),
        ("two addresses of one connection", CANDIDATES, emails("a@acme.example", "b@acme.example"), ACME),
        ("a domain of two connections", CANDIDATES, emails("a@acme.test"), None),
        ("addresses of two connections", CANDIDATES, emails("a@acme.example", "a@labs.example"), None),
        ("no such domain", CANDIDATES, emails("a@elsewhere.example"), None),
        ("a domain below", CANDIDATES, emails("a@sub.acme.example"), None),
        ("a domain that only ends so", CANDIDATES, emails("a@not-acme.example"), None),
        ("a domain in the local part", CANDIDATES, emails('"x@acme.example"@elsewhere.example'), None),
    ],
)
def test_rule(sentence: str, candidates: list[Candidate], signs: Signs, expected: int | None) -> None:
    assert choose(candidates, signs) == expected, sentence


# --- What members meet ---------------------------------------------------------------------------------


@pytest.fixture
def labs_idp(world: World) -> Connection:
    """Acme's second live connection; both by SAML, whose requests are made without asking anybody anything."""
    world.acme_idp.delete()
    saml_connection(world, "Acme Login", "acme", ["acme.example"])
    return saml_connection(world, "Labs Login", "labs", ["labs.example"])


def saml_connection(world: World, name: str, host: str, domains: list[str]) -> Connection:
    return make_connection(
        world.acme,
        SSOProtocol.SAML,
        connection={"name": name, "email_domains": domains},
        issuer=f"https://{host}.example.org",
        sso_url=f"https://{host}.example.org/sso",
        certificates=[make_certificate()],
    )


def idp_of(location: str) -> str:
    return urlsplit(location).netloc


def test_the_members_domain_picks_the_connection(client: Client, world: World, labs_idp: Connection) -> None:
    log_in(client, world.max.user)
    assert idp_of(client.get("/orgs/acme/sso/")["Location"]) == "acme.example.org"


def test_an_address_that_is_not_verified_picks_nothing(
    client: Client, world: World, labs_idp: Connection
) -> None:
    world.max.user = make_user("max@labs.example", verified=False)
    world.max.save()
    log_in(client, world.max.user)
    assert client.get("/orgs/acme/sso/").status_code == 200


def test_the_members_link_picks_the_connection(client: Client, world: World, labs_idp: Connection) -> None:
    LinkedIdentity.objects.create(
        org=world.acme,
        connection=labs_idp,
        user=world.max.user,
        issuer="https://labs.example.org",
        subject="m",
    )
    log_in(client, world.max.user)
    assert idp_of(client.get("/orgs/acme/sso/")["Location"]) == "labs.example.org"


def test_otherwise_the_member_chooses_and_the_way_back_is_kept(
    client: Client, world: World, labs_idp: Connection
) -> None:
    add_verified_email(user=world.max.user, email="max@labs.example")
    log_in(client, world.max.user)
    page = client.get("/orgs/acme/sso/?next=/orgs/acme/r/private-marker/")
    assert not LoginAttempt.objects.exists()
    assert [choice.name for choice in page.context["choices"]] == ["Acme Login", "Labs Login"]
    assert "Authenticate with Labs Login" in page.content.decode()
    assert "sso-banner" not in page.content.decode()
    response = client.get("/orgs/acme/sso/" + page.context["choices"][1].url)
    assert idp_of(response["Location"]) == "labs.example.org"
    attempt = LoginAttempt.objects.get()
    assert (attempt.connection, attempt.next_path) == (labs_idp, "/orgs/acme/r/private-marker/")


def test_the_choice_can_be_asked_for(client: Client, world: World, labs_idp: Connection) -> None:
    log_in(client, world.max.user)
    page = client.get("/orgs/acme/sso/?choose=1&next=https://evil.example/")
    assert [parse_qs(choice.url[1:]).keys() for choice in page.context["choices"]] == [{"connection"}] * 2


@pytest.mark.parametrize("path", ["/orgs/acme/sso/", "/orgs/acme/join/"])
@pytest.mark.parametrize("which", ["foreign", "switched off", "draft", "no uid", "empty"])
def test_only_a_live_connection_of_the_organisation_can_be_named(
    client: Client, world: World, labs_idp: Connection, path: str, which: str
) -> None:
    labs_idp.revisions.update(**({"status": "draft"} if which == "draft" else {}), number=1)
    Connection.objects.filter(pk=labs_idp.pk).update(is_enabled=which != "switched off")
    foreign = make_connection(make_org("other")).uid
    uid = {"foreign": foreign, "no uid": "acme'", "empty": ""}.get(which, labs_idp.uid)
    log_in(client, world.max.user if "sso" in path else make_user())
    assert client.get(path, {"connection": str(uid), "go": "1"}).status_code == 404
    assert not LoginAttempt.objects.exists()


def test_an_outsider_learns_no_names_from_the_choice(
    client: Client, world: World, labs_idp: Connection
) -> None:
    log_in(client, world.zoe.user)
    for query in ("?choose=1", f"?connection={labs_idp.uid}"):
        response = client.get("/orgs/acme/sso/" + query)
        assert response.status_code == 404
        assert "Labs Login" not in response.content.decode()


# --- Joining -------------------------------------------------------------------------------------------


def test_whoever_joins_chooses_too(client: Client, world: World, labs_idp: Connection) -> None:
    log_in(client, make_user())
    page = client.get("/orgs/acme/join/?go=1")
    assert "Join with Acme Login" in page.content.decode()
    response = client.get("/orgs/acme/join/" + page.context["choices"][1].url)
    assert idp_of(response["Location"]) == "labs.example.org"
    attempt = LoginAttempt.objects.get()
    assert (attempt.connection, attempt.purpose) == (labs_idp, Purpose.JOIN)


def test_whoever_joins_by_their_domain_reads_one_name_and_may_choose_another(
    client: Client, world: World, labs_idp: Connection
) -> None:
    log_in(client, make_user("new@labs.example"))
    response = client.get("/orgs/acme/join/")
    page = response.content.decode()
    assert "Join with Labs Login" in page
    assert "Acme Login" not in page
    assert 'href="?choose=1"' in page
    assert "Join with Acme Login" in client.get("/orgs/acme/join/?choose=1").content.decode()
    assert (
        idp_of(client.get("/orgs/acme/join/" + response.context["choices"][0].url)["Location"])
        == "labs.example.org"
    )


# --- Renewal, banner, block page -----------------------------------------------------------------------


def test_silent_renewal_goes_to_the_sessions_own_connection(
    client: Client, world: World, labs_idp: Connection
) -> None:
    now = timezone.now()
    make_sso_session(
        world.max,
        browser_session=log_in(client, world.max.user),
        connection=labs_idp,
        expires_at=now - timedelta(seconds=1),
        org_limit_at=now + timedelta(days=1),
        limit=SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER,
    )
    LinkedIdentity.objects.update(connection=Connection.objects.get(name="Acme Login"))
    start = client.get("/orgs/acme/r/private-marker/")["Location"]
    assert idp_of(client.get(start)["Location"]) == "labs.example.org"


def test_banner_and_block_page_name_the_organisation_where_there_are_several(
    client: Client, world: World, labs_idp: Connection
) -> None:
    log_in(client, world.max.user)
    for path in ("/accounts/profile/", "/orgs/acme/"):
        page = client.get(path, headers={"Accept": HTML}).content.decode()
        assert "Authenticate with Acme</a>" in page
        assert "Acme Login" not in page
    assert 'href="/orgs/acme/sso/?choose=1&amp;next=%2Forgs%2Facme%2F"' in page


def test_block_page_of_one_connection_offers_no_other(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    page = client.get("/orgs/acme/").content.decode()
    assert "Authenticate with Acme Login</a>" in page
    assert "choose=1" not in page


def test_draft_or_switched_off_connections_are_no_choice(
    client: Client, world: World, labs_idp: Connection
) -> None:
    Connection.objects.filter(pk=labs_idp.pk).update(is_enabled=False)
    log_in(client, world.max.user)
    assert "Authenticate with Acme Login</a>" in client.get("/orgs/acme/").content.decode()


def test_several_connections_cost_the_gate_no_query_more(client: Client, world: World) -> None:
    set_policy(world.acme, Enforcement.OPTIONAL)
    log_in(client, world.max.user)
    with CaptureQueriesContext(database) as before:
        client.get("/orgs/acme/")
    make_connection(world.acme)
    with CaptureQueriesContext(database) as after:
        client.get("/orgs/acme/")
    assert len(after) == len(before)


def test_a_refused_login_leads_to_the_other_connection(
    client: Client, world: World, labs_idp: Connection
) -> None:
    log_in(client, world.max.user)
    path = f"/sso/{labs_idp.uid}/saml/finish/?ticket=unknown"
    assert 'href="/orgs/acme/sso/?choose=1"' in client.get(path).content.decode()
    Connection.objects.exclude(pk=labs_idp.pk).delete()
    assert "choose=1" not in client.get(path).content.decode()
