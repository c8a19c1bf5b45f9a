"""How far an organisation has got with single sign-on: connect, test, live, enforce. Facts for the settings pages."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts.models import User
from orgs.models import Organization
from sso import begun
from sso.connections import passed_test
from sso.models import Connection, Revision, RevisionTest, SSOPolicy
from sso.revisions import trials
from sso.types import Enforcement


@dataclass(frozen=True, slots=True)
class Standing:
    """One connection: what is live, what is a draft, and what stands between the two for this admin.

    `draft_test` and `live_test` are the newest tests of the two by anybody; `why_not_live` is empty when the draft
    may go live.
    """

    connection: Connection
    live: Revision | None
    draft: Revision | None
    draft_test: RevisionTest | None
    why_not_live: str
    live_test: RevisionTest | None = None
    is_begun: bool = False  # nothing was saved into it yet

    @property
    def offers_trial(self) -> bool:
        """Would the draft, made live, have something to fall back to?"""
        return self.live is not None and self.connection.is_enabled

    @property
    def falls_back_to(self) -> Revision | None:
        """What the draft would fall back to, or what the live revision will while it is on trial."""
        return trials.proven(self.live)

    @property
    def newest_test(self) -> RevisionTest | None:
        """Of what the next test will go through."""
        return self.draft_test if self.draft else self.live_test

    @property
    def begun_until(self) -> datetime:
        """When a connection that was only begun is forgotten."""
        return begun.kept_until(self.connection)

    @property
    def is_serving(self) -> bool:
        return self.live is not None and self.connection.is_enabled


class StepState(StrEnum):
    DONE = "done"
    CURRENT = "current"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    state: StepState
    text: str


def standings_of(org: Organization, *, user: User) -> list[Standing]:
    """The organisation's connections as this admin finds them, oldest first."""
    return [standing_of(connection, user=user) for connection in org.connections.order_by("pk")]


def standing_of(connection: Connection, *, user: User) -> Standing:
    current = connection.revisions.exclude(status=Revision.Status.RETIRED).select_related(
        "created_by", "replaced"
    )
    by_status = {revision.status: revision for revision in current}
    draft = by_status.get(Revision.Status.DRAFT)
    live = by_status.get(Revision.Status.LIVE)
    test = _newest_test(draft)
    return Standing(
        connection=connection,
        live=live,
        draft=draft,
        draft_test=test,
        why_not_live=_why_not_live(draft, test, user),
        live_test=_newest_test(live),
        is_begun=not by_status and begun.is_untouched(connection),
    )


def _newest_test(revision: Revision | None) -> RevisionTest | None:
    return revision.tests.select_related("user").order_by("-at", "-pk").first() if revision else None


def _why_not_live(draft: Revision | None, test: RevisionTest | None, user: User) -> str:
    if draft is None:
        return gettext("There is no draft.")
    if passed_test(revision=draft, user=user) is not None:
        return ""
    if test is None:
        return gettext("Test this draft first.")
    if test.user_id == user.pk:
        return gettext("Your last test of this draft failed. Correct the draft and test it again.")
    if test.passed:
        return gettext("%(user)s has tested this draft. Test it yourself to make it live.") % {
            "user": test.user
        }
    return gettext("The last test of this draft failed. Correct the draft, or test it yourself.")


def steps_of(standings: list[Standing], policy: SSOPolicy) -> list[Step]:
    """Where the organisation is. A later step counts as done only while the ones before it are."""
    done = [
        any(standing.live or standing.draft for standing in standings),
        any(standing.live or (standing.draft_test and standing.draft_test.passed) for standing in standings),
        any(standing.is_serving for standing in standings),
        policy.enforcement == Enforcement.ENFORCED,
    ]
    current = done.index(False) if False in done else len(done)
    return [
        Step(gettext(title), _state(number, is_done=done[number], current=current), gettext(text))
        for number, (title, text) in enumerate(_STEPS)
    ]


_STEPS = (
    (_("Connect"), _("Tell each side about the other.")),
    (_("Test"), _("Sign in through the draft yourself.")),
    (_("Live"), _("Members can authenticate.")),
    (_("Enforce"), _("Members must authenticate.")),
)


def _state(number: int, *, is_done: bool, current: int) -> StepState:
    if is_done:
        return StepState.DONE
    return StepState.CURRENT if number == current else StepState.AHEAD
