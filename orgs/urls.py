"""URLs of organisations. `portal_urlpatterns` are the pages above them all and have no namespace."""

from django.urls import path

from orgs.models import Resource
from orgs.views import audit, domains, groups, invitations, members, organisation, portal, resources, settings

app_name = "orgs"

portal_urlpatterns = [
    path("", portal.home, name="home"),
    path("search/", portal.search_resources, name="search"),
]

urlpatterns = [
    path("orgs/new/", organisation.create, name="create"),
    path("invitations/<str:invitation_token>/", invitations.find, name="invitation"),
    path("orgs/<slug:org_slug>/", organisation.home, name="home"),
    path(
        "orgs/<slug:org_slug>/new-page/", resources.create, {"kind": Resource.Kind.PAGE}, name="create_page"
    ),
    path("orgs/<slug:org_slug>/new-app/", resources.create, {"kind": Resource.Kind.APP}, name="create_app"),
    path("orgs/<slug:org_slug>/r/<slug:resource_slug>/", resources.detail, name="resource"),
    path("orgs/<slug:org_slug>/r/<slug:resource_slug>/edit/", resources.edit, name="edit_resource"),
    path("orgs/<slug:org_slug>/r/<slug:resource_slug>/delete/", resources.delete, name="delete_resource"),
    path("orgs/<slug:org_slug>/members/", members.members_list, name="members"),
    path("orgs/<slug:org_slug>/members/<int:member_id>/role/", members.change_role, name="change_role"),
    path(
        "orgs/<slug:org_slug>/members/<int:member_id>/collaborator/",
        members.set_collaborator,
        name="set_collaborator",
    ),
    path("orgs/<slug:org_slug>/members/<int:member_id>/remove/", members.remove, name="remove_member"),
    path("orgs/<slug:org_slug>/leave/", members.leave, name="leave"),
    path("orgs/<slug:org_slug>/invitations/", invitations.invitations_list, name="invitations"),
    path(
        "orgs/<slug:org_slug>/invitations/<int:invitation_id>/revoke/",
        invitations.revoke,
        name="revoke_invitation",
    ),
    path(
        "orgs/<slug:org_slug>/invitations/<str:invitation_token>/accept/",
        invitations.accept,
        name="accept_invitation",
    ),
    path("orgs/<slug:org_slug>/groups/", groups.groups_list, name="groups"),
    path("orgs/<slug:org_slug>/new-group/", groups.create, name="create_group"),
    path("orgs/<slug:org_slug>/groups/<slug:group_slug>/", groups.detail, name="group"),
    path("orgs/<slug:org_slug>/groups/<slug:group_slug>/edit/", groups.edit, name="edit_group"),
    path("orgs/<slug:org_slug>/groups/<slug:group_slug>/delete/", groups.delete, name="delete_group"),
    path("orgs/<slug:org_slug>/groups/<slug:group_slug>/seats/", groups.give_seat, name="give_seat"),
    path(
        "orgs/<slug:org_slug>/groups/<slug:group_slug>/seats/<int:seat_id>/take/",
        groups.take_seat,
        name="take_seat",
    ),
    path("orgs/<slug:org_slug>/settings/", settings.profile, name="settings"),
    path("orgs/<slug:org_slug>/settings/rename/", settings.rename, name="rename"),
    path("orgs/<slug:org_slug>/settings/delete/", settings.delete, name="delete"),
    path("orgs/<slug:org_slug>/settings/domains/", domains.domains_list, name="domains"),
    path("orgs/<slug:org_slug>/settings/domains/<int:domain_id>/check/", domains.check, name="domain_check"),
    path(
        "orgs/<slug:org_slug>/settings/domains/<int:domain_id>/auto-join/",
        domains.auto_join,
        name="domain_auto_join",
    ),
    path(
        "orgs/<slug:org_slug>/settings/domains/<int:domain_id>/remove/", domains.remove, name="domain_remove"
    ),
    path("orgs/<slug:org_slug>/settings/audit/", audit.log, name="audit"),
    path("orgs/<slug:org_slug>/settings/audit/export/", audit.export, name="audit_export"),
    path("orgs/<slug:org_slug>/settings/audit/retention/", audit.retention, name="audit_retention"),
]
