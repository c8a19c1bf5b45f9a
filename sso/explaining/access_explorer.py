"""Who gets to see what of an organisation, and why: asked of the gate and of the querysets that pages use.

Nothing is decided here. The facts are `gate`'s, with another SSO session where one is supposed; the decision is
`policy`'s; what a view needs is read from its mark; what a list shows is asked of the list's own queryset.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.urls import Resolver404, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orgs.access import Area, OrgAccess
from orgs.models import Membership, Organization, Resource
from orgs.resources import role_for
from orgs.roles import Ability, Role, at_least
from orgs.viewer import Viewer
from sso import sessions
from sso.explaining.decision_steps import ADMITTING, Explanation, Question, Step, explain
from sso.gate import GatedOrg, Who, find_org
from sso.models import SSOSession
from sso.types import Decision, GateFacts, Outcome, SSOSessionFacts
from sso.viewer import standing_in

_RESOURCE_PAGE = "orgs:resource"
_WITH_JSON = frozenset({"orgs:home", "orgs:members"})


class SupposedSession(StrEnum):
    """In which state the person's browser is looked at."""

    NOW = "now"  # as their latest SSO session is
    LIVE = "live"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the question is about. `membership` is None for outsiders, signed in or not."""

    membership: Membership | None = None
    is_signed_in: bool = False

    @property
    def is_deactivated(self) -> bool:
        """The gate takes a deactivated account for nobody."""
        return self.membership is not None and not self.membership.user.is_active


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the organisation, by its URL name, or one of its resources.

    `more` are the parts of its address after the organisation's slug, where it is no resource.
    """

    url_name: str
    resource: Resource | None = None
    has_json: bool = False
    more: tuple[object, ...] = ()

    def path(self, org: Organization) -> str:
        more = [self.resource.slug] if self.resource else self.more
        return reverse(self.url_name, args=[org.slug, *more])


class NoSuchPlace(Exception):
    """No page of the organisation that the gate decides about. Its text says why."""


class Channel(StrEnum):
    """By which way something would be seen."""

    PAGE = "page"
    JSON = "json"
    ORG_LIST = "org_list"
    SEARCH = "search"
    HOME = "home"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person gets by one channel."""

    channel: Channel
    is_shown: bool
    text: str


@dataclass(frozen=True, slots=True)
class RoleStep:
    """What comes after the gate: the role. Reads like a step of the decision."""

    question_text: str
    answer_text: str
    is_yes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """The gate's explanation, the role's word where the gate lets in, and what comes of both."""

    path: str
    area: Area
    facts: GateFacts
    explanation: Explanation
    role_step: RoleStep | None
    answers: tuple[Answer, ...]
    supposes: SupposedSession
    is_outsider: bool

    @property
    def is_let_in(self) -> bool:
        return self.answers[0].is_shown

    @property
    def steps(self) -> tuple[Step | RoleStep, ...]:
        if self.role_step is None:
            return self.explanation.steps
        steps = self.explanation.steps
        if self.is_outsider:  # the resource's page is open to all; what is in it is the resource's own matter
            steps = tuple(step for step in steps if step.question is not Question.PUBLIC)
        return (*steps, self.role_step)

    @property
    def verdict(self) -> str:
        if self.role_step is None or self.role_step.is_yes:
            return f"{self.explanation.outcome_text}."
        if self.is_outsider:
            return _("It is private: outsiders get “not found” (404).")
        return _("Single sign-on lets them in; their role does not.")


def place_at(path: str, *, org: Organization) -> Place:
    """The organisation's page with this path. Raises NoSuchPlace."""
    try:
        match = resolve(path.partition("?")[0])
    except Resolver404:
        raise NoSuchPlace(f"There is no page at {path}.") from None
    fixed: dict[str, object] = getattr(match, "extra_kwargs", None) or {}  # unknown to its type stubs
    parts = {name: part for name, part in match.kwargs.items() if name not in fixed}
    if parts.pop("org_slug", None) != org.slug:
        raise NoSuchPlace(f"{path} is no page of {org.slug}.")
    if not hasattr(match.func, "org_area"):
        raise NoSuchPlace(f"{path} is not gated: single sign-on never decides about it.")
    if match.view_name != _RESOURCE_PAGE:
        return Place(match.view_name, has_json=match.view_name in _WITH_JSON, more=tuple(parts.values()))
    resource = org.resources.select_related("group", "org").filter(slug=parts["resource_slug"]).first()
    if resource is None:
        raise NoSuchPlace(f"{org.slug} has no resource {parts['resource_slug']}.")
    return Place(match.view_name, resource, has_json=True)


