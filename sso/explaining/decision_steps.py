"""Why the gate decided as it did: the steps of `policy.decide`, in the order in which it took them, in words.

Pure, as the decision is. `tests/sso/test_decision_steps.py` holds the steps against `decide` for every combination
of facts, so that the two can't part. The words speak of nobody, so that a member and an admin can read the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from orgs.access import Area
from orgs.roles import Role
from sso.policy import decide
from sso.types import Decision, Enforcement, GateFacts, MemberFacts, Outcome, Reason, SSOSessionFacts

ADMITTING = frozenset({Outcome.ALLOW, Outcome.ALLOW_WITH_BANNER})
_SETTINGS = frozenset({Area.SETTINGS, Area.SSO_SETTINGS})


class Question(StrEnum):
    """What the gate asks, in its order."""

    MEMBER = "member"
    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    COLLABORATOR = "collaborator"
    ENFORCEMENT = "enforcement"
    SESSION = "session"
    CONNECTION = "connection"
    RENEWAL = "renewal"
    NOT_BLOCKING = "not_blocking"
    RECOVERY = "recovery"
    ADMIN = "admin"


QUESTION_TEXTS: dict[Question, Promise] = {
    Question.MEMBER: _("Member of the organisation?"),
    Question.PUBLIC: _("Part of what the organisation shows to everybody?"),
    Question.SIGNED_IN: _("Signed in?"),
    Question.COLLABORATOR: _("External collaborator?"),
    Question.ENFORCEMENT: _("Is single sign-on asked for?"),
    Question.SESSION: _("SSO session in this browser?"),
    Question.CONNECTION: _("Is there an identity provider to sign in with?"),
    Question.RENEWAL: _("Could the identity provider renew it without being seen?"),
    Question.NOT_BLOCKING: _("Does the organisation block?"),
    Question.RECOVERY: _("Recovery session?"),
    Question.ADMIN: _("Admin? Settings are for admins."),
}
_ENFORCEMENT_TEXTS: dict[Enforcement, Promise] = {
    Enforcement.OFF: _("No, it is off. Members get in by their role."),
    Enforcement.OPTIONAL: _("Yes, it is optional."),
    Enforcement.REPORT_ONLY: _("Yes, in report-only mode."),
    Enforcement.ENFORCED: _("Yes, it is enforced."),
}
OUTCOME_TEXTS: dict[Outcome, Promise] = {
    Outcome.ALLOW: _("Let in"),
    Outcome.ALLOW_WITH_BANNER: _("Let in, with a banner that asks to authenticate"),
    Outcome.REQUIRE_SSO: _("Blocked until authenticated by single sign-on"),
    Outcome.LOG_IN: _("Asked to log in"),
    Outcome.NOT_FOUND: _("Not found: nothing says that it exists"),
    Outcome.FORBIDDEN: _("Refused"),
}


NO = _("No.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One question of the gate and what it found. `at` and `role` are what the answer names.

    `outcome` and `reason` are set where the answer settled the matter; a later step may only take back an admission.
    """

    question: Question
    answer: Promise
    at: datetime | None = None
    role: Role | None = None
    outcome: Outcome | None = None
    reason: Reason | None = None

    @property
    def question_text(self) -> str:
        return str(QUESTION_TEXTS[self.question])

    @property
    def answer_text(self) -> str:
        """In the reader's language and time zone."""
        time = date_format(localtime(self.at), "DATETIME_FORMAT") if self.at else ""
        return str(self.answer) % {"time": time, "role": self.role.label if self.role else ""}

    @property
    def is_admitting(self) -> bool:
        return self.outcome in ADMITTING


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The gate's decision with the steps that led to it. The last step is the one that settled it."""

    decision: Decision
    steps: tuple[Step, ...]

    @property
    def outcome_text(self) -> str:
        return str(OUTCOME_TEXTS[self.decision.outcome])


def explain(facts: GateFacts, *, area: Area, now: datetime) -> Explanation:
    """Decide, and say why."""
    return Explanation(decision=decide(facts, area=area, now=now), steps=tuple(_steps(facts, area, now)))


def _steps(facts: GateFacts, area: Area, now: datetime) -> Iterator[Step]:
    if facts.member is None:
        yield Step(question=Question.MEMBER, answer=NO)
        yield from _outsider_steps(facts, area)
        return
    settled = None
    yield Step(question=Question.MEMBER, answer=_("Yes, with the role %(role)s."), role=facts.member.role)
    for step in _member_steps(facts, facts.member, area, now):
        settled = step
        yield step
    if area in _SETTINGS and settled is not None and settled.is_admitting:
        yield _admin_step(facts.member, settled)


