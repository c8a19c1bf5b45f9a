"""Every page of the portal by its URL name, and how the tests come to look at it. A new URL must be added here."""

ANONYMOUS = frozenset(
    {"home", "account_login", "account_signup", "account_reset_password", "account_language"}
)
ACCOUNT = frozenset(
    {
        "account_profile",
        "account_email",
        "account_change_password",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "usersessions_list",
        "sso:my_sessions",
    }
)
ORGANISATION = frozenset(
    {
        "orgs:home",
        "orgs:create_page",
        "orgs:create_app",
        "orgs:resource",
        "orgs:edit_resource",
        "orgs:delete_resource",
        "orgs:members",
        "sso:member",
        "orgs:remove_member",
        "orgs:leave",
        "orgs:invitations",
        "orgs:groups",
        "orgs:create_group",
        "orgs:group",
        "orgs:edit_group",
        "orgs:delete_group",
        "orgs:settings",
        "orgs:rename",
        "orgs:domains",
        "orgs:delete",
        "orgs:audit",
        "orgs:audit_retention",
    }
)
SSO_SETTINGS = frozenset(
    {
        "sso:settings",
        "sso:policy",
        "sso:reported",
        "sso:unlinked",
        "sso:recovery_codes",
        "sso:certificates",
        "sso:explorer",
        "sso:explorer_outside",
        "sso:connection_new",
        "sso:connection_new_from",
        "sso:collaborators",
        "sso:sessions",
        "sso:activity",
        "sso:refusals",
    }
)
CONNECTION = frozenset(
    {
        "sso:connection",
        "sso:connection_certificates",
        "sso:connection_rename",
        "sso:hand_overs",
        "sso:connection_vendor",
        "sso:connection_switch",
        "sso:connection_delete",
        "sso:draft",
        "sso:domains",
        "sso:mapping",
        "sso:group_mapping",
    }
)
SAML_CONNECTION = CONNECTION | {"sso:certificate_add", "sso:certificate_remove"}
# A step is linked to from all others, once there is a live connection.
POLICY_STEPS = frozenset(
    {"sso:policy_off", "sso:policy_optional", "sso:policy_report_only", "sso:policy_enforced"}
)
WITH_DOMAINS = frozenset({"orgs:domain_remove"})
WITH_RECOVERY_CODES = frozenset({"sso:recovery_codes_make"})
BY_LINKS = (
    ANONYMOUS
    | ACCOUNT
    | ORGANISATION
    | SSO_SETTINGS
    | SAML_CONNECTION
    | POLICY_STEPS
    | WITH_DOMAINS
    | WITH_RECOVERY_CODES
    | {"orgs:create"}
)

# No link leads there: a journey does (test_moments, test_two_factor, test_failure_lab).
BY_JOURNEYS = frozenset(
    {
        "search",
        "account_logout",
        "account_reauthenticate",
        "account_email_verification_sent",
        "account_confirm_email",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "mfa_authenticate",
        "mfa_deactivate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_list_webauthn",
        "mfa_edit_webauthn",
        "mfa_remove_webauthn",
        "orgs:accept_invitation",
        "orgs:invitation",
        "sso:hand_over",
        "sso:held_post",
        "sso:identity_unlink",
        "sso:members_bulk",
        "sso:relink",
        "sso:join",
        "sso:key_remove",
        "sso:key_switch",
        "sso:recovery",
        "sso:refusal",
        "sso:renewed",
        "sso:revision_compare",
        "sso:revision_test",
        "sso:signed_out",
        "sso:start",
        "sso:why",
        "sso:draft_test",
        "sso:oidc_callback",
    }
)

BY_ADDRESS = frozenset({"styleguide"})  # no link leads there; test_pages opens it

# Redirects, answers to POST alone, documents for machines, and pages that nobody of ours meets.
NOT_LOOKED_AT = {
    "account_end_session": "POST",
    "account_inactive": "tests/accounts: nobody in the demo is deactivated",
    "account_set_password": "every account here has a password",
    "account_confirm_login_code": "login by code is off",
    "mfa_download_recovery_codes": "a text file",
    "mfa_login_webauthn": "JSON",
    "mfa_reauthenticate": "a second factor's form, as mfa_authenticate",
    "mfa_reauthenticate_webauthn": "a second factor's form, as mfa_authenticate",
    "orgs:audit_export": "POST",
    "orgs:change_role": "POST",
    "orgs:domain_auto_join": "POST",
    "orgs:domain_check": "POST",
    "orgs:give_seat": "POST",
    "orgs:revoke_invitation": "POST",
    "orgs:set_collaborator": "POST",
    "orgs:take_seat": "POST",
    "sso:end_my_session": "POST",
    "sso:explorer_outside_resource": "as sso:explorer_outside, of one resource",
    "sso:connection_cancel": "POST",
    "sso:go_live": "POST",
    "sso:hand_over_revoke": "POST",
    "sso:keep_attributes": "POST",
    "sso:join_by_domain": "POST",
    "sso:key_add": "POST",
    "sso:key_certificate": "a certificate, as a file",
    "sso:oidc_backchannel_logout": "POST",
    "sso:oidc_frontchannel_logout": "a frame of the IdP's page",
    "sso:oidc_finish": "redirect",
    "sso:oidc_initiate": "redirect",
    "sso:oidc_jwks": "JSON",
    "sso:put_back": "POST",
    "sso:recovery_codes_saved": "POST",
    "sso:recovery_end": "POST",
    "sso:read_metadata": "POST",
    "sso:saml_acs": "POST",
    "sso:saml_finish": "redirect",
    "sso:saml_metadata": "XML",
    "sso:saml_slo": "redirect",
    "sso:session_end": "POST",
    "sso:sign_out": "POST",
    "sso:unlinked_csv": "a file",
    "sso:sessions_end_all": "POST",
    "sso:skip": "POST",
    "sso:trial_go_back": "POST",
}