def explore(
    *, org: Organization, person: Person, place: Place, supposes: SupposedSession, now: datetime
) -> Exploration:
    """What this person would get to see of this place, by each channel, and why."""
    path = place.path(org)
    view = resolve(path).func
    area: Area = view.org_area  # type: ignore[attr-defined]
    needs: Ability | None = view.org_needs  # type: ignore[attr-defined]
    who = _who(org, person)
    gated = _seen_by(org, who, person, area=area, supposes=supposes, now=now)
    explanation = explain(gated.facts, area=area, now=now)
    is_admitted = explanation.decision.outcome in ADMITTING
    role_step = _role_step(gated.access(who), place, needs) if is_admitted else None
    return Exploration(
        path=path,
        area=area,
        facts=gated.facts,
        explanation=explanation,
        role_step=role_step,
        answers=(
            *_page_answers(place, explanation.decision, role_step),
            *(_list_answers(gated, who, place.resource, now) if place.resource else ()),
        ),
        supposes=supposes,
        is_outsider=gated.facts.member is None,
    )


def _who(org: Organization, person: Person) -> Who:
    """The person in the browser of their latest SSO session; as nobody where their account is deactivated."""
    if person.membership is None or person.is_deactivated:
        return Who(user_id=None, browser_session="")
    user_id = person.membership.user_id
    latest = SSOSession.objects.filter(org=org, user=user_id).order_by("-expires_at", "-pk").first()
    return Who(user_id=user_id, browser_session=latest.browser_session if latest else "")


def _seen_by(
    org: Organization, who: Who, person: Person, *, area: Area, supposes: SupposedSession, now: datetime
) -> GatedOrg:
    gated = find_org(org.slug, who=who, now=now, area=area)
    if gated is None:
        raise Organization.DoesNotExist  # renamed or deleted since the page was asked for
    facts = gated.facts
    if person.membership is None and person.is_signed_in:
        facts = replace(facts, is_authenticated=True)
    if supposes is not SupposedSession.NOW:
        supposed = _live_session(org, facts, now) if supposes is SupposedSession.LIVE else None
        facts = replace(facts, sso_session=supposed, recovery_until=None)
    return replace(gated, facts=facts)


def _live_session(org: Organization, facts: GateFacts, now: datetime) -> SSOSessionFacts:
    """As a login now would open it. Without a live connection there is none that the gate would take."""
    ends_at = now + timedelta(seconds=sessions.timeout_seconds(org))
    return SSOSessionFacts(
        expires_at=ends_at, org_limit_at=ends_at, revision_is_live=facts.has_live_connection
    )


# --- What the role says ---------------------------------------------------------------------------------


def _role_step(access: OrgAccess, place: Place, needs: Ability | None) -> RoleStep | None:
    if place.resource is not None:
        visible = access.org.resources.visible_to(access.viewer).filter(pk=place.resource.pk)
        return RoleStep(
            _("May this resource be read?"), _why_readable(access, place.resource), visible.exists()
        )
    if needs is None:
        return None
    names = {"role": access.role.label}
    is_yes = access.can(needs)
    answer = (
        _("Yes, with the role %(role)s.") if is_yes else _("No, the role %(role)s does not reach this page.")
    )
    return RoleStep(_("Does the role suffice?"), answer % names, is_yes)


def _why_readable(access: OrgAccess, resource: Resource) -> str:
    """The rule of `ResourceQuerySet.visible_to` that counts for this viewer and resource, in words."""
    if resource.visibility == Resource.Visibility.PUBLIC:
        return _("Yes: it is public.")
    if access.member is None:
        return _("No: it is private.")
    if access.role is Role.ADMIN:
        return _("Yes: admins read everything.")
    role = role_for(access=access, resource=resource)
    return str(_RULES[resource.group is not None, at_least(role, Role.READ)]) % {
        "role": role.label,
        "group": resource.group.name if resource.group else "",
    }


