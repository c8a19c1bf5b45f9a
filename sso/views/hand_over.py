"""The page of a hand-over link: a colleague without an account enters an IdP's values."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orgs.access import gate_exempt
from sso.revisions import hand_overs
from sso.settings_errors import HandOverGone
from sso.throttles import HAND_OVER_BY_ADDRESS, throttled
from sso.views.drafting import work_on_draft


@throttled(by_address=HAND_OVER_BY_ADDRESS)
@gate_exempt(
    "for a colleague without an account: the link's token is the proof, and opens one connection's draft"
)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, hand_over_token: str) -> HttpResponse:
    """The guide and the draft's form, as an admin has them; nothing else of the organisation but its name."""
    try:
        return _private(_page(request, hand_over_token))
    except HandOverGone as gone:
        return _private(render(request, "sso/hand_over_gone.html", {"why": gone.message}, status=404))


def _page(request: HttpRequest, token: str) -> HttpResponse:
    found = hand_overs.find_hand_over(token, now=timezone.now())
    drafting = work_on_draft(
        request,
        found.connection,
        worker=f"hand-over-{found.uid}",
        save=lambda configuration, based_on: hand_overs.save_draft_by(
            found, configuration=configuration, now=timezone.now(), based_on=based_on
        ),
    )
    if drafting.saved is None:
        page = {**drafting.page(), "org": found.connection.org, "hand_over": found}
        return render(request, "sso/hand_over.html", page)
    saved = _("Draft %(number)s is saved, and the admins of %(org)s have been told. They test it next.")
    messages.success(request, saved % {"number": drafting.saved.number, "org": found.org.name})
    path = reverse("sso:hand_over", args=[token])
    return redirect(f"{path}#main")  # else the form's own fragment stays, and hides the message


def _private(response: HttpResponse) -> HttpResponse:
    """The address is a secret. `no-referrer` would make browsers send `Origin: null`, which no form of ours survives;
    `same-origin` tells no other site either.
    """
    response["Referrer-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    return response
