"""What an admin does next after a test login that failed, for the codes that come up most. The rest: `causes`."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sso.explaining.causes import cause_of

_NEXT_STEPS: dict[str, Promise] = {
    "discovery_unreachable": _(
        "Open the issuer's address with /.well-known/openid-configuration behind it in your browser. If it does not "
        "open, correct the Issuer URL; if it does, let the identity provider accept requests from this portal."
    ),
    "discovery_issuer_mismatch": _(
        "Copy the value of “issuer” from the discovery document into the draft, every character and slash as it is."
    ),
    "discovery_invalid": _(
        "Enter the Issuer URL itself, not the address of a sign-in page or of a single application."
    ),
    "token_refused": _(
        "Compare the Client ID, and paste the Client Secret again: many identity providers show it only once, and "
        "next to it an ID that is not the secret. Then compare the callback URL."
    ),
    "idp_error": _(
        "Assign yourself to the application at the identity provider, and compare the callback URL there with the "
        "one on the connection's page."
    ),
    "login_cancelled": _(
        "If you did not cancel it yourself, you are perhaps not assigned to the application at the identity provider."
    ),
    "idp_status": _(
        "Look into the identity provider's own log for the same minute. Often the account is not assigned to the "
        "application, or the identity provider does not accept how the request was made."
    ),
    "audience_mismatch": _(
        "Compare what the identity provider calls Client ID (OpenID Connect) or Audience or Entity ID (SAML) for this "
        "application with the values on the connection's page."
    ),
    "issuer_mismatch": _(
        "If the issuer that the refusal quotes is the identity provider you mean, copy it into the draft exactly."
    ),
    "destination_mismatch": _(
        "Enter the ACS URL of this connection at the identity provider as the single sign-on or reply URL."
    ),
    "recipient_mismatch": _(
        "Enter the ACS URL of this connection at the identity provider as the recipient, too."
    ),
    "signature_invalid": _(
        "Download the signing certificate from the identity provider anew and put it into the draft, or let the "
        "draft be filled from the metadata."
    ),
    "signature_missing": _("Let the identity provider sign the assertion, or the whole response."),
    "algorithm_not_allowed": _("Let the identity provider sign with SHA-256: RSA-SHA256, RS256 or better."),
    "key_unknown": _(
        "Wait some minutes if the identity provider has just changed its keys. If it goes on, its discovery document "
        "points to keys that it does not use."
    ),
    "certificate_expired": _(
        "Make a new signing certificate at the identity provider, activate it there, and put it into the draft."
    ),
    "assertion_expired": _(
        "Compare the clocks: the refusal names both times. Set the identity provider's clock by NTP."
    ),
    "assertion_not_yet_valid": _(
        "Compare the clocks: the refusal names both times. Set the identity provider's clock by NTP."
    ),
    "name_id_invalid": _(
        "Choose a lasting NameID at the identity provider: the format “persistent”, or an ID or e-mail address that "
        "never changes. “Transient” names everybody anew each time."
    ),
    "name_id_missing": _("Let the identity provider send a NameID, of the format “persistent”."),
    "in_response_to_missing": _(
        "Test from here, not from a tile on the identity provider's start page. If you did, let the identity provider "
        "answer requests instead of beginning logins itself."
    ),
    "response_mode_mismatch": _("Choose in the draft, under How it answers, the way that the refusal names."),
    "decryption_failed": _(
        "Give the identity provider this connection's metadata again, so that it encrypts for the present certificate."
    ),
    "assertion_not_encrypted": _(
        "Switch encryption on at the identity provider, or untick in the draft that plain assertions are refused."
    ),
    "authn_context_mismatch": _(
        "Untick the ways of signing in that the identity provider does not offer, or let it ask for a second factor."
    ),
    "email_missing": _(
        "Let the identity provider send the e-mail address: the scope “email” (OpenID Connect), or an attribute "
        "“email” (SAML; another name can be entered in the draft). An address that it calls unverified does not count."
    ),
    "email_ambiguous": _("Let the identity provider send one address of each person only."),
    "email_domain_not_allowed": _(
        "Add the domain under E-mail domains, if its addresses are yours. Else sign in there with your work account."
    ),
    "email_not_yours": _(
        "Add the address that the identity provider sent to your account here and verify it, then test again."
    ),
    "subject_linked_to_another": _(
        "Sign in at the identity provider as yourself. If both accounts here are yours, unlink the other one on "
        "its page under Members."
    ),
    "account_linked_to_another": _(
        "Sign in at the identity provider as the same person as before. If the identity provider names you anew, "
        "unlink the old identity on your page under Members; all members will need that."
    ),
    "attempt_expired": _("Start the test again, and finish signing in within ten minutes."),
    "session_already_over": _(
        "Sign out at the identity provider and test again. If it goes on, its sessions end before they are handed on."
    ),
}


def next_step(code: str) -> Promise:
    """One sentence or two. Codes without their own get what their cause says."""
    return _NEXT_STEPS.get(code) or cause_of(code).next_step


def codes() -> frozenset[str]:
    return frozenset(_NEXT_STEPS)
