"""What an organisation would have to become for a file to be true of it."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property, partial

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import User
from orgs import audit_retention, domains, members, organisations
from orgs.access import Area
from orgs.errors import OrgError
from orgs.models import Domain, Membership, Organization
from orgs.roles import Role, RoleSource
from sso.declared.connections import plan_connection
from sso.declared.reader import DeclarationRefused
from sso.declared.steps import Change, Plan
from sso.declared.wanted import WantedDomain, WantedOrganisation
from sso.enforcing.enforcement import change_policy, policy_of, policy_stamp, what_step_needs
from sso.gate import Who, find_org
from sso.models import SSOPolicy
from sso.operating.named import proven_account
from sso.types import Enforcement


def plan_for(wanted: list[WantedOrganisation], *, now: datetime) -> Plan:
    """Compare, without writing anything; IdPs are asked where a configuration changes. Raises DeclarationRefused."""
    plan = Plan()
    for each in wanted:
        _OrganisationPlan(plan, each, now).make()
    return plan


class _OrganisationPlan:
    """The steps of one organisation. Each finds its rows when it is taken: those before it may have made them."""

    def __init__(self, plan: Plan, wanted: WantedOrganisation, now: datetime) -> None:
        self._plan, self._wanted, self._now = plan, wanted, now
        self._org = Organization.objects.filter(slug=wanted.slug).first()

    def make(self) -> None:
        self._check()
        admins = self._accounts()
        self._create(admins)
        self._profile()
        self._admins(admins)
        self._retention()
        for domain in self._wanted.domains:
            self._domain(domain)
        for connection in self._wanted.connections:
            plan_connection(self._plan, connection, slug=self._wanted.slug, org=self._org, now=self._now)
        self._policy()

    def _check(self) -> None:
        checked = Organization(
            slug=self._wanted.slug,
            name=self._wanted.name or (self._org.name if self._org else ""),
            description=self._wanted.description or "",
        )
        try:
            checked.clean_fields()
        except ValidationError as error:
            raise self._refused(" ".join(error.messages)) from None

    def _create(self, admins: list[User]) -> None:
        if self._org is not None:
            return
        if not admins:
            raise self._refused("a new organisation needs an admin who has an account.")
        wanted, creator = self._wanted, admins[0]

        def run() -> None:
            organisations.create_organisation(
                name=wanted.name or "",
                slug=wanted.slug,
                creator=creator,
                description=wanted.description or "",
                is_by_operator=True,
            )

        self._add(run, Change("organisation", "", f"{wanted.name}, admin {creator.email}"))

    def _profile(self) -> None:
        """Of a new organisation, what making it left out."""
        wanted, org = self._wanted, self._org or Organization(name=self._wanted.name or "")
        if self._org is None:
            org.description = wanted.description or ""
        asked = {"name": wanted.name, "description": wanted.description, "default_role": wanted.default_role}
        changes = [
            Change(field, str(getattr(org, field)), str(value))
            for field, value in asked.items()
            if value is not None and str(value) != str(getattr(org, field))
        ]

        def run() -> None:
            current = self._found()
            organisations.update_organisation(
                org=current,
                name=current.name if wanted.name is None else wanted.name,
                description=current.description if wanted.description is None else wanted.description,
                default_role=wanted.default_role or Role(current.default_role),
                actor=None,
            )

        self._add(run, *changes)

    def _accounts(self) -> list[User]:
        """Of the admins that the file names. Whoever has not signed up and proven the address yet is waited for."""
        found = []
        for email in self._wanted.admins:
            user = proven_account(email)
            if user is None:
                self._wait(f"{email} is no account's proven address yet; after they sign up, apply again.")
            else:
                found.append(user)
        return found

    def _admins(self, admins: list[User]) -> None:
        for user in admins if self._org else admins[1:]:
            current = Membership.objects.filter(org=self._org, user=user).first() if self._org else None
            if current is not None and current.role == Role.ADMIN:
                continue
            if self._role_lock:
                self._wait(f"{user.email} is to be Admin. {self._role_lock}")
                continue
            self._add(
                partial(self._make_admin, user),
                Change("admins", f"{user.email}, {current.role}" if current else "", f"{user.email}, admin"),
            )

    @cached_property
    def _role_lock(self) -> str:
        """Why nobody sets a role by hand; empty where they may."""
        nobody = Who(user_id=None, browser_session="")
        gated = find_org(self._wanted.slug, who=nobody, now=self._now, area=Area.MEMBERS)
        return gated.access(nobody).role_lock if gated else ""

    def _make_admin(self, user: User) -> None:
        org = self._found()
        membership = Membership.objects.filter(org=org, user=user).first()
        if membership is None:
            members.add_member(org=org, user=user, role=Role.ADMIN, source=RoleSource.MANUAL, actor=None)
        else:
            members.change_role(membership=membership, role=Role.ADMIN, actor=None)

    def _retention(self) -> None:
        asked = self._wanted.audit_retention
        if asked is None:
            return
        days = asked if isinstance(asked, int) else None
        current = self._org.audit_retention_days if self._org else None
        if days != current:
            self._add(
                lambda: audit_retention.set_retention(org=self._found(), days=days, actor=None),
                Change("audit_retention_days", str(current or "forever"), str(asked)),
            )

    def _domain(self, wanted: WantedDomain) -> None:
        try:
            name = domains.clean_name(wanted.name)
        except OrgError as error:
            raise DeclarationRefused(f"{wanted.name}: {error.message}", line=wanted.line) from None
        current = Domain.objects.filter(org=self._org, name=name).first() if self._org else None
        if current is None:
            self._add(
                lambda: domains.add_domain(org=self._found(), typed=name, actor=None),
                Change("domains", "", f"{name}, to be proven"),
                line=wanted.line,
            )
        if current is None or current.verified_at is None:
            self._wait(f"{name} is to be proven by its DNS record: {self._address('orgs:domains')}")
        is_on = wanted.auto_join
        if is_on is not None and is_on != (current.auto_join if current else False):
            self._add(
                lambda: domains.set_auto_join(
                    domain=Domain.objects.get(org=self._found(), name=name), is_on=bool(is_on), actor=None
                ),
                Change(f"domains.{name}.auto_join", "no" if is_on else "yes", "yes" if is_on else "no"),
                line=wanted.line,
            )

    def _policy(self) -> None:
        """The session length, and the enforcement as far as it can be had without an admin's browser."""
        policy = policy_of(self._org) if self._org else SSOPolicy()
        changes = []
        seconds = self._wanted.session_seconds
        if seconds is not None and seconds != policy.session_timeout_seconds:
            before = f"{policy.session_timeout_seconds / 3600:g}"
            changes.append(Change("session_hours", before, f"{seconds // 3600}"))
        enforcement = self._wanted.enforcement
        if enforcement == policy.enforcement or (enforcement is not None and self._must_wait(enforcement)):
            enforcement = None
        if enforcement is not None:
            changes.append(Change("enforcement", str(policy.enforcement), enforcement.value))
        stamp = policy_stamp(policy)

        def run() -> None:
            change_policy(
                org=self._found(),
                enforcement=enforcement,
                session_timeout_seconds=seconds,
                actor=None,
                browser_session="",
                now=self._now,
                based_on=stamp,
            )

        self._add(run, *changes)

    def _must_wait(self, enforcement: Enforcement) -> bool:
        """For whatever stands between an operator and this step: above all an admin's own SSO session."""
        if enforcement is Enforcement.OFF:
            return False
        missing = []
        if self._org is None:
            texts = ["no connection is live yet."]
        else:
            missing = what_step_needs(
                org=self._org, enforcement=enforcement, user=None, browser_session="", now=self._now
            )
            texts = [refusal.message for refusal in missing]
        if texts:
            where = self._address("sso:policy")
            self._wait(
                f"enforcement {enforcement.value} is for an admin to switch on, at {where} ({texts[0]})"
            )
        return bool(texts)

    def _found(self) -> Organization:
        return Organization.objects.get(slug=self._wanted.slug)

    def _add(self, run: Callable[[], object], *changes: Change, line: int | None = None) -> None:
        named = [Change(f"{self._wanted.slug}.{each.place}", each.before, each.after) for each in changes]
        self._plan.add(line or self._wanted.line, run, *named)

    def _wait(self, text: str) -> None:
        self._plan.waiting.append(f"{self._wanted.slug}: {text}")

    def _address(self, name: str) -> str:
        return f"{settings.BASE_URL}{reverse(name, args=[self._wanted.slug])}"

    def _refused(self, why: str) -> DeclarationRefused:
        return DeclarationRefused(f"{self._wanted.slug}: {why}", line=self._wanted.line)
