"""Who asks too often is turned away: before anything is read, at no cost in the database, and nobody else is."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import caches
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from hubsso import throttle
from orgs.models import AuditEvent
from sso import throttles
from sso.models import LoginAttempt, RefusalTrace
from sso.types import SSOProtocol
from tests.builders import make_connection, make_member, make_org, make_user, set_policy
from tests.conftest import World, log_in, log_in_with_sso
from tests.demo_idp.keys import make_saml_key_pair
from tests.demo_idp.saml_response import SamlResponseBuilder

CODE = "too_many_requests"
FORM = "application/x-www-form-urlencoded"
NOW = timezone.now().replace(second=15, microsecond=0)
ALLOWED = 15  # 1 % of 1,500


@pytest.fixture
def one_percent(settings: Settings) -> None:
    settings.THROTTLE_PERCENT = 1


def saml_uid(world: World) -> Any:
    return make_connection(world.acme, SSOProtocol.SAML, sso_url="https://idp.example.org/sso").uid


def calls(world: World) -> dict[str, Callable[[Client], Any]]:
    """One request to each throttled view, by the view's name."""
    uid, saml = world.acme_idp.uid, saml_uid(world)
    return {
        "start": lambda client: client.get("/orgs/acme/sso/"),
        "join": lambda client: client.get("/orgs/acme/join/"),
        "recovery": lambda client: client.post("/orgs/acme/sso/recovery/", {"code": "x"}),
        "test": lambda client: client.get(f"/orgs/acme/settings/sso/connections/{uid}/draft/test/"),
        "callback": lambda client: client.get(f"/sso/{uid}/oidc/callback/", {"state": "s", "code": "c"}),
        "initiate": lambda client: client.get(f"/sso/{uid}/oidc/initiate/", {"iss": "https://x.example"}),
        "backchannel": lambda client: client.post(
            f"/sso/{uid}/oidc/backchannel-logout/", "", content_type=FORM
        ),
        "frontchannel": lambda client: client.get(f"/sso/{uid}/oidc/frontchannel-logout/"),
        "acs": lambda client: client.post(f"/sso/{saml}/saml/acs/", "SAMLResponse=x", content_type=FORM),
        "finish": lambda client: client.get(f"/sso/{saml}/saml/finish/", {"ticket": "t"}),
        "metadata": lambda client: client.get(f"/sso/{saml}/saml/metadata/"),
    }


VIEWS = [
    *("start", "join", "recovery", "test", "callback", "initiate", "backchannel", "frontchannel"),
    *("acs", "finish", "metadata"),
]


def until_refused(call: Callable[[], Any], *, at_most: int = 40) -> tuple[int, Any]:
    """How many were served before one was not, and that one's answer."""
    for served in range(at_most):
        response = call()
        if response.status_code == 429:
            return served, response
    raise AssertionError("never refused")


# --- Every view ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_percent")
@pytest.mark.parametrize("view", VIEWS)
def test_view_turns_away_who_asks_too_often(world: World, view: str) -> None:
    call, client = calls(world)[view], Client()
    if view == "test":
        log_in_with_sso(client, world.olivia)
    served, response = until_refused(lambda: call(client))
    assert 1 <= served <= ALLOWED
    assert 1 <= int(response["Retry-After"]) <= 60
    assert response["Cache-Control"] == "no-store"
    page = response.content.decode()
    assert "Too many tries" in page
    assert CODE in page


@pytest.mark.usefixtures("one_percent")
@pytest.mark.parametrize("view", VIEWS)
def test_turning_away_asks_no_database_even_for_a_browser_with_a_cookie(world: World, view: str) -> None:
    call = calls(world)[view]
    for client in (Client(), Client()):
        log_in_with_sso(client, world.olivia)
        until_refused(lambda browser=client: call(browser))  # type: ignore[misc]
        with CaptureQueriesContext(database) as captured:
            assert call(client).status_code == 429
        caches["throttle"].clear()
        if view == "test":  # behind the gate, which comes first
            assert len(captured) <= 4
        elif view in (
            "start",
            "join",
            "recovery",
            "callback",
            "finish",
        ):  # the account's limit was reached, and asks who it is
            assert len(captured) <= 2
        else:
            assert len(captured) == 0


@pytest.mark.usefixtures("one_percent")
def test_program_is_told_in_json(world: World) -> None:
    call = calls(world)["metadata"]
    client = Client(headers={"Accept": "application/json"})
    _, response = until_refused(lambda: call(client))
    assert response["Content-Type"] == "application/problem+json"
    assert json.loads(response.content) == {
        "type": f"urn:hubsso:problem:{CODE}",
        "status": 429,
        "reason": CODE,
    }


