"""E-mail domains that an organisation proves to be its own by a DNS record, and what they are good for.

A claim costs nothing and counts for nothing. It counts once a TXT record shows its challenge, for one organisation
only, and is looked up again from time to time: a domain whose record is missing for a week counts no longer. The
network is asked outside of any transaction.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.emails import verified_emails
from accounts.models import User
from hubsso.crypto import random_token
from hubsso.domain_names import MAX_LENGTH, domain_in, domain_of
from hubsso.net import EgressError, txt_records
from orgs import announcements, audit, members
from orgs.errors import (
    AlreadyMember,
    DomainGone,
    DomainIsPublicSuffix,
    DomainIsWebmail,
    DomainMalformed,
    DomainNotProven,
    DomainRepeated,
    DomainTaken,
    DomainUnanswered,
    NotInvitedByDomain,
    TooManyDomains,
)
from orgs.models import Domain, Membership, Organization
from orgs.public_domains import is_public_suffix, is_webmail
from orgs.roles import Role, RoleSource

MAX_DOMAINS = 50
FAIL_FOR = timedelta(days=7)
CHALLENGE_LABEL = "_hubsso-challenge"
CHALLENGE_PREFIX = "hubsso-domain-verification="
BATCH = 200

LookUp = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Challenge:
    """The TXT record that proves a domain: where it stands, and what it says."""

    name: str
    value: str


def challenge_of(domain: Domain) -> Challenge:
    return Challenge(f"{CHALLENGE_LABEL}.{domain.name}", f"{CHALLENGE_PREFIX}{domain.challenge}")


def clean_name(typed: str) -> str:
    """The domain that somebody typed, in its stored form.

    Raises DomainMalformed, DomainIsWebmail or DomainIsPublicSuffix.
    """
    name = domain_in(typed)
    if typed.strip().strip(".").isalpha():
        raise DomainIsPublicSuffix  # such as `com`
    if name is None or len(f"{CHALLENGE_LABEL}.{name}") > MAX_LENGTH:
        raise DomainMalformed
    if is_webmail(name):
        raise DomainIsWebmail
    if is_public_suffix(name):
        raise DomainIsPublicSuffix
    return name


@transaction.atomic
def add_domain(*, org: Organization, typed: str, actor: User | None) -> Domain:
    """Claim a domain; what is returned has its challenge. Raises a DomainRefused that says why not."""
    name = clean_name(typed)
    members.lock_organisation(org.pk)
    mine = Domain.objects.filter(org=org)
    if mine.filter(name=name).exists():
        raise DomainRepeated
    if mine.count() >= MAX_DOMAINS:
        raise TooManyDomains
    if Domain.objects.filter(name=name, verified_at__isnull=False).exists():
        raise DomainTaken
    domain = Domain.objects.create(org=org, name=name, challenge=random_token(), created_by=actor)
    audit.record("org.domain.add", org=org, actor=actor, data={"domain": name})
    return domain


def check_domain(*, domain: Domain, actor: User, now: datetime, look_up: LookUp = txt_records) -> None:
    """Look the record up now, and count the domain from here on if it is there.

    Raises DomainNotProven, DomainUnanswered, DomainTaken or DomainGone.
    """
    is_there = _shows_challenge(domain, look_up)
    with transaction.atomic():
        members.lock_organisation(domain.org_id)
        current = Domain.objects.select_related("org").filter(pk=domain.pk).first()
        if current is None:
            raise DomainGone
        current.checked_at = now
        if is_there:
            current.failing_since = None
        current.save(update_fields=["checked_at", "failing_since"])
        if is_there and current.verified_at is None:
            _verify(current, actor=actor, now=now)
    if not is_there:
        raise DomainNotProven


def set_auto_join(*, domain: Domain, is_on: bool, actor: User | None) -> None:
    """Let accounts with a verified address in the domain join without an invitation, or no longer."""
    if Domain.objects.filter(pk=domain.pk, auto_join=not is_on).update(auto_join=is_on):
        data = {"domain": domain.name, "auto_join": is_on}
        audit.record("org.domain.update", org=domain.org, actor=actor, data=data)


@transaction.atomic
def remove_domain(*, domain: Domain, actor: User) -> None:
    data = {"domain": domain.name, "was_verified": domain.verified_at is not None}
    if Domain.objects.filter(pk=domain.pk).delete()[0]:
        audit.record("org.domain.remove", org=domain.org, actor=actor, data=data)


def verified_names(org: Organization) -> frozenset[str]:
    """The domains that are proven to be the organisation's."""
    return frozenset(Domain.objects.filter(org=org, verified_at__isnull=False).values_list("name", flat=True))


