"""What differs between two revisions of a connection."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import signed_in_user
from hubsso.text import key_in
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import org_page
from sso.enforcing.progress import standing_of
from sso.forms.trial import trial_options
from sso.models import Connection, Revision
from sso.revisions.revision_diff import differences
from sso.views.settings_lookup import find_connection

# Newest first; whoever needs an older one names it in the address.
MAX_OTHERS = 50


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def compare(request: OrgRequest, org_slug: str, connection_uid: UUID, revision_number: int) -> HttpResponse:
    """A revision against another one: `?with=` names it, else it is the live one, or for that the one before."""
    connection = find_connection(request, connection_uid)
    revisions = connection.revisions.select_related("created_by", "connection", "replaced")
    revision = get_object_or_404(revisions, number=revision_number)
    base = _base(connection, revision, key_in(request.GET.get("with", "")))
    page = {
        "connection": connection,
        "revision": revision,
        "base": base,
        "differences": differences(base, revision, now=timezone.now()) if base else [],
        "others": revisions.exclude(pk=revision.pk).order_by("-number")[:MAX_OTHERS],
        "standing": standing_of(connection, user=signed_in_user(request)),
        **trial_options(),
    }
    return org_page(request, "sso/settings/revision_compare.html", page)


def _base(connection: Connection, revision: Revision, number: int | None) -> Revision | None:
    others = connection.revisions.select_related("created_by", "connection").exclude(pk=revision.pk)
    if number is not None:
        return get_object_or_404(others, number=number)
    live = others.filter(status=Revision.Status.LIVE).first()
    return live or others.filter(number__lt=revision.number).order_by("-number").first()