# --- Whom a limit is for -------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_percent")
def test_another_address_is_served_meanwhile(world: World) -> None:
    call = calls(world)["callback"]
    until_refused(lambda: call(Client()))
    assert call(Client(REMOTE_ADDR="198.51.100.7")).status_code == 400


@pytest.mark.catalogue("WEB-HEADER-INJECTION")
@pytest.mark.usefixtures("one_percent")
@pytest.mark.catalogue("WEB-HEADER-INJECTION")
def test_forged_forwarded_address_begins_no_new_count(world: World, settings: Settings) -> None:
    call = calls(world)["finish"]
    until_refused(lambda: call(Client()))
    forged = Client(headers={"X-Forwarded-For": "198.51.100.7"})
    assert call(forged).status_code == 429
    settings.TRUSTED_PROXY_COUNT = 1
    assert call(forged).status_code == 400  # now it is our proxy that says so
    assert call(Client(headers={"X-Forwarded-For": "198.51.100.7, 127.0.0.1"})).status_code == 429


@pytest.mark.usefixtures("one_percent")
def test_neighbour_in_one_ipv6_network_shares_its_count_and_another_network_does_not(world: World) -> None:
    call = calls(world)["finish"]
    addresses = iter(f"2001:db8:0:1::{number:x}" for number in range(1, 99))
    until_refused(lambda: call(Client(REMOTE_ADDR=next(addresses))))
    assert call(Client(REMOTE_ADDR="2001:db8:0:2::1")).status_code == 400


def test_account_is_held_to_thirty_starts_whatever_its_addresses(world: World) -> None:
    """No IdP is asked: the only connection is switched off."""
    world.acme_idp.is_enabled = False
    world.acme_idp.save()
    client = Client()
    log_in(client, world.max.user)
    numbers = iter(range(1, 99))
    served, _ = until_refused(
        lambda: client.get("/orgs/acme/sso/", REMOTE_ADDR=f"198.51.100.{next(numbers)}"), at_most=60
    )
    assert served == throttles.START_BY_ACCOUNT.amount
    other = Client()
    log_in(other, world.olivia.user)
    assert other.get("/orgs/acme/sso/").status_code == 503


def test_office_of_500_behind_one_address_is_served(world: World) -> None:
    """Each starts a login for three organisations, is answered and finishes, all within one minute."""
    arrivals = 500 * 3
    for limit in (
        throttles.START_BY_ADDRESS,
        throttles.JOIN_BY_ADDRESS,
        throttles.ANSWER_BY_ADDRESS,
        throttles.FINISH_BY_ADDRESS,
    ):
        assert not any(throttle.count(limit, "192.0.2.1", now=NOW) for _ in range(arrivals)), limit.name
        assert throttle.count(limit, "192.0.2.1", now=NOW)
    assert arrivals <= throttles.ANSWER_BY_CONNECTION.amount
    by_org = throttles.START_BY_ORG
    assert by_org.amount * 60 / by_org.seconds >= 2 * 500  # of one organisation, within the minute


@pytest.mark.usefixtures("one_percent")
def test_flood_of_one_connections_answers_hurts_no_other(world: World) -> None:
    globex_idp = make_connection(world.globex, SSOProtocol.SAML, sso_url="https://idp.example.org/sso")
    acme_uid = saml_uid(world)
    numbers = iter(range(1, 99))

    def answer(uid: Any) -> Any:
        return answer_badly(uid, REMOTE_ADDR=f"198.51.100.{next(numbers)}")

    served, _ = until_refused(lambda: answer(acme_uid))
    assert served == throttles.ANSWER_BY_CONNECTION.amount // 100
    assert answer(globex_idp.uid).status_code == 400


@pytest.mark.usefixtures("one_percent")
def test_strangers_answers_to_no_attempt_use_up_nothing_of_a_connection(world: World) -> None:
    path = f"/sso/{world.acme_idp.uid}/oidc/callback/"
    for number in range(throttles.ANSWER_BY_CONNECTION.allowed + 2):
        stranger = Client(REMOTE_ADDR=f"198.51.100.{number + 1}")
        assert stranger.get(path, {"state": "s", "code": "c"}).status_code == 400