# --- Joining ---------------------------------------------------------------------------------------------


def joinable_orgs(user: User) -> QuerySet[Organization]:
    """The organisations that this account may join by one of its verified addresses. One query for the addresses.

    Not where it is a member, nor where an admin removed it and nobody has asked it back.
    """
    found = _invite_by_domain(user).exclude(memberships__user=user)
    return found.exclude(removed_members__user=user).order_by("name", "pk")


def may_join(*, org: Organization, user: User) -> bool:
    return joinable_orgs(user).filter(pk=org.pk).exists()


@transaction.atomic
def join(*, org: Organization, user: User) -> Membership:
    """Become a member with the default role. Raises NotInvitedByDomain or AlreadyMember."""
    members.lock_organisation(org.pk)
    if Membership.objects.filter(org=org, user=user).exists():
        raise AlreadyMember
    if not may_join(org=org, user=user):
        raise NotInvitedByDomain
    return members.add_member(
        org=org, user=user, role=Role(org.default_role), source=RoleSource.DEFAULT, actor=user
    )


def _invite_by_domain(user: User) -> QuerySet[Organization]:
    names = {domain_of(email) for email in verified_emails(user)} - {""}
    domains = Domain.objects.filter(name__in=names, verified_at__isnull=False, auto_join=True)
    return Organization.objects.filter(pk__in=domains.values("org_id"))


# --- Looking again ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recheck:
    """What looking again found: `outcome` is one of `fine`, `failing`, `lost` and `unanswered`."""

    domain: Domain
    outcome: str


def recheck_all(*, now: datetime, look_up: LookUp = txt_records) -> Iterable[Recheck]:
    """Look every verified domain up again, one after the other, and say of each what came of it.

    A missing record is announced at first sight and again when, a week later, the domain counts no longer. Where
    nobody answers nothing is known, and nothing changes.
    """
    for domain in verified_domains():
        yield Recheck(domain, recheck(domain, now=now, look_up=look_up))


def verified_domains(*, after: int = 0) -> Iterator[Domain]:
    """By key, read in batches: each is waited for."""
    verified = Domain.objects.filter(verified_at__isnull=False).select_related("org").order_by("pk")
    while batch := list(verified.filter(pk__gt=after)[:BATCH]):
        yield from batch
        after = batch[-1].pk


def recheck(domain: Domain, *, now: datetime, look_up: LookUp = txt_records) -> str:
    """Look one domain up again. Returns the outcome, as in `Recheck`."""
    try:
        is_there = _shows_challenge(domain, look_up)
    except DomainUnanswered:
        return "unanswered"
    with transaction.atomic():
        current = Domain.objects.filter(pk=domain.pk, verified_at=domain.verified_at)
        if is_there:
            current.update(checked_at=now, failing_since=None)
            return "fine"
        if domain.failing_since is None:
            if current.filter(failing_since=None).update(checked_at=now, failing_since=now):
                announcements.domain_failing(domain=domain, lost_at=now + FAIL_FOR)
            return "failing"
        if now - domain.failing_since < FAIL_FOR:
            current.update(checked_at=now)
            return "failing"
        if current.filter(failing_since=domain.failing_since).update(checked_at=now, verified_at=None):
            audit.record("org.domain.lose", org=domain.org, actor=None, data={"domain": domain.name})
            announcements.domain_lost(domain=domain)
        return "lost"


def _shows_challenge(domain: Domain, look_up: LookUp) -> bool:
    """Raises DomainUnanswered."""
    challenge = challenge_of(domain)
    try:
        texts = look_up(challenge.name)
    except EgressError as error:
        raise DomainUnanswered from error
    return challenge.value in {text.strip() for text in texts}


def _verify(domain: Domain, *, actor: User, now: datetime) -> None:
    """Raises DomainTaken where another organisation was first: the database lets one have it."""
    try:
        with transaction.atomic():
            Domain.objects.filter(pk=domain.pk).update(verified_at=now, failing_since=None)
    except IntegrityError:
        raise DomainTaken from None
    audit.record("org.domain.verify", org=domain.org, actor=actor, data={"domain": domain.name})
