"""What admins see on their organisation's pages while one of its revisions is on trial."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from orgs.roles import Role
from sso.gate import GatedOrg
from sso.models import Revision
from sso.viewer import start_url


@dataclass(frozen=True, slots=True)
class ShownTrial:
    """`confirm_url` is empty while the connection is switched off: nobody can sign in through it."""

    org_name: str
    connection_name: str
    connection_url: str
    number: int
    falls_back_to: int | None
    confirm_by: datetime | None
    confirm_url: str


def keep_for_strip(request: HttpRequest, gated: GatedOrg) -> None:
    """Remember, for the page's frame, that its viewer is an admin of an organisation with a trial."""
    if gated.trial_until is not None and gated.member is not None and gated.member.role is Role.ADMIN:
        request.org_on_trial = gated.org  # type: ignore[attr-defined]


def sso_trials(request: HttpRequest) -> dict[str, object]:
    """The context processor: `sso_trials`, a callable that costs one query while there is a trial, else none."""
    return {"sso_trials": lambda: _shown_trials(request)}


def _shown_trials(request: HttpRequest) -> list[ShownTrial]:
    org = getattr(request, "org_on_trial", None)
    if org is None:
        return []
    trials = Revision.objects.filter(org=org, status=Revision.Status.LIVE, confirm_by__isnull=False)
    return [
        _shown(trial) for trial in trials.select_related("connection__org", "replaced").order_by("confirm_by")
    ]


def _shown(trial: Revision) -> ShownTrial:
    connection = trial.connection
    url = reverse("sso:connection", args=[connection.org.slug, connection.uid])
    query = urlencode({"connection": str(connection.uid), "next": url})
    return ShownTrial(
        org_name=connection.org.name,
        connection_name=connection.name,
        connection_url=url,
        number=trial.number,
        falls_back_to=trial.replaced.number if trial.replaced else None,
        confirm_by=trial.confirm_by,
        confirm_url=f"{start_url(connection.org.slug)}?{query}" if connection.is_enabled else "",
    )