@pytest.mark.usefixtures("one_percent")
def test_flood_of_one_organisations_starts_hurts_no_other(world: World, settings: Settings) -> None:
    """Its IdP is switched off, so that a start that is served is answered with 503."""
    settings.THROTTLE_PERCENT = 5
    world.acme_idp.is_enabled = False
    world.acme_idp.save()
    numbers = iter(range(1, 250))

    def start(slug: str, person: Any) -> Any:
        client = Client(REMOTE_ADDR=f"198.51.100.{next(numbers)}")
        log_in(client, person)
        return client.get(f"/orgs/{slug}/sso/")

    people = iter([make_member(world.acme).user for _ in range(20)])
    served, refused = until_refused(lambda: start("acme", next(people)), at_most=19)
    assert served >= throttles.START_BY_ORG.allowed
    assert 1 <= int(refused["Retry-After"]) <= 5 + throttles.START_BY_ORG.spread_seconds
    assert start("globex", world.zoe.user).status_code == 503


def test_few_start_at_the_same_time_and_the_next_is_told_to_come_back_soon() -> None:
    limit = throttles.START_AT_ONCE
    with ExitStack() as inside:
        for _ in range(limit.amount):
            assert inside.enter_context(throttle.few_at_once(limit, "acme", now=NOW)) is None
        crowded = inside.enter_context(throttle.few_at_once(limit, "acme", now=NOW))
        assert crowded is not None
        assert 1 <= crowded.retry_after_seconds <= 1 + limit.spread_seconds
        assert inside.enter_context(throttle.few_at_once(limit, "globex", now=NOW)) is None
    with throttle.few_at_once(limit, "acme", now=NOW) as crowded:
        assert crowded is None


@pytest.mark.usefixtures("one_percent")
@pytest.mark.parametrize("stranger", ["nobody", "outsider"])
def test_flood_of_strangers_keeps_no_member_from_starting(world: World, stranger: str) -> None:
    """From many addresses, and by many accounts. The IdP is switched off: a start that is served is 503."""
    world.acme_idp.is_enabled = False
    world.acme_idp.save()
    for number in range(throttles.START_BY_ORG.allowed + throttles.START_AT_ONCE.allowed + 3):
        client = Client(REMOTE_ADDR=f"198.51.100.{number + 1}")
        if stranger == "outsider":
            log_in(client, make_user())
        assert client.get("/orgs/acme/sso/").status_code in (302, 404)
    member = Client(REMOTE_ADDR="192.0.2.7")
    log_in(member, world.max.user)
    assert member.get("/orgs/acme/sso/").status_code == 503


@pytest.mark.usefixtures("one_percent")
def test_strangers_take_no_place_of_those_who_start_at_once(world: World) -> None:
    with throttle.few_at_once(throttles.START_AT_ONCE, "acme", now=NOW) as crowded:
        assert crowded is None
        assert Client().get("/orgs/acme/sso/").status_code == 302
        member = Client()
        log_in(member, world.max.user)
        assert member.get("/orgs/acme/sso/").status_code == 429


@pytest.mark.parametrize("view", ["callback", "finish"])
def test_account_is_held_to_thirty_answers_whatever_its_addresses(world: World, view: str) -> None:
    call, client = calls(world)[view], Client()
    log_in(client, world.max.user)
    numbers = iter(range(1, 99))

    def ask() -> Any:
        client.defaults["REMOTE_ADDR"] = f"198.51.100.{next(numbers)}"
        return call(client)

    served, _ = until_refused(ask)
    assert served == 30
    assert call(Client()).status_code == 400


def answer_badly(uid: Any, **environ: Any) -> Any:
    return Client(**environ).post(f"/sso/{uid}/saml/acs/", "SAMLResponse=x", content_type=FORM)


def test_failing_answers_are_held_to_fewer_and_only_at_their_connection(
    world: World, settings: Settings
) -> None:
    settings.THROTTLE_PERCENT = 5
    globex_idp = make_connection(world.globex, SSOProtocol.SAML, sso_url="https://idp.example.org/sso")
    uid = saml_uid(world)
    served, _ = until_refused(lambda: answer_badly(uid))
    assert served == throttles.FAILED_ANSWER.amount * 5 // 100
    assert answer_badly(globex_idp.uid).status_code == 400


def test_unsolicited_responses_count_as_failed_answers(world: World, settings: Settings) -> None:
    """They are parsed, and answered with a redirect."""
    settings.THROTTLE_PERCENT = 5
    path = f"/sso/{saml_uid(world)}/saml/acs/"
    unasked = SamlResponseBuilder.honest(
        issuer="https://idp.example.org",
        acs_url=f"http://testserver{path}",
        audience="https://sp.example.org",
        in_response_to=None,
        name_id="max",
        signing_key=make_saml_key_pair(),
        now=NOW,
    ).base64()
    form = urlencode({"SAMLResponse": unasked})
    assert Client().post(path, form, content_type=FORM).status_code == 303
    served, _ = until_refused(lambda: Client().post(path, form, content_type=FORM))
    assert served == throttles.FAILED_ANSWER.amount * 5 // 100 - 1