# Whether it is in a resource group, and whether the role reaches it.
_RULES: dict[tuple[bool, bool], Promise] = {
    (True, True): gettext_lazy("Yes: by a seat in the resource group %(group)s, with the role %(role)s."),
    (True, False): gettext_lazy(
        "No: it is in the resource group %(group)s, and there is no seat there that reads it."
    ),
    (False, True): gettext_lazy("Yes: the role %(role)s reads what is in no resource group."),
    (False, False): gettext_lazy("No: the role %(role)s reads what is public and no more."),
}


# --- What comes of it -----------------------------------------------------------------------------------


_NOT_FOUND = gettext_lazy("Not found (404), as if it did not exist")
_PAGE_TEXTS: dict[Outcome, Promise] = {
    Outcome.ALLOW: gettext_lazy("Shown"),
    Outcome.ALLOW_WITH_BANNER: gettext_lazy("Shown, with a banner"),
    Outcome.REQUIRE_SSO: gettext_lazy("Blocked by a page with the button to authenticate (403)"),
    Outcome.LOG_IN: gettext_lazy("Sent to the sign-in page"),
    Outcome.NOT_FOUND: _NOT_FOUND,
    Outcome.FORBIDDEN: gettext_lazy("Refused (403)"),
}
_JSON_TEXTS: dict[Outcome, Promise] = {
    **_PAGE_TEXTS,
    Outcome.ALLOW: gettext_lazy("Answered"),
    Outcome.ALLOW_WITH_BANNER: gettext_lazy("Answered"),
    Outcome.REQUIRE_SSO: gettext_lazy("Refused (403), with the address to authenticate at"),
    Outcome.LOG_IN: gettext_lazy("Refused (401), with the address to sign in at"),
}


def _page_answers(place: Place, decision: Decision, role_step: RoleStep | None) -> Iterator[Answer]:
    is_shown = decision.outcome in ADMITTING and (role_step is None or role_step.is_yes)
    refused_by_role = None
    if role_step is not None and not role_step.is_yes:
        refused_by_role = _NOT_FOUND if place.resource is not None else _PAGE_TEXTS[Outcome.FORBIDDEN]
    page_text = refused_by_role or _PAGE_TEXTS[decision.outcome]
    if decision.may_renew_silently:
        page_text = gettext_lazy("Sent to the identity provider once, unseen; that decides.")
    yield Answer(Channel.PAGE, is_shown, str(page_text))
    if place.has_json:
        yield Answer(Channel.JSON, is_shown, str(refused_by_role or _JSON_TEXTS[decision.outcome]))


def _list_answers(gated: GatedOrg, who: Who, resource: Resource, now: datetime) -> Iterator[Answer]:
    """Of the organisation's own page, and of lists that mix organisations, for which others do not matter."""
    mine = [gated] if gated.member is not None else []
    viewer = standing_in(mine, user_id=who.user_id, now=now).viewer
    this = Resource.objects.filter(pk=resource.pk)
    home = gated.decide(area=Area.PUBLIC, now=now)
    if home.outcome in ADMITTING:
        is_listed = this.visible_to(gated.access(who).viewer).exists()
        yield Answer(Channel.ORG_LIST, is_listed, _("Listed") if is_listed else _("Left out"))
    else:
        yield Answer(Channel.ORG_LIST, False, _("The organisation's page is blocked"))
    yield _in_list(Channel.SEARCH, this.visible_to(viewer).exists(), _("Found"), viewer)
    if not gated.facts.is_authenticated:
        yield Answer(Channel.HOME, False, _("No list: strangers read what the portal is"))
    else:
        yield _in_list(
            Channel.HOME, this.of_own_orgs(viewer).exists(), _("Listed while it is among the newest"), viewer
        )


def _in_list(channel: Channel, is_shown: bool, shown_text: str, viewer: Viewer) -> Answer:
    if is_shown:
        return Answer(channel, True, shown_text)
    if viewer.withheld:
        return Answer(channel, False, _("Left out; the page says that resources are hidden"))
    return Answer(channel, False, _("Left out"))
