"""The explanation of the gate's decisions, held against the decision itself for every combination of facts."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from orgs.access import Area
from orgs.roles import Role
from sso.explaining.decision_steps import (
    ADMITTING,
    OUTCOME_TEXTS,
    QUESTION_TEXTS,
    Explanation,
    Question,
    explain,
)
from sso.policy import decide
from sso.types import Enforcement, GateFacts, MemberFacts, Outcome, Reason, SSOSessionFacts

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
AROUND_NOW = (-SECOND, 0 * SECOND, SECOND)

MEMBERS = [
    None,
    *(
        MemberFacts(role=role, is_external_collaborator=is_collaborator)
        for role, is_collaborator in itertools.product(Role, (True, False))
    ),
]
SESSIONS = [
    None,
    *(
        SSOSessionFacts(
            expires_at=NOW + ends_in,
            org_limit_at=NOW + org_ends_in,
            revision_is_live=is_live,
            silent_renewal_tried=tried,
        )
        for ends_in, org_ends_in, is_live, tried in itertools.product(
            AROUND_NOW, AROUND_NOW, (True, False), (True, False)
        )
    ),
]
RECOVERIES = [None, *(NOW + ends_in for ends_in in AROUND_NOW)]
READER = MemberFacts(role=Role.READ)


def every_case() -> Iterator[tuple[GateFacts, Area]]:
    for signed_in, enforcement, connected, member, session, recovery, area in itertools.product(
        (True, False), Enforcement, (True, False), MEMBERS, SESSIONS, RECOVERIES, Area
    ):
        if recovery is not None and area is not Area.SSO_SETTINGS:
            continue  # the gate looks for it nowhere else
        facts = GateFacts(
            is_authenticated=signed_in,
            enforcement=enforcement,
            has_live_connection=connected,
            member=member,
            sso_session=session,
            recovery_until=recovery,
        )
        yield facts, area


def test_every_combination_of_facts_is_explained_by_the_decision_that_was_made() -> None:
    outcomes, reasons, questions = set(), set(), set()
    for facts, area in every_case():
        explanation = explain(facts, area=area, now=NOW)
        last = explanation.steps[-1]
        decision = decide(facts, area=area, now=NOW)
        assert explanation.decision == decision
        assert (last.outcome, last.reason) == (decision.outcome, decision.reason), (facts, area)
        assert all(step.outcome is None or step.is_admitting for step in explanation.steps[:-1])
        asked = [step.question for step in explanation.steps]
        assert len(asked) == len(set(asked))
        assert (Question.RENEWAL in asked) is decision.may_renew_silently
        outcomes.add(decision.outcome)
        reasons.add(decision.reason)
        questions.update(asked)
    assert (outcomes, reasons, questions) == (set(Outcome), set(Reason), set(Question))


def test_an_admission_is_taken_back_by_nothing_but_the_settings_rule() -> None:
    for facts, area in every_case():
        explanation = explain(facts, area=area, now=NOW)
        settled = [step for step in explanation.steps if step.outcome is not None]
        if len(settled) > 1:
            assert [step.question for step in settled[1:]] == [Question.ADMIN]
            assert explanation.decision.outcome in ADMITTING or settled[-1].outcome is Outcome.FORBIDDEN


def test_every_question_and_outcome_has_words() -> None:
    assert set(QUESTION_TEXTS) == set(Question)
    assert set(OUTCOME_TEXTS) == set(Outcome)


def words(explanation: Explanation) -> list[tuple[str, str]]:
    return [(step.question_text, step.answer_text) for step in explanation.steps]


def test_a_blocked_member_reads_when_the_session_ended() -> None:
    ended = SSOSessionFacts(expires_at=NOW, org_limit_at=NOW, revision_is_live=True)
    facts = GateFacts(
        is_authenticated=True,
        enforcement=Enforcement.ENFORCED,
        has_live_connection=True,
        member=READER,
        sso_session=ended,
    )
    with timezone.override("Europe/Paris"):
        explanation = explain(facts, area=Area.PUBLIC, now=NOW)
        assert words(explanation) == [
            ("Member of the organisation?", "Yes, with the role Read."),
            ("External collaborator?", "No."),
            ("Is single sign-on asked for?", "Yes, it is enforced."),
            ("SSO session in this browser?", "No longer: it ended at 1 June 2026, 14:00."),
            ("Is there an identity provider to sign in with?", "Yes."),
            ("Does the organisation block?", "Yes, members without an SSO session."),
        ]
    assert explanation.outcome_text == "Blocked until authenticated by single sign-on"


def test_a_role_that_does_not_suffice_is_the_last_step_after_single_sign_on_let_in() -> None:
    facts = GateFacts(is_authenticated=True, enforcement=Enforcement.OFF, member=READER)
    explanation = explain(facts, area=Area.SETTINGS, now=NOW)
    assert words(explanation)[-2:] == [
        ("Is single sign-on asked for?", "No, it is off. Members get in by their role."),
        ("Admin? Settings are for admins.", "No, the role is Read."),
    ]
