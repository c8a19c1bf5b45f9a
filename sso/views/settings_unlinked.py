"""Members who have no linked identity yet: the list, reminders by mail, and a file."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import signed_in_user
from hubsso.heavy import one_of_few
from hubsso.spreadsheets import csv_file
from hubsso.text import key_in
from orgs.access import Area, OrgRequest, org_view
from orgs.paging import page_by_key
from orgs.roles import Ability
from orgs.views.answers import org_page, page_links
from orgs.views.inputs import key_from
from sso.enforcing import reminders, rollout
from sso.enforcing.rollout import Reminded
from sso.gate import live_connections
from sso.settings_errors import SettingsRefused

PAGE_SIZE = 50
SHOWN_COLLABORATORS = 20


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def unlinked(request: OrgRequest, org_slug: str) -> HttpResponse:
    """The list; POST reminds the chosen members, or all of them with `everybody`."""
    org, now = request.access.org, timezone.now()
    if request.method == "POST":
        _remind(request)
        return redirect(request.get_full_path())
    page = page_by_key(
        rollout.unlinked_members(org), key="pk", size=PAGE_SIZE, after=key_from(request, "after")
    )
    others = rollout.collaborators(org).select_related("user").order_by("pk")
    is_recovery = request.access.is_recovery
    shown = [] if is_recovery else list(others[: SHOWN_COLLABORATORS + 1])
    context = {
        "members": [] if is_recovery else page.rows,
        "are_names_withheld": is_recovery,
        "can_remind": live_connections(org).exists(),
        "rollout": rollout.rollout_of(org, now=now),
        "collaborators": shown[:SHOWN_COLLABORATORS],
        "has_more_collaborators": len(shown) > SHOWN_COLLABORATORS,
        **({} if is_recovery else page_links(request, page)),
    }
    return org_page(request, "sso/settings/unlinked.html", context)


@require_safe
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def unlinked_csv(request: OrgRequest, org_slug: str) -> HttpResponseBase:
    header = (_("Name"), _("E-mail"), _("Role"), _("Member since"))
    org, name = request.access.org, f"{org_slug}-unlinked-members.csv"
    return one_of_few(request, org.pk, lambda: csv_file(name, header, rollout.unlinked_rows(org)))


def _remind(request: OrgRequest) -> None:
    chosen = None
    if "everybody" not in request.POST:
        chosen = [key for text in request.POST.getlist("member") if (key := key_in(text))][:PAGE_SIZE]
        if not chosen:
            messages.error(request, _("Choose somebody to remind."))
            return
    try:
        reminded = _write(request, chosen)
    except SettingsRefused as refusal:
        messages.error(request, refusal.message)
        return
    if not reminded.count:
        messages.info(request, _("Nobody was reminded: they have had a reminder within a day."))
        return
    said = ngettext("%(count)d member was reminded.", "%(count)d members were reminded.", reminded.count) % {
        "count": reminded.count
    }
    if reminded.others_follow:
        said = _("%(said)s The others are written to within the next minutes.") % {"said": said}
    elif reminded.has_more:
        said = _("%(said)s More are waiting: press the button again for the next ones.") % {"said": said}
    messages.success(request, said)


def _write(request: OrgRequest, chosen: list[int] | None) -> Reminded:
    org, actor, now = request.access.org, signed_in_user(request), timezone.now()
    if chosen is None:
        return reminders.remind_everybody(org=org, actor=actor, now=now)
    return rollout.remind(org=org, actor=actor, now=now, member_ids=chosen)
