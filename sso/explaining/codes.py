"""What is known of each code of the catalogue beside its class: its cause, and what an admin does next.

Here are the codes of the trip itself, and those that the protocols share. A protocol says its own behind the seam
of `sso.protocols`; `sso.explaining.causes` puts them together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGuide:
    """`causes` are codes by the key of their cause. `next_steps`, by code, where the cause's own says too little.

    `fields` are the draft's, by the code that points to one. `seen_by_us` are what this server met when it asked the
    IdP itself: no member's browser had a hand in it. `seen_by_us_with` are such only together with this error code of
    the IdP.
    """

    causes: Mapping[str, frozenset[str]]
    next_steps: Mapping[str, Promise]
    fields: Mapping[str, str] = field(default_factory=dict)
    seen_by_us: frozenset[str] = frozenset()
    seen_by_us_with: Mapping[str, str] = field(default_factory=dict)


CODE_GUIDE = CodeGuide(
    causes={
        "certificate": frozenset({"algorithm_not_allowed", "signature_invalid"}),
        "audience": frozenset({"audience_mismatch"}),
        "issuer": frozenset({"issuer_mismatch"}),
        "setup": frozenset({"configuration_unreadable"}),
        "attributes": frozenset({"email_ambiguous", "email_missing"}),
        "malformed": frozenset({"sso_error"}),
        "unfinished": frozenset(
            {"attempt_expired", "login_cancelled", "session_already_over", "silent_login_failed"}
        ),
        "browser": frozenset({"attempt_unknown", "attempt_used", "connection_mismatch", "wrong_browser"}),
        "account": frozenset({"account_linked_to_another", "subject_linked_to_another"}),
        "email": frozenset({"email_domain_not_allowed", "email_not_yours"}),
        "membership": frozenset({"account_inactive", "not_a_member"}),
        "changed": frozenset({"configuration_changed"}),
        "flood": frozenset({"too_many_requests"}),
        "gate": frozenset({"sso_expired", "sso_missing", "sso_revision_changed"}),
        "no_connection": frozenset({"sso_unavailable"}),
        "logout": frozenset({"logout_not_expected", "logout_refused"}),
    },
    fields={"issuer_mismatch": "issuer"},
    next_steps={
        "login_cancelled": _(
            "If you did not cancel it yourself, you are perhaps not assigned to the application at the "
            "identity provider."
        ),
        "audience_mismatch": _(
            "Compare what the identity provider calls Client ID (OpenID Connect) or Audience or Entity ID "
            "(SAML) for this application with the values on the connection's page."
        ),
        "issuer_mismatch": _(
            "If the issuer that the refusal quotes is the identity provider you mean, copy it into the "
            "draft exactly."
        ),
        "signature_invalid": _(
            "Download the signing certificate from the identity provider anew and put it into the draft, or "
            "let the draft be filled from the metadata."
        ),
        "algorithm_not_allowed": _(
            "Let the identity provider sign with SHA-256: RSA-SHA256, RS256 or better."
        ),
        "email_missing": _(
            "Let the identity provider send the e-mail address: the scope “email” (OpenID Connect), or an "
            "attribute “email” (SAML; another name can be entered in the draft). An address that it calls "
            "unverified does not count."
        ),
        "email_ambiguous": _("Let the identity provider send one address of each person only."),
        "email_domain_not_allowed": _(
            "Add the domain under E-mail domains, if its addresses are yours. Else sign in there with your "
            "work account."
        ),
        "email_not_yours": _(
            "Add the address that the identity provider sent to your account here and verify it, then test "
            "again."
        ),
        "subject_linked_to_another": _(
            "Sign in at the identity provider as yourself. If both accounts here are yours, unlink the "
            "other one on its page under Members."
        ),
        "account_linked_to_another": _(
            "Sign in at the identity provider as the same person as before. If the identity provider names "
            "you anew, unlink the old identity on your page under Members; all members will need that."
        ),
        "attempt_expired": _("Start the test again, and finish signing in within ten minutes."),
        "session_already_over": _(
            "Sign out at the identity provider and test again. If it goes on, its sessions end before they "
            "are handed on."
        ),
    },
)
