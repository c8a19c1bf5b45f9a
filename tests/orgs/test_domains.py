"""Domains: claimed by anybody, proven by one, looked up again, lost after a week; and who may join by one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.emails import add_verified_email
from hubsso.domain_names import domain_in, domain_of, shown, validate_email_domain
from orgs import domains, invitations, members
from orgs.errors import (
    AlreadyMember,
    DomainGone,
    DomainIsPublicSuffix,
    DomainIsWebmail,
    DomainMalformed,
    DomainNotProven,
    DomainRefused,
    DomainRepeated,
    DomainTaken,
    DomainUnanswered,
    NotInvitedByDomain,
    TooManyDomains,
)
from orgs.models import AuditEvent, Domain, Membership, Organization
from orgs.roles import Role, RoleSource
from tests.builders import make_member, make_org, make_user
from tests.dns_server import DnsServer, running_dns_server

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def dns(settings: Any) -> Iterator[DnsServer]:
    with running_dns_server() as server:
        settings.DNS_SERVERS = [("127.0.0.1", server.port)]
        yield server


@pytest.fixture
def domain(hooli: Organization, admin: Membership) -> Domain:
    return domains.add_domain(org=hooli, typed="hooli.example", actor=admin.user)


def publish(dns: DnsServer, domain: Domain) -> None:
    challenge = domains.challenge_of(domain)
    dns.records[challenge.name] = ["v=spf1 -all", challenge.value]


def check(domain: Domain, *, now: datetime = NOW) -> None:
    assert domain.created_by is not None
    domains.check_domain(domain=domain, actor=domain.created_by, now=now)


def verify(dns: DnsServer, domain: Domain) -> Domain:
    publish(dns, domain)
    check(domain)
    domain.refresh_from_db()
    return domain


# --- Names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Acme.Example", "acme.example"),
        (" @acme.example. ", "acme.example"),
        ("max@acme.example", "acme.example"),
        ("https://www.acme.example/path?x", "www.acme.example"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("bücher。example", "xn--bcher-kva.example"),
    ],
)
def test_domain_is_found_in_what_was_typed(typed: str, name: str) -> None:
    assert domain_in(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "acme",
        "acme..example",
        "-acme.example",
        "a b.example",
        "192.0.2.1",
        "http://[::1",
        "a_b.example",
        "\u2764.",
    ],
)
def test_what_is_no_domain_is_none(typed: str) -> None:
    assert domain_in(typed) is None
    with pytest.raises(DomainRefused):
        domains.clean_name(typed)


# By IDNA 2008, by which DNS knows them, they are other names than by IDNA 2003, by which mails are addressed.
READ_IN_TWO_WAYS = [
    "straße.example",
    "βόλος.example",
    "क्\u200cष.example",
    "क्\u200dष.example",
    "a\u200cb.example",
]


@pytest.mark.parametrize("name", READ_IN_TWO_WAYS)
def test_name_that_mail_and_dns_read_differently_counts_for_none(name: str) -> None:
    assert domain_of(f"eve@{name}") == ""
    with pytest.raises(DomainMalformed):
        domains.clean_name(name)
    with pytest.raises(ValidationError):
        validate_email_domain(f"eve@{name}")


@pytest.mark.parametrize("domain", ["BÜCHER.example", "bücher.example", "xn--strae-oqa.example", "localhost"])
def test_address_in_a_name_that_is_read_in_one_way_is_taken(domain: str) -> None:
    validate_email_domain(f"max@{domain}")


def test_name_is_shown_as_people_read_it() -> None:
    assert shown("xn--bcher-kva.example") == "bücher.example"
    assert shown("xn--a.example") == "xn--a.example"
    assert shown("xn--strae-oqa.example") == "xn--strae-oqa.example"
    assert domain_of("Max@BÜCHER.example") == "xn--bcher-kva.example"
    assert domain_of("nobody") == ""


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("gmail.com", DomainIsWebmail),
        ("OUTLOOK.com", DomainIsWebmail),
        ("com", DomainIsPublicSuffix),
        ("co.uk", DomainIsPublicSuffix),
        ("gov.fr", DomainIsPublicSuffix),
        ("github.io", DomainIsPublicSuffix),
        ("acme", DomainIsPublicSuffix),
        ("acme corp", DomainMalformed),
        ("a." * 120 + "example", DomainMalformed),
    ],
)
def test_domains_of_everybody_are_refused_with_the_reason(typed: str, refusal: type[DomainRefused]) -> None:
    with pytest.raises(refusal):
        domains.clean_name(typed)


@pytest.mark.parametrize("typed", ["acme.co.uk", "acme.github.io", "mail.acme.com", "coop.example"])
def test_domains_below_those_are_taken(typed: str) -> None:
    assert domains.clean_name(typed) == typed


# --- Claims and proofs -----------------------------------------------------------------------------------


def test_claim_counts_for_nothing(domain: Domain, hooli: Organization) -> None:
    assert domains.verified_names(hooli) == frozenset()


def test_record_proves_the_domain(dns: DnsServer, domain: Domain, hooli: Organization) -> None:
    publish(dns, domain)
    check(domain)
    assert domains.verified_names(hooli) == {"hooli.example"}
    assert dns.asked == ["_hubsso-challenge.hooli.example"]
    assert AuditEvent.objects.filter(org=hooli, event="org.domain.verify").count() == 1
    check(domain)
    assert AuditEvent.objects.filter(org=hooli, event="org.domain.verify").count() == 1


@pytest.mark.parametrize(
    "texts", [None, [], ["hubsso-domain-verification="], ["hubsso-domain-verification=other"]]
)
def test_without_its_record_it_stays_unproven(
    dns: DnsServer, domain: Domain, hooli: Organization, texts: list[str] | None
) -> None:
    if texts is not None:
        dns.records[domains.challenge_of(domain).name] = texts
    with pytest.raises(DomainNotProven):
        check(domain)
    domain.refresh_from_db()
    assert (domain.verified_at, domain.checked_at) == (None, NOW)


def test_no_answer_says_nothing(dns: DnsServer, domain: Domain) -> None:
    dns.failing.add(domains.challenge_of(domain).name)
    with pytest.raises(DomainUnanswered):
        check(domain)
    domain.refresh_from_db()
    assert domain.checked_at is None


def test_verified_domain_belongs_to_one_organisation(
    dns: DnsServer, domain: Domain, admin: Membership
) -> None:
    globex = make_org("globex")
    theirs = domains.add_domain(org=globex, typed="hooli.example", actor=admin.user)
    assert theirs.challenge != domain.challenge
    verify(dns, domain)
    publish(dns, theirs)
    with pytest.raises(DomainTaken):
        check(theirs)
    assert domains.verified_names(globex) == frozenset()
    with pytest.raises(DomainTaken):
        domains.add_domain(org=make_org("initech"), typed="hooli.example", actor=admin.user)


def test_list_has_each_once_and_an_end(
    domain: Domain, hooli: Organization, admin: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DomainRepeated):
        domains.add_domain(org=hooli, typed="HOOLI.example.", actor=admin.user)
    monkeypatch.setattr(domains, "MAX_DOMAINS", 1)
    with pytest.raises(TooManyDomains):
        domains.add_domain(org=hooli, typed="hooli.test", actor=admin.user)


def test_removed_meanwhile(dns: DnsServer, domain: Domain, admin: Membership) -> None:
    publish(dns, domain)
    domains.remove_domain(domain=Domain.objects.get(), actor=admin.user)
    with pytest.raises(DomainGone):
        check(domain)


# --- Looking again ---------------------------------------------------------------------------------------


def recheck(now: datetime) -> list[str]:
    return [found.outcome for found in domains.recheck_all(now=now)]


def test_missing_record_is_announced_and_after_a_week_counts_no_longer(
    dns: DnsServer, domain: Domain, hooli: Organization, django_capture_on_commit_callbacks: Any
) -> None:
    verify(dns, domain)
    assert recheck(NOW) == ["fine"]
    dns.records.clear()
    with django_capture_on_commit_callbacks(execute=True):
        found = [recheck(NOW + timedelta(days=day)) for day in (1, 2, 7)]
    assert found == [["failing"]] * 3
    assert [letter.subject for letter in mail.outbox] == ["Hooli: the record of hooli.example is missing"]
    assert domains.verified_names(hooli) == {"hooli.example"}
    with django_capture_on_commit_callbacks(execute=True):
        assert recheck(NOW + timedelta(days=8)) == ["lost"]
    assert mail.outbox[-1].subject == "Hooli: hooli.example is not verified any more"
    assert domains.verified_names(hooli) == frozenset()
    assert recheck(NOW + timedelta(days=9)) == []
    assert AuditEvent.objects.filter(org=hooli, event="org.domain.lose").count() == 1


def test_record_that_is_back_ends_the_count(dns: DnsServer, domain: Domain) -> None:
    verify(dns, domain)
    dns.records.clear()
    recheck(NOW + timedelta(days=1))
    publish(dns, domain)
    assert recheck(NOW + timedelta(days=2)) == ["fine"]
    dns.records.clear()
    assert recheck(NOW + timedelta(days=9)) == ["failing"]


def test_no_answer_neither_begins_nor_ends_the_count(dns: DnsServer, domain: Domain) -> None:
    verify(dns, domain)
    name = domains.challenge_of(domain).name
    dns.failing.add(name)
    assert recheck(NOW + timedelta(days=30)) == ["unanswered"]
    domain.refresh_from_db()
    assert domain.failing_since is None


def test_claims_are_not_looked_up(dns: DnsServer, domain: Domain) -> None:
    assert recheck(NOW) == []
    assert dns.asked == []


def test_command_says_what_it_found(dns: DnsServer, domain: Domain) -> None:
    verify(dns, domain)
    output = StringIO()
    call_command("recheck_domains", stdout=output)
    assert output.getvalue() == "fine hooli.example of hooli\n"


# --- Joining ---------------------------------------------------------------------------------------------


@pytest.fixture
def open_domain(dns: DnsServer, domain: Domain, admin: Membership) -> Domain:
    verify(dns, domain)
    domains.set_auto_join(domain=domain, is_on=True, actor=admin.user)
    return domain


@pytest.mark.usefixtures("open_domain")
def test_a_verified_address_in_the_domain_may_join(hooli: Organization) -> None:
    user = make_user("new@elsewhere.example")
    assert not domains.may_join(org=hooli, user=user)
    add_verified_email(user=user, email="new@hooli.example")
    assert list(domains.joinable_orgs(user)) == [hooli]
    membership = domains.join(org=hooli, user=user)
    assert (membership.role, membership.role_source) == (hooli.default_role, RoleSource.DEFAULT)
    assert list(domains.joinable_orgs(user)) == []
    with pytest.raises(AlreadyMember):
        domains.join(org=hooli, user=user)


@pytest.mark.usefixtures("open_domain")
def test_removed_member_joins_by_the_domain_only_when_asked_back(
    hooli: Organization, admin: Membership
) -> None:
    user = make_user("new@hooli.example")
    membership = domains.join(org=hooli, user=user)
    members.remove_member(membership=membership, actor=admin.user)
    assert list(domains.joinable_orgs(user)) == []
    with pytest.raises(NotInvitedByDomain):
        domains.join(org=hooli, user=user)

    invitations.invite(org=hooli, email="new@hooli.example", role=Role.READ, actor=admin.user, now=NOW)
    membership = domains.join(org=hooli, user=user)
    members.leave(membership=membership)
    assert list(domains.joinable_orgs(user)) == [hooli]


@pytest.mark.usefixtures("open_domain")
def test_member_who_was_added_again_is_no_removed_one(hooli: Organization, admin: Membership) -> None:
    user = make_user("new@hooli.example")
    members.remove_member(membership=make_member(hooli, user), actor=admin.user)
    added = members.add_member(
        org=hooli, user=user, role=Role.READ, source=RoleSource.MANUAL, actor=admin.user
    )
    members.leave(membership=added)
    assert domains.may_join(org=hooli, user=user)


@pytest.mark.parametrize(
    "email", ["new@sub.hooli.example", "new@nothooli.example", "hooli.example@x.example"]
)
@pytest.mark.usefixtures("open_domain")
def test_an_address_elsewhere_may_not(hooli: Organization, email: str) -> None:
    with pytest.raises(NotInvitedByDomain):
        domains.join(org=hooli, user=make_user(email))


@pytest.mark.usefixtures("open_domain")
def test_an_address_that_is_not_verified_may_not(hooli: Organization) -> None:
    assert not domains.may_join(org=hooli, user=make_user("new@hooli.example", verified=False))


def test_closed_unproven_or_lost_domain_lets_nobody_in(
    dns: DnsServer, domain: Domain, hooli: Organization
) -> None:
    user = make_user("new@hooli.example")
    Domain.objects.update(auto_join=True)
    assert not domains.may_join(org=hooli, user=user)
    verify(dns, domain)
    assert domains.may_join(org=hooli, user=user)
    Domain.objects.update(auto_join=False)
    assert not domains.may_join(org=hooli, user=user)


# --- The pages -------------------------------------------------------------------------------------------


PATH = "/orgs/hooli/settings/domains/"


@pytest.mark.usefixtures("admin")
def test_page_adds_shows_checks_and_removes(client: Client, dns: DnsServer, hooli: Organization) -> None:
    assert "No domains yet" in client.get(PATH).text
    client.post(PATH, {"name": "https://hooli.example/"})
    domain = hooli.domains.get()
    page = client.get(PATH).text
    assert ">_hubsso-challenge.hooli.example</textarea>" in page
    assert f">hubsso-domain-verification={domain.challenge}</textarea>" in page
    assert "The record is not there yet" in client.post(f"{PATH}{domain.pk}/check/", follow=True).text
    publish(dns, domain)
    assert (
        "The record of hooli.example is there" in client.post(f"{PATH}{domain.pk}/check/", follow=True).text
    )
    client.post(f"{PATH}{domain.pk}/auto-join/", {"is_on": "on"})
    assert "Joining is open" in client.get(PATH).text
    assert "Remove hooli.example?" in client.get(f"{PATH}{domain.pk}/remove/").text
    client.post(f"{PATH}{domain.pk}/remove/")
    assert not hooli.domains.exists()


@pytest.mark.usefixtures("admin")
def test_refusal_is_said_beside_the_field(client: Client) -> None:
    response: Any = client.post(PATH, {"name": "gmail.com"})
    assert response.context["form"].errors["name"] == [str(DomainIsWebmail.message)]
    assert 'value="gmail.com"' in response.text


@pytest.mark.usefixtures("open_domain")
def test_home_page_offers_to_join_and_the_join_link_lets_in(hooli: Organization) -> None:
    client, user = Client(), make_user("new@hooli.example")
    client.force_login(user)
    assert "You can join Hooli" in client.get("/").text
    assert "Join Hooli" in client.get("/orgs/hooli/join/").text
    assert client.post("/orgs/hooli/join/by-domain/")["Location"] == "/orgs/hooli/"
    assert Membership.objects.filter(org=hooli, user=user).exists()
    assert "You can join" not in client.get("/").text


@pytest.mark.usefixtures("open_domain")
def test_join_link_is_nothing_to_others(hooli: Organization) -> None:
    client = Client()
    client.force_login(make_user("new@elsewhere.example"))
    assert client.get("/orgs/hooli/join/").status_code == 404
    assert client.post("/orgs/hooli/join/by-domain/").status_code == 404
    assert "You can join" not in client.get("/").text