@pytest.mark.usefixtures("one_percent")
@pytest.mark.parametrize(
    ("method", "page"),
    [
        ("get", "oidc/callback/"),
        ("post", "oidc/callback/"),
        ("get", "oidc/callback/?state=s&state=t"),
        ("head", "oidc/callback/"),
        ("get", "oidc/finish/"),
        ("get", "oidc/finish/?ticket=t"),
    ],
)
def test_page_elsewhere_that_makes_a_colleagues_browser_answer_shuts_no_office_out(
    world: World, method: str, page: str
) -> None:
    """What names no attempt of the browser's is no failed answer: 400, as long as its address may ask at all."""
    path = f"/sso/{world.acme_idp.uid}/{page}"
    for _ in range(throttles.FAILED_ANSWER.allowed + 2):
        assert getattr(Client(), method)(path).status_code in (400, 405)


@pytest.mark.usefixtures("one_percent")
def test_image_that_points_to_the_acs_shuts_no_office_out(world: World) -> None:
    path = f"/sso/{saml_uid(world)}/saml/acs/"
    for _ in range(throttles.FAILED_ANSWER.allowed + 2):
        assert Client().get(path).status_code == 405


def test_logouts_in_frames_use_up_nothing_of_the_servers(world: World, settings: Settings) -> None:
    """Anybody can load one with the right `iss` and any `sid`. What ends nothing counts as failed."""
    settings.THROTTLE_PERCENT = 1
    base = f"/sso/{world.acme_idp.uid}/oidc"
    named = {"iss": world.acme_idp.revisions.get(status="live").issuer, "sid": "any"}
    numbers = iter(range(1, 99))

    def load(address: str) -> Any:
        return Client(REMOTE_ADDR=address).get(f"{base}/frontchannel-logout/", named)

    assert load("192.0.2.1").status_code == 200
    served, _ = until_refused(lambda: load("192.0.2.1"))
    assert served == throttles.FAILED_FRAME_LOGOUT.allowed - 1
    until_refused(lambda: load(f"198.51.100.{next(numbers)}"))
    by_server = Client(REMOTE_ADDR="198.51.100.1").post(f"{base}/backchannel-logout/", "", content_type=FORM)
    assert by_server.status_code == 400


# --- Before, and after ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_percent")
def test_acs_turns_away_before_it_reads_the_body(world: World) -> None:
    """A body that would be refused as too large is not even looked at."""
    path = f"/sso/{saml_uid(world)}/saml/acs/"
    assert Client().post(path, b"x" * 2_000_000, content_type=FORM).status_code == 413
    until_refused(lambda: Client().post(path, "SAMLResponse=x", content_type=FORM))
    assert Client().post(path, b"x" * 2_000_000, content_type=FORM).status_code == 429


@pytest.mark.usefixtures("one_percent")
def test_flood_leaves_one_note_for_the_connections_admins(world: World) -> None:
    call = calls(world)["callback"]
    until_refused(lambda: call(Client()))
    before = RefusalTrace.objects.count()
    for _ in range(30):
        assert call(Client()).status_code == 429
    assert RefusalTrace.objects.count() == before
    assert RefusalTrace.objects.filter(code=CODE).count() == 1
    (event,) = [event for event in AuditEvent.objects.all() if event.data.get("code") == CODE]
    assert event.event == "org.sso_refused"
    assert not LoginAttempt.objects.exists()


@pytest.mark.usefixtures("one_percent")
def test_flood_of_made_up_connections_leaves_nothing(world: World) -> None:
    path = "/sso/00000000-0000-4000-8000-{:012d}/oidc/callback/"
    numbers = iter(range(99))
    until_refused(lambda: Client().get(path.format(next(numbers))))
    with CaptureQueriesContext(database) as captured:
        assert Client().get(path.format(98)).status_code == 429
    assert len(captured) == 0
    assert not RefusalTrace.objects.exists()


def test_honest_login_of_an_organisation_is_not_slowed_by_a_second_one(world: World) -> None:
    """Sanity of the numbers by account: twenty organisations that all renew at once."""
    person = make_user()
    client = Client()
    log_in(client, person)
    for number in range(20):
        org = make_org(f"org-of-many-{number}")
        set_policy(org, "optional")  # type: ignore[arg-type]
        make_member(org, person)
        assert client.get(f"/orgs/{org.slug}/sso/").status_code == 503  # no IdP, but not 429
