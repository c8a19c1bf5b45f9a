"""Who an assertion is. Success and refusal share one set-up and differ in one thing."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.emails import add_verified_email
from orgs.models import AuditEvent
from sso import errors, linking
from sso.models import LinkedIdentity
from tests.builders import make_assertion, make_connection, make_member
from tests.conftest import World


def link(world: World, person: str = "max", **assertion: object) -> LinkedIdentity:
    user = world.person(person)
    assert user is not None
    return linking.link(
        connection=world.acme_idp,
        user=user,
        assertion=make_assertion(world.acme_idp, **assertion),  # type: ignore[arg-type]
        now=timezone.now(),
    )


def test_the_account_that_is_signed_in_is_linked(world: World) -> None:
    identity = link(world, subject="s-1", emails=("max@acme.example",))
    assert (identity.user, identity.subject, identity.issuer) == (
        world.max.user,
        "s-1",
        "https://idp.example.org",
    )
    assert identity.email == "max@acme.example"


def test_the_same_login_again_finds_the_same_link(world: World) -> None:
    assert link(world, subject="s-1").pk == link(world, subject="s-1").pk


def test_a_new_link_is_recorded_and_a_found_one_is_not(world: World) -> None:
    for _ in range(2):
        link(world, subject="s-1")
    event = AuditEvent.objects.get(org=world.acme)
    assert (event.event, event.actor) == ("org.sso_link", world.max.user)
    assert event.data == {
        "connection": "Acme Login",
        "issuer": "https://idp.example.org",
        "subject": "s-1",
    }


@pytest.mark.catalogue("WEB-FOREIGN-PEOPLE")
def test_a_subject_of_somebody_else_is_refused(world: World) -> None:
    link(world, "olivia", subject="s-1")
    with pytest.raises(errors.SubjectLinkedToAnother):
        link(world, "max", subject="s-1")
    assert not LinkedIdentity.objects.filter(user=world.max.user).exists()


def test_another_subject_for_a_linked_account_is_refused_and_shows_both(world: World) -> None:
    link(world, subject="s-1")
    with pytest.raises(errors.AccountLinkedToAnother) as refusal:
        link(world, subject="s-2")
    assert "'s-1'" in refusal.value.admin_detail
    assert "'s-2'" in refusal.value.admin_detail


@pytest.mark.parametrize("other", ["S-1", "s-1 ", "s-1\u200b"])
def test_subjects_are_compared_exactly(world: World, other: str) -> None:
    link(world, subject="s-1")
    with pytest.raises(errors.AccountLinkedToAnother):
        link(world, subject=other)


@pytest.mark.catalogue("WEB-SUB-REUSE")
def test_the_same_subject_of_another_issuer_is_another_identity(world: World) -> None:
    link(world, "olivia", subject="s-1")
    second = make_connection(world.acme, issuer="https://two.example.org")
    identity = linking.link(
        connection=second,
        user=world.max.user,
        assertion=make_assertion(second, subject="s-1"),
        now=timezone.now(),
    )
    assert identity.user == world.max.user


@pytest.mark.catalogue("WEB-FOREIGN-PEOPLE")
def test_a_link_in_one_organisation_is_none_in_another(world: World) -> None:
    link(world, "max", subject="s-1")
    make_member(world.globex, world.max.user)
    globex_idp = make_connection(world.globex)
    identity = linking.link(
        connection=globex_idp,
        user=world.max.user,
        assertion=make_assertion(globex_idp, subject="s-9"),
        now=timezone.now(),
    )
    assert identity.org == world.globex
    assert LinkedIdentity.objects.filter(user=world.max.user).count() == 2


@pytest.mark.catalogue("WEB-NOAUTH")
@pytest.mark.parametrize(
    ("emails", "error"),
    [
        (("max@acme.example",), None),
        (("MAX@Acme.Example",), None),
        ((), errors.EmailMissing),
        (("max@acme.example", "olivia@acme.example"), errors.EmailAmbiguous),
        (("max@evil.example",), errors.EmailDomainNotAllowed),
        (("max@sub.acme.example",), errors.EmailDomainNotAllowed),
        (("max@notacme.example",), errors.EmailDomainNotAllowed),
        (("olivia@acme.example",), errors.EmailNotYours),
        (("unclaimed@acme.example",), errors.EmailNotYours),
    ],
)
def test_email_rule_of_matching_domains(
    world: World, emails: tuple[str, ...], error: type[errors.SSOError] | None
) -> None:
    world.acme_idp.email_domains = ["Acme.example"]
    world.acme_idp.save()
    attempt: Callable[[], LinkedIdentity] = lambda: link(world, emails=emails)  # noqa: E731
    if error is None:
        assert attempt().user == world.max.user
    else:
        with pytest.raises(error):
            attempt()
        assert not LinkedIdentity.objects.exists()


def test_any_verified_address_of_the_account_will_do(world: World) -> None:
    world.acme_idp.email_domains = ["acme.example"]
    world.acme_idp.save()
    add_verified_email(user=world.max.user, email="maximilian@acme.example")
    assert link(world, emails=("maximilian@acme.example",)).user == world.max.user


def test_an_established_link_does_not_depend_on_the_email(world: World) -> None:
    link(world, subject="s-1", emails=("max@acme.example",))
    world.acme_idp.email_domains = ["acme.example"]
    world.acme_idp.save()
    assert link(world, subject="s-1", emails=("renamed@elsewhere.example",)).user == world.max.user
