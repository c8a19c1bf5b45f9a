"""Filling a draft from an IdP's metadata. Nothing is saved: the admin sees what was understood, and saves it."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import org_page
from sso import connections
from sso.models import Connection
from sso.saml.forms import MetadataForm, SAMLDraftForm, entered_by
from sso.saml.idp_metadata import DescribedIdP
from sso.throttles import TEST_BY_ACCOUNT, TEST_BY_ADDRESS, throttled
from sso.types import SSOProtocol
from sso.views.settings_lookup import find_connection
from sso.views.settings_revisions import draft_page


@throttled(by_address=TEST_BY_ADDRESS, by_account=TEST_BY_ACCOUNT)
@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def idp_metadata(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    """Asks where the metadata is, then which of several IdPs, then shows the draft's form with what it says."""
    connection = find_connection(request, connection_uid)
    if connection.protocol != SSOProtocol.SAML:
        raise Http404
    is_posted = request.method == "POST"
    form = MetadataForm(request.POST if is_posted else None, request.FILES if is_posted else None)
    if not form.is_valid():
        return org_page(request, "sso/settings/idp_metadata.html", {"connection": connection, "form": form})
    if form.chosen is not None:
        return _filled_draft(request, connection, form.chosen, metadata_url=form.cleaned_data["metadata_url"])
    return org_page(
        request, "sso/settings/idp_metadata_choice.html", {"connection": connection, "form": form}
    )


def _filled_draft(
    request: OrgRequest, connection: Connection, idp: DescribedIdP, *, metadata_url: str
) -> HttpResponse:
    base = connections.editable_revision(connection)
    form = SAMLDraftForm(base=base, found=entered_by(idp, metadata_url=metadata_url))
    return draft_page(request, connection, form, base=base, understood=idp)
