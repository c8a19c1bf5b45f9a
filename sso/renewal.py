"""When a member is offered to renew their SSO session before it ends. Reads the gate's facts and nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from sso.gate import GatedOrg
from sso.return_paths import with_next
from sso.types import Decision, Reason
from sso.viewer import start_url

NOTICE_BEFORE = timedelta(minutes=5)
# A page that stays open shows the notice when it is due; nobody keeps one open longer than this.
LOOK_AHEAD = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Renewal:
    """An offer to renew: shown from `due_at` on."""

    expires_at: datetime
    due_at: datetime
    is_due: bool
    url: str


def renewal_of(gated: GatedOrg, decision: Decision, *, now: datetime) -> Renewal | None:
    """The offer for a viewer whom a live session let in; None while its end is far."""
    session = gated.facts.sso_session
    if session is None or decision.reason is not Reason.SSO_SESSION_LIVE:
        return None
    if session.expires_at - now > LOOK_AHEAD:
        return None
    due_at = session.expires_at - NOTICE_BEFORE
    slug = gated.org.slug
    url = with_next(start_url(slug), reverse("sso:renewed", args=[slug]))
    return Renewal(session.expires_at, due_at, is_due=now >= due_at, url=url)