def _outsider_steps(facts: GateFacts, area: Area) -> Iterator[Step]:
    if area is Area.PUBLIC:
        yield _settles(Question.PUBLIC, _("Yes."), Outcome.ALLOW, Reason.OUTSIDER_PUBLIC)
        return
    yield Step(question=Question.PUBLIC, answer=_("No, it is for members."))
    if facts.is_authenticated:
        yield _settles(Question.SIGNED_IN, _("Yes."), Outcome.NOT_FOUND, Reason.NOT_A_MEMBER)
    else:
        yield _settles(Question.SIGNED_IN, _("No."), Outcome.LOG_IN, Reason.ANONYMOUS)


def _member_steps(facts: GateFacts, member: MemberFacts, area: Area, now: datetime) -> Iterator[Step]:
    if member.is_external_collaborator:
        answer = _("Yes. Single sign-on is not asked of them.")
        yield _settles(Question.COLLABORATOR, answer, Outcome.ALLOW, Reason.EXTERNAL_COLLABORATOR)
        return
    yield Step(question=Question.COLLABORATOR, answer=NO)
    enforcement = _ENFORCEMENT_TEXTS[facts.enforcement]
    if facts.enforcement is Enforcement.OFF:
        yield _settles(Question.ENFORCEMENT, enforcement, Outcome.ALLOW, Reason.SSO_OFF)
        return
    yield Step(question=Question.ENFORCEMENT, answer=enforcement)
    session = _session_step(facts.sso_session, now)
    yield session
    if session.outcome is None:
        yield from _steps_without_session(facts, area, now)


def _steps_without_session(facts: GateFacts, area: Area, now: datetime) -> Iterator[Step]:
    reason = _reason_without_session(facts)
    has_idp = facts.has_live_connection
    yield Step(
        question=Question.CONNECTION,
        answer=_("Yes.") if has_idp else _("No: no connection is switched on and live."),
    )
    if decide(facts, area=area, now=now).may_renew_silently:
        yield Step(
            question=Question.RENEWAL,
            answer=_("Yes. Only the identity provider's own limit has passed: pages ask it once, unseen."),
        )
    if facts.enforcement is Enforcement.OPTIONAL:
        answer = _("No. Members are asked, and may go on without.")
        yield _settles(Question.NOT_BLOCKING, answer, Outcome.ALLOW_WITH_BANNER, reason)
        return
    if facts.enforcement is Enforcement.REPORT_ONLY:
        answer = _("Not yet. It is recorded that enforcing would have blocked this.")
        yield _settles(Question.NOT_BLOCKING, answer, Outcome.ALLOW_WITH_BANNER, reason)
        return
    if area is Area.SSO_SETTINGS:
        recovery = _recovery_step(facts.recovery_until, now)
        yield recovery
        if recovery.outcome is not None:
            return
    yield _settles(
        Question.NOT_BLOCKING, _("Yes, members without an SSO session."), Outcome.REQUIRE_SSO, reason
    )


def _session_step(session: SSOSessionFacts | None, now: datetime) -> Step:
    if session is None:
        return Step(question=Question.SESSION, answer=NO)
    if not session.revision_is_live:
        return Step(
            question=Question.SESSION,
            answer=_("No longer: what it was opened with was replaced or switched off since."),
        )
    if now >= session.expires_at:
        return Step(
            question=Question.SESSION, answer=_("No longer: it ended at %(time)s."), at=session.expires_at
        )
    return Step(
        question=Question.SESSION,
        answer=_("Yes, until %(time)s."),
        at=session.expires_at,
        outcome=Outcome.ALLOW,
        reason=Reason.SSO_SESSION_LIVE,
    )


def _recovery_step(recovery_until: datetime | None, now: datetime) -> Step:
    if recovery_until is None or now >= recovery_until:
        return Step(question=Question.RECOVERY, answer=NO)
    return Step(
        question=Question.RECOVERY,
        answer=_("Yes, until %(time)s. It opens these settings and nothing else."),
        at=recovery_until,
        outcome=Outcome.ALLOW,
        reason=Reason.RECOVERY_SESSION,
    )


def _admin_step(member: MemberFacts, settled: Step) -> Step:
    if member.role is Role.ADMIN:
        return replace(settled, question=Question.ADMIN, answer=_("Yes."), at=None)
    return Step(
        question=Question.ADMIN,
        answer=_("No, the role is %(role)s."),
        role=member.role,
        outcome=Outcome.FORBIDDEN,
        reason=Reason.NOT_AN_ADMIN,
    )


def _reason_without_session(facts: GateFacts) -> Reason:
    if not facts.has_live_connection:
        return Reason.SSO_UNAVAILABLE
    if facts.sso_session is None:
        return Reason.SSO_MISSING
    return Reason.SSO_EXPIRED if facts.sso_session.revision_is_live else Reason.SSO_REVISION_CHANGED


def _settles(question: Question, answer: Promise, outcome: Outcome, reason: Reason) -> Step:
    return Step(question=question, answer=answer, outcome=outcome, reason=reason)
