"""A draft's form at work, for whoever may save one: check, correct, see what was understood, save."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from sso import connections
from sso.connections import OIDCConfiguration, SAMLConfiguration
from sso.forms.draft import DraftForm
from sso.forms.refusals import show_refusal
from sso.guides import guide_for
from sso.guides.shown import shown_guide
from sso.models import Connection, Revision
from sso.protocols import adapter_for
from sso.revisions.lessons import last_lesson
from sso.revisions.understood import Understood
from sso.settings_errors import SettingsRefused

CHECK = "check"  # the value of the button that saves nothing

Save = Callable[[OIDCConfiguration | SAMLConfiguration, str | None], Revision]


@dataclass(frozen=True, slots=True)
class Drafting:
    """Where the work stands: `saved`, or a form to be shown with what was `understood` of it."""

    connection: Connection
    form: DraftForm
    base: Revision | None
    understood: Understood | None = None
    changed_since: bool = False  # the admin pressed save, and had seen something else understood
    saved: Revision | None = None

    def page(self) -> dict[str, Any]:
        """What the page shows: the guide with our values, the form with the vendor's names, what was understood."""
        adapter = adapter_for(self.connection.protocol)
        guide = guide_for(self.connection.vendor, self.connection.protocol)
        shown = shown_guide(guide, adapter.values_for_idp(str(self.connection.uid)))
        now_saved = (
            adapter.described(self.base, now=timezone.now()) if self.base and self.form.is_stale else None
        )
        return {
            "connection": self.connection,
            "form": self.form,
            "base": self.base,
            "guide": shown,
            "now_saved": now_saved,
            "understood": self.understood,
            "changed_since": self.changed_since,
        }


def work_on_draft(request: HttpRequest, connection: Connection, *, worker: str, save: Save) -> Drafting:
    """Answer a request of the draft's page. `worker` names who works on it, `save` is called with what was seen."""
    base = connections.editable_revision(connection)
    form = adapter_for(connection.protocol).draft_form(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        base=base,
        place=f"{connection.org_id}:{connection.uid}:{worker}",
    )
    if base and not form.is_bound and (offer := last_lesson(base)):
        form.offer(offer)
    if not form.is_valid():
        return _shown(Drafting(connection, form, base))
    wants_to_save = request.POST.get("action") != CHECK
    if not wants_to_save or not form.was_seen:
        changed_since = wants_to_save and not form.is_corrected
        form.mark_as_seen()
        return _shown(
            Drafting(connection, form, base, understood=form.understood(), changed_since=changed_since)
        )
    try:
        saved = save(form.configuration(), form.cleaned_data["based_on"])
    except SettingsRefused as refusal:
        show_refusal(form, refusal)
        return _shown(Drafting(connection, form, connections.editable_revision(connection)))
    return Drafting(connection, form, base, saved=saved)


def _shown(drafting: Drafting) -> Drafting:
    """Ready to be sent again, with its secrets sealed."""
    if drafting.form.is_bound:
        drafting.form.keep_secrets()
    return drafting
