"""What a connection would have to become for a file to be true of it."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import User
from hubsso.domain_names import ascii_domain
from orgs.models import Membership, Organization, ResourceGroup
from orgs.roles import Role
from sso import connections
from sso.declared import OPERATOR
from sso.declared.drafts import compare
from sso.declared.reader import DeclarationRefused
from sso.declared.steps import Change, Plan
from sso.declared.wanted import WantedConnection, WantedMapping
from sso.guides import GENERIC, find_vendor
from sso.mapping import mappings
from sso.mapping.mappings import GroupRow, RoleRow
from sso.models import Connection, Revision
from sso.revisions.trials import DEFAULT_TRIAL_MINUTES


def plan_connection(
    plan: Plan, wanted: WantedConnection, *, slug: str, org: Organization | None, now: datetime
) -> None:
    """Add the connection's steps. Raises DeclarationRefused."""
    _ConnectionPlan(plan, wanted, slug, org, now).make()


class _ConnectionPlan:
    def __init__(
        self, plan: Plan, wanted: WantedConnection, slug: str, org: Organization | None, now: datetime
    ) -> None:
        self._plan, self._wanted, self._slug, self._org, self._now = plan, wanted, slug, org, now
        self._current = (
            Connection.objects.filter(org=org, name=wanted.name).select_related("org").first()
            if org
            else None
        )

    def make(self) -> None:
        self._check()
        self._create()
        self._vendor()
        in_place = self._draft()
        self._email_domains()
        self._role_mapping()
        self._group_mapping()
        self._switch()
        self._live(in_place)

    def _check(self) -> None:
        wanted = self._wanted
        try:
            Connection(name=wanted.name, protocol=wanted.protocol).clean_fields(exclude=["org"])
        except ValidationError as error:
            raise self._refused(" ".join(error.messages)) from None
        if wanted.vendor is not None and find_vendor(wanted.vendor) is None:
            raise self._refused(f"there is no guide for {wanted.vendor}.")
        if self._current is not None and self._current.protocol != wanted.protocol:
            raise self._refused(
                f"it is {self._current.protocol}, and a connection keeps its protocol. Give the new one another name."
            )

    def _create(self) -> None:
        if self._current is not None:
            return
        wanted = self._wanted

        def run() -> None:
            connections.create_connection(
                org=Organization.objects.get(slug=self._slug),
                name=wanted.name,
                protocol=wanted.protocol,
                actor=None,
                vendor=wanted.vendor or GENERIC,
            )

        self._add(run, Change(wanted.name, "", f"a connection by {wanted.protocol.value}"))

    def _vendor(self) -> None:
        vendor, current = self._wanted.vendor, self._current
        if current is not None and vendor is not None and vendor != current.vendor:
            self._add(
                lambda: connections.change_vendor(connection=self._found(), vendor=vendor, actor=None),
                self._change("vendor", current.vendor, vendor),
            )

    def _draft(self) -> Revision | None:
        """The draft or live revision of which the file is true; None where a new draft is saved, or none is there."""
        if not self._wanted.configuration:
            return self._draft_or_live()
        compared = compare(self._wanted, self._current)
        if not compared.changes:
            return compared.base
        configuration = compared.configuration()
        stamp = connections.draft_stamp(compared.base)

        def run() -> None:
            connections.save_draft(
                connection=self._found(),
                configuration=configuration,
                actor=None,
                actor_label=OPERATOR,
                now=self._now,
                based_on=stamp,
            )

        self._add(run, *compared.changes)
        return None

    def _draft_or_live(self) -> Revision | None:
        if self._current is None:
            return None
        revisions = self._current.revisions
        draft = revisions.filter(status=Revision.Status.DRAFT).first()
        return draft or revisions.filter(status=Revision.Status.LIVE).first()

    def _email_domains(self) -> None:
        if self._wanted.email_domains is None:
            return
        asked = sorted({ascii_domain(name) or name for name in self._wanted.email_domains})
        before = sorted(self._current.email_domains) if self._current else []
        stamp = mappings.domains_stamp(self._current) if self._current else None
        if asked != before:
            self._add(
                lambda: mappings.save_email_domains(
                    connection=self._found(), domains=asked, actor=None, based_on=stamp
                ),
                self._change("email_domains", ", ".join(before), ", ".join(asked)),
            )

    def _role_mapping(self) -> None:
        wanted, current = self._wanted.role_mapping, self._current
        if wanted is None:
            return
        before = (
            (current.role_mapping_enabled, current.role_attribute, _sorted(_role_rules(current)))
            if current
            else (False, "", [])
        )
        rows = [RoleRow(value, Role(role)) for value, role in wanted.rules]
        stamp = mappings.role_mapping_stamp(current) if current else None

        def run() -> None:
            mappings.save_role_mapping(
                connection=self._found(),
                is_enabled=wanted.is_enabled,
                attribute=wanted.attribute,
                rows=rows,
                actor=None,
                now=self._now,
                based_on=stamp,
            )

        self._mapping("role_mapping", wanted, before, run)

    def _group_mapping(self) -> None:
        wanted, current = self._wanted.group_mapping, self._current
        if wanted is None:
            return
        before = (
            (current.group_mapping_enabled, current.group_attribute, _sorted(_group_rules(current)))
            if current
            else (False, "", [])
        )
        groups = {slug: self._group(slug, wanted.line) for _, slug, _ in wanted.rules}
        rows = [GroupRow(value, groups[slug], Role(role)) for value, slug, role in wanted.rules]
        stamp = mappings.group_mapping_stamp(current) if current else None

        def run() -> None:
            mappings.save_group_mapping(
                connection=self._found(),
                is_enabled=wanted.is_enabled,
                attribute=wanted.attribute,
                rows=rows,
                actor=None,
                based_on=stamp,
            )

        self._mapping("group_mapping", wanted, before, run)

    def _group(self, slug: str, line: int) -> ResourceGroup:
        group = ResourceGroup.objects.filter(org=self._org, slug=slug).first() if self._org else None
        if group is None:
            raise DeclarationRefused(f"{self._slug} has no resource group {slug}.", line=line)
        return group

    def _mapping(
        self,
        name: str,
        wanted: WantedMapping,
        before: tuple[bool, str, list[tuple[str, ...]]],
        run: Callable[[], object],
    ) -> None:
        after = (wanted.is_enabled, wanted.attribute, _sorted(wanted.rules))
        if after != before:
            change = self._change(name, _mapping_in_words(*before), _mapping_in_words(*after))
            self._plan.add(wanted.line, run, change)

    def _switch(self) -> None:
        is_on = self._wanted.is_enabled
        if is_on is None or is_on == (self._current.is_enabled if self._current else True):
            return
        switch = connections.switch_on if is_on else connections.switch_off
        self._add(
            lambda: switch(connection=self._found(), actor=None),
            self._change("enabled", "no" if is_on else "yes", "yes" if is_on else "no"),
        )

    def _live(self, draft: Revision | None) -> None:
        """A draft goes live by an admin's passing test of that very draft, and by nothing else."""
        if not self._wanted.is_live or (draft is not None and draft.status == Revision.Status.LIVE):
            return
        tester = _tester(draft) if draft else None
        if draft is None or tester is None:
            self._wait(
                f"its draft goes live after an admin has tested it at {self._address()}; then apply again."
            )
            return

        def run() -> None:
            connections.go_live(
                connection=self._found(),
                revision=draft,
                actor=None,
                now=self._now,
                trial_seconds=DEFAULT_TRIAL_MINUTES * 60,
                tested_by=tester,
            )

        self._add(run, self._change("live", "", f"draft {draft.number}, tested by {tester.email}"))

    def _address(self) -> str:
        name, args = "sso:settings", [self._slug]
        if self._current is not None:
            name, args = "sso:connection", [self._slug, str(self._current.uid)]
        return f"{settings.BASE_URL}{reverse(name, args=args)}"

    def _found(self) -> Connection:
        return Connection.objects.select_related("org").get(org__slug=self._slug, name=self._wanted.name)

    def _change(self, name: str, before: str, after: str) -> Change:
        return Change(f"{self._slug}.{self._wanted.name}.{name}", before, after)

    def _add(self, run: Callable[[], object], *changes: Change) -> None:
        prefix = f"{self._slug}."
        named = [
            each
            if each.place.startswith(prefix)
            else Change(f"{prefix}{each.place}", each.before, each.after)
            for each in changes
        ]
        self._plan.add(self._wanted.line, run, *named)

    def _wait(self, text: str) -> None:
        self._plan.waiting.append(f"{self._slug}: {self._wanted.name}: {text}")

    def _refused(self, why: str) -> DeclarationRefused:
        return DeclarationRefused(f"{self._wanted.name}: {why}", line=self._wanted.line)


def _tester(draft: Revision) -> User | None:
    """An admin of the organisation whose newest test of this draft passed."""
    admins = Membership.objects.filter(org=draft.org_id, role=Role.ADMIN, user__is_active=True)
    candidates = User.objects.filter(pk__in=draft.tests.values("user"), memberships__in=admins)
    for user in candidates.order_by("pk"):
        if connections.passed_test(revision=draft, user=user) is not None:
            return user
    return None


def _role_rules(connection: Connection) -> list[tuple[str, ...]]:
    return list(connection.role_rules.values_list("value", "role"))


def _group_rules(connection: Connection) -> list[tuple[str, ...]]:
    return list(connection.group_rules.values_list("value", "group__slug", "role"))


def _sorted(rules: tuple[tuple[str, ...], ...] | list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return sorted(tuple(map(str, rule)) for rule in rules)


def _mapping_in_words(is_enabled: bool, attribute: str, rules: list[tuple[str, ...]]) -> str:
    if not (is_enabled or attribute or rules):
        return ""
    words = ", ".join(" -> ".join(rule) for rule in rules)
    return f"{'on' if is_enabled else 'off'}, {attribute or 'no attribute'}: {words or 'no rules'}"
