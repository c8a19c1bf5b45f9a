"""The recovery code's page: the one way into the SSO settings of an organisation that locked its admins out."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.requests import signed_in_user
from orgs.access import gate_exempt
from orgs.models import Organization
from sso.browser import browser_session_of, ensure_browser_session
from sso.enforcing import recovery, recovery_codes
from sso.forms.recovery import RecoveryCodeForm
from sso.forms.refusals import show_refusal
from sso.models import RecoveryGrant
from sso.settings_errors import SettingsRefused
from sso.throttles import RECOVERY_BY_ACCOUNT, RECOVERY_BY_ADDRESS, throttled


@throttled(by_address=RECOVERY_BY_ADDRESS, by_account=RECOVERY_BY_ACCOUNT)
@gate_exempt("the way in for admins whom the gate blocks; shows nothing but a field for the code")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def redeem(request: HttpRequest, org_slug: str) -> HttpResponse:
    org = get_object_or_404(Organization, slug=org_slug)
    user, now = signed_in_user(request), timezone.now()
    if not recovery_codes.is_admin(org=org, user=user):
        raise Http404
    form = RecoveryCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            grant = recovery.redeem(
                org=org,
                user=user,
                code=form.cleaned_data["code"],
                browser_session=ensure_browser_session(request),
                now=now,
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
        else:
            request.session.cycle_key()  # a session key known before this proof must not carry it
            messages.success(request, _opened(org, user, grant))
            return redirect("sso:settings", org_slug)
    browser_session = browser_session_of(request)
    session = recovery.session_of(org=org, user=user, browser_session=browser_session, now=now)
    return render(request, "sso/recovery.html", {"org": org, "form": form, "session": session})


def _opened(org: Organization, user: User, grant: RecoveryGrant) -> str:
    opened = _("The SSO settings are open to you for one hour, in this browser.")
    if grant.source != RecoveryGrant.Source.OWN_CODE:
        return opened
    left = recovery_codes.codes_of(org=org, user=user).left
    return ngettext(
        "%(opened)s You have %(left)d recovery code left.",
        "%(opened)s You have %(left)d recovery codes left.",
        left,
    ) % {"opened": opened, "left": left}
