"""An organisation's SSO settings, under `/orgs/<slug>/settings/sso/`.

A connection is always looked up through the organisation in the URL: another organisation's `uid` is a 404.
"""

from django.urls import include, path

from sso.views import (
    settings_activity,
    settings_certificates,
    settings_connection,
    settings_history,
    settings_keys,
    settings_mapping,
    settings_members,
    settings_new_connection,
    settings_overview,
    settings_policy,
    settings_recovery,
    settings_refusals,
    settings_reported,
    settings_revisions,
    settings_unlinked,
)

connection_urlpatterns = [
    path("", settings_connection.connection, name="connection"),
    path("vendor/", settings_new_connection.change_vendor, name="connection_vendor"),
    path("rename/", settings_connection.rename, name="connection_rename"),
    path("switch/", settings_connection.switch, name="connection_switch"),
    path("delete/", settings_connection.delete, name="connection_delete"),
    path("draft/", settings_revisions.draft, name="draft"),
    path("draft/test/", settings_revisions.draft_test, name="draft_test"),
    path("tests/<int:test_id>/", settings_revisions.revision_test, name="revision_test"),
    path("go-live/", settings_revisions.go_live, name="go_live"),
    path("revisions/<int:revision_number>/", settings_history.compare, name="revision_compare"),
    path("trial/go-back/", settings_revisions.trial_go_back, name="trial_go_back"),
    path("put-back/", settings_revisions.put_back, name="put_back"),
    path("certificates/", settings_certificates.connection_certificates, name="connection_certificates"),
    path("metadata/read/", settings_certificates.read_metadata, name="read_metadata"),
    path("keys/add/", settings_keys.add, name="key_add"),
    path("keys/switch/", settings_keys.switch_over, name="key_switch"),
    path("keys/remove/", settings_keys.remove_old, name="key_remove"),
    path("keys/<uuid:key_uid>/certificate/", settings_keys.certificate, name="key_certificate"),
    path("domains/", settings_mapping.domains, name="domains"),
    path("mapping/", settings_mapping.role_mapping, name="mapping"),
    path("group-mapping/", settings_mapping.group_mapping, name="group_mapping"),
    path("keep-attributes/", settings_mapping.keep_attributes, name="keep_attributes"),
]

urlpatterns = [
    path("", settings_overview.overview, name="settings"),
    path("policy/", settings_policy.policy, name="policy"),
    path("policy/off/", settings_policy.step, {"step": "off"}, name="policy_off"),
    path("policy/optional/", settings_policy.step, {"step": "optional"}, name="policy_optional"),
    path("policy/report-only/", settings_policy.step, {"step": "report_only"}, name="policy_report_only"),
    path("policy/enforced/", settings_policy.step, {"step": "enforced"}, name="policy_enforced"),
    path("policy/unlinked/", settings_unlinked.unlinked, name="unlinked"),
    path("policy/unlinked/members.csv", settings_unlinked.unlinked_csv, name="unlinked_csv"),
    path("policy/reported/", settings_reported.reported, name="reported"),
    path("connections/new/", settings_new_connection.new, name="connection_new"),
    path("connections/new/<slug:vendor_key>/", settings_new_connection.new_from, name="connection_new_from"),
    path("recovery-codes/", settings_recovery.codes, name="recovery_codes"),
    path("recovery-codes/new/", settings_recovery.make, name="recovery_codes_make"),
    path("recovery-codes/saved/", settings_recovery.saved, name="recovery_codes_saved"),
    path("recovery-session/end/", settings_recovery.end_session, name="recovery_end"),
    path("connections/<uuid:connection_uid>/", include(connection_urlpatterns)),
    path("certificates/", settings_certificates.certificates, name="certificates"),
    path("collaborators/", settings_members.collaborators, name="collaborators"),
    path("identities/", settings_members.identities, name="identities"),
    path("identities/<int:identity_id>/unlink/", settings_members.unlink, name="identity_unlink"),
    path("sessions/", settings_members.sessions, name="sessions"),
    path("sessions/<int:session_id>/end/", settings_members.end_session, name="session_end"),
    path("sessions/of/<int:user_id>/end/", settings_members.end_all_sessions, name="sessions_end_all"),
    path("activity/", settings_activity.logins, name="activity"),
    path("refusals/", settings_refusals.refusals, name="refusals"),
    path("refusals/<slug:reference>/", settings_refusals.refusal, name="refusal"),
]
