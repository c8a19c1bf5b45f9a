"""What the explorer says, held against what the real pages answer to the same people."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from orgs.models import Membership, Resource
from orgs.roles import Role
from sso.explaining.access_explorer import Channel, Exploration, Person, Place, SupposedSession, explore
from sso.forms.explorer import PAGES
from sso.types import Enforcement, Outcome, Reason
from tests.builders import make_group, make_member, make_page, make_sso_session, make_user, set_policy
from tests.conftest import World, log_in

JSON = {"Accept": "application/json"}


@pytest.fixture
def people(world: World) -> dict[str, Person]:
    """Everybody whom the explorer can be asked about; also somebody without access, with a seat and without."""
    group = make_group(world.acme, "Research")
    make_page(world.acme, "Grouped-marker", group=group)
    outcast = make_member(world.acme, make_user("outcast@acme.example"), role=Role.NO_ACCESS)
    seated = make_member(world.acme, make_user("seated@acme.example"), role=Role.NO_ACCESS)
    group.seats.create(org=world.acme, membership=seated, role=Role.READ)
    members = (world.olivia, world.max, world.nina, outcast, seated)
    return {
        "anonymous": Person(),
        "outsider": Person(is_signed_in=True),
        **{membership.user.email: Person(membership, is_signed_in=True) for membership in members},
    }


def places(world: World) -> list[Place]:
    resources = [Place("orgs:resource", resource, has_json=True) for resource in world.acme.resources.all()]
    return [*PAGES.values(), *resources]


def ask(
    world: World, person: Person, place: Place, supposes: SupposedSession = SupposedSession.NOW
) -> Exploration:
    return explore(org=world.acme, person=person, place=place, supposes=supposes, now=timezone.now())


def client_of(world: World, person: Person) -> tuple[Client, str]:
    client = Client()
    if person.membership is not None:
        return client, log_in(client, person.membership.user)
    return client, log_in(client, world.zoe.user if person.is_signed_in else None)


def listed(client: Client) -> dict[Channel, str]:
    """The lists as they really are."""
    paths = {Channel.ORG_LIST: "/orgs/acme/", Channel.SEARCH: "/search/?q=marker", Channel.HOME: "/"}
    return {channel: client.get(path).content.decode() for channel, path in paths.items()}


def seen(client: Client, world: World, place: Place, lists: dict[Channel, str]) -> dict[Channel, bool]:
    """What really comes of asking, by each channel that the explorer speaks of."""
    path = place.path(world.acme)
    found = {Channel.PAGE: client.get(path).status_code == 200}
    if place.has_json:
        response = client.get(path, headers=JSON)
        found[Channel.JSON] = response.status_code == 200
        assert response.status_code != 200 or response["Content-Type"] == "application/json"
    if place.resource is not None:
        found |= {channel: f'/r/{place.resource.slug}/"' in page for channel, page in lists.items()}
    return found


STATES = [
    *((Enforcement.ENFORCED, supposes) for supposes in SupposedSession),
    (Enforcement.OPTIONAL, SupposedSession.NONE),
]


@pytest.mark.parametrize(("enforcement", "supposes"), STATES)
def test_the_explorer_says_what_the_pages_do(
    world: World, people: dict[str, Person], enforcement: Enforcement, supposes: SupposedSession
) -> None:
    set_policy(world.acme, enforcement)
    for name, person in people.items():
        client, browser_session = client_of(world, person)
        if supposes is SupposedSession.LIVE and person.membership is not None:
            make_sso_session(person.membership, browser_session=browser_session)
        lists = listed(client)
        for place in places(world):
            answers = ask(world, person, place, supposes).answers
            said = {answer.channel: answer.is_shown for answer in answers}
            assert said == seen(client, world, place, lists), (name, place)
            assert ask(world, person, place, SupposedSession.NOW).answers == answers, (name, place)


def test_the_role_s_word_agrees_with_what_is_visible(world: World, people: dict[str, Person]) -> None:
    for person in people.values():
        for place in places(world):
            step = ask(world, person, place, SupposedSession.LIVE).role_step
            if step is not None:
                assert step.answer_text.startswith("Yes" if step.is_yes else "No"), step


def place_of(resource: Resource) -> Place:
    return Place("orgs:resource", resource, has_json=True)


def test_now_is_the_state_of_the_latest_session(world: World) -> None:
    person, place = Person(world.max, is_signed_in=True), place_of(world.private_page)
    now = timezone.now()
    make_sso_session(world.max, browser_session="old", expires_at=now - timedelta(days=2))
    make_sso_session(
        world.max, browser_session="new", expires_at=now - timedelta(minutes=1), org_limit_at=now
    )
    exploration = ask(world, person, place)
    assert exploration.explanation.decision.reason is Reason.SSO_EXPIRED
    assert not exploration.is_let_in
    assert ask(world, person, place, SupposedSession.NONE).explanation.decision.reason is Reason.SSO_MISSING


def test_a_session_can_not_be_supposed_live_where_nobody_can_sign_in(world: World) -> None:
    world.acme_idp.is_enabled = False
    world.acme_idp.save()
    exploration = ask(
        world, Person(world.max, is_signed_in=True), place_of(world.private_page), SupposedSession.LIVE
    )
    assert exploration.explanation.decision.reason is Reason.SSO_UNAVAILABLE


def test_a_deactivated_account_is_nobody(world: World) -> None:
    world.max.user.is_active = False
    world.max.user.save()
    person = Person(Membership.objects.get(pk=world.max.pk), is_signed_in=True)
    assert person.is_deactivated
    exploration = ask(world, person, PAGES["members"], SupposedSession.LIVE)
    assert exploration.explanation.decision.outcome is Outcome.LOG_IN


def test_hidden_resources_are_said_to_be_hidden(world: World) -> None:
    exploration = ask(world, Person(world.max, is_signed_in=True), place_of(world.private_page))
    texts = {answer.channel: answer.text for answer in exploration.answers}
    assert "resources are hidden" in texts[Channel.SEARCH]
    assert texts[Channel.ORG_LIST] == "The organisation's page is blocked"
