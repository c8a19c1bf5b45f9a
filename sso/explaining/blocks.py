"""What the gate's block leaves: a reference that the page shows, and the decision's steps under it for a week.

The reference is worked out, the same for a person, browser, reason, area and hour, so that a page that is reloaded
shows the same one and nothing is looked up. The first block under it is written down by each process that meets it,
and the database keeps one; all others cost nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, override

from hubsso import throttle
from hubsso.request_context import current_request_id
from orgs.access import Area
from orgs.roles import Role
from sso import expired
from sso.explaining.decision_steps import Question, Step, explain
from sso.explaining.references import reference_for
from sso.gate import GatedOrg, Who
from sso.models import RefusalTrace
from sso.types import Decision, Outcome, Reason

_AN_HOUR = 3600
_ONCE = throttle.Limit("sso.explaining.blocks", 1, seconds=_AN_HOUR, of_process=True)
# Areas and reasons are few; more browsers than these nobody has.
_BY_PERSON = throttle.Limit("sso.blocks.person", 30, seconds=_AN_HOUR, of_process=True)
BLOCK_CODES = frozenset(
    {Reason.SSO_MISSING, Reason.SSO_EXPIRED, Reason.SSO_REVISION_CHANGED, Reason.SSO_UNAVAILABLE}
)


def note_block(
    gated: GatedOrg, decision: Decision, *, who: Who, area: Area, channel: str, now: datetime
) -> str:
    """The block's reference, and its trace where there is none yet. Two statements then, none afterwards."""
    hour = int(now.timestamp()) // _AN_HOUR
    reference = reference_for(
        gated.org.pk, who.user_id, who.browser_session, decision.reason, area.value, hour
    )
    if who.user_id is None or throttle.count(_ONCE, reference, now=now):
        return reference
    if throttle.count(_BY_PERSON, who.user_id, now=now):
        return reference
    steps = explain(gated.facts, area=area, now=now).steps
    trace = RefusalTrace(
        reference=reference,
        org=gated.org,
        user_id=who.user_id,
        code=decision.reason.value,
        admin_detail=_DETAILS[decision.reason],
        fields={"area": area.value, "channel": channel},
        steps=stored(steps),
        request_id=current_request_id(),
        at=now,
        expires_at=now + timedelta(days=settings.SSO_TRACE_RETENTION_DAYS),
    )
    RefusalTrace.objects.bulk_create([trace], ignore_conflicts=True)
    expired.delete_some(RefusalTrace, before=now)
    return reference


_DETAILS: Mapping[Reason, str] = {
    Reason.SSO_MISSING: "The member had not authenticated in this browser.",
    Reason.SSO_EXPIRED: "The member's SSO session had ended.",
    Reason.SSO_REVISION_CHANGED: "The member's SSO session was opened through a revision that no longer serves.",
    Reason.SSO_UNAVAILABLE: "No connection was switched on and live, so that nobody could authenticate.",
}


def stored(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Steps as plain values. Answers are kept as they are before translation: readers have their own language."""
    return [
        {
            "question": step.question.value,
            "answer": _untranslated(step.answer),
            "at": step.at.isoformat() if step.at else None,
            "role": step.role.value if step.role else None,
            "outcome": step.outcome.value if step.outcome else None,
        }
        for step in steps
    ]


def restored(rows: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The steps again, to be read in any language."""
    return [
        Step(
            question=Question(row["question"]),
            answer=gettext_lazy(row["answer"]),
            at=datetime.fromisoformat(row["at"]) if row["at"] else None,
            role=Role(row["role"]) if row["role"] else None,
            outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        )
        for row in rows
    ]


def _untranslated(text: Promise) -> str:
    with override(None):
        return str(text)
