"""Why a change of an organisation's SSO settings was refused. Shown beside the form, or as a message.

They are answers to what an admin typed or clicked, and leave no trace; `sso.errors` has the refusals of logins.
"""

from django.utils.translation import gettext_noop as _

from orgs.errors import OrgError


class SettingsRefused(OrgError):
    """Base. `field` names the form field that the message belongs to; empty for the form as a whole."""

    code = "sso_settings_refused"
    message = _("This could not be saved.")

    def __init__(self, message: str = "", *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class StaleForm(SettingsRefused):
    """What is saved is no longer what the form was based on. `stamp` names what is saved now."""

    code = "stale_form"
    message = _(
        "Somebody else changed this since you opened the page: see below what it is now. What you entered is "
        "still here and not saved. Save again to replace their change."
    )

    def __init__(self, *, stamp: str) -> None:
        super().__init__()
        self.stamp = stamp


# --- Connections and their revisions -------------------------------------------------------------------


class ConnectionGone(OrgError):
    """It was deleted after the page had found it. Pages answer as if they had been asked for a moment later."""

    code = "connection_gone"
    message = _("This connection has been deleted in the meantime.")


class ConnectionNameTaken(SettingsRefused):
    code = "connection_name_taken"
    message = _("Another connection of this organisation has this name.")


class SecretNeeded(SettingsRefused):
    """There is no stored secret that could be kept."""

    code = "client_secret_needed"
    message = _("Enter the client secret.")


class SecretBoundToIssuer(SecretNeeded):
    code = "client_secret_bound_to_issuer"
    message = _(
        "Enter the client secret again: the stored one is only ever sent to the issuer it was given for."
    )


class SecretUnreadable(SecretNeeded):
    code = "client_secret_unreadable"
    message = _("Enter the client secret again: the stored one can't be read with this portal's keys.")


class DraftGone(SettingsRefused):
    code = "draft_gone"
    message = _("This draft was replaced or made live in the meantime. Look at the connection again.")


class DraftNotTested(SettingsRefused):
    code = "draft_not_tested"
    message = _("Test this draft first: it goes live once a login of yours through it has passed.")


class HandOverGone(SettingsRefused):
    code = "hand_over_gone"
    message = _("This link has expired or was withdrawn. Ask whoever sent it for a new one.")


class TooManyHandOvers(SettingsRefused):
    code = "too_many_hand_overs"
    message = _("There are many open links for this connection already. Withdraw one first.")


class HandOverInRecovery(SettingsRefused):
    code = "hand_over_in_recovery"
    message = _("Links can't be made in a recovery session: they would outlive it.")


class HandOverUsedUp(SettingsRefused):
    code = "hand_over_used_up"
    message = _(
        "This link has saved as many drafts as it may for now. Try again in an hour, or ask whoever sent it for a new "
        "one."
    )


class NoTrial(SettingsRefused):
    code = "no_trial"
    message = _("No revision is on trial any more: it was confirmed, or the one before it serves again.")


class WouldLockOut(SettingsRefused):
    code = "would_lock_out"
    message = _(
        "Single sign-on is enforced and this is the last working connection: nobody, you included, could enter. "
        "Stop enforcing first, or tick the box if that is what you want."
    )


# --- Certificates --------------------------------------------------------------------------------------


class NothingEntered(SettingsRefused):
    code = "nothing_entered"
    message = _("Enter the identity provider's values first.")


class CertificateKnown(SettingsRefused):
    code = "certificate_known"
    message = _("This certificate is here already.")


class CertificateNotThere(SettingsRefused):
    code = "certificate_not_there"
    message = _("This certificate is not in the configuration any more.")


class LastCertificate(SettingsRefused):
    code = "last_certificate"
    message = _("This is the only certificate that is trusted. Add the next one first.")


class TooManyCertificates(SettingsRefused):
    code = "too_many_certificates"
    message = _("There are too many certificates. Remove an old one first.")


# --- Enforcement ---------------------------------------------------------------------------------------


class NoLiveConnection(SettingsRefused):
    code = "no_live_connection"
    message = _("Make a connection live first: there is no identity provider to ask yet.")


class EnforcingNeedsSession(SettingsRefused):
    code = "enforcing_needs_sso_session"
    message = _(
        "Authenticate with the live connection in this browser first, so that enforcing can't lock you out."
    )


class RevisionOnTrial(SettingsRefused):
    """What is enforced while on trial could be another revision in some minutes."""

    code = "revision_on_trial"
    message = _(
        "A new revision is on trial. Confirm it by signing in through it, or wait until the trial is over, "
        "then enforce."
    )


class EnforcingNeedsRecoveryCodes(SettingsRefused):
    code = "enforcing_needs_recovery_codes"
    message = _(
        "Make recovery codes and save them first: they are your way back if your identity provider fails."
    )


# --- Mappings ------------------------------------------------------------------------------------------


class DomainInvalid(SettingsRefused):
    code = "email_domain_invalid"


class DomainClaimed(SettingsRefused):
    """Another connection of the organisation has it."""

    code = "email_domain_claimed"


class AttributeNeeded(SettingsRefused):
    code = "mapping_needs_attribute"
    message = _("Name the attribute that holds the values.")


class RuleRepeated(SettingsRefused):
    code = "mapping_rule_repeated"


class RulesNeeded(SettingsRefused):
    code = "mapping_needs_rules"
    message = _("Add at least one row.")


class AdminRuleNeeded(SettingsRefused):
    code = "mapping_needs_admin"
    message = _("At least one row must give the role Admin, or nobody could run the organisation.")


class PreviewNeeded(SettingsRefused):
    code = "mapping_needs_preview"
    message = _("Look at what this mapping changes first, then save it.")


class NoAdminLeft(SettingsRefused):
    code = "mapping_leaves_no_admin"
    message = _(
        "With this mapping nobody would be an admin any more. Give the role Admin to a value that one of your "
        "admins has."
    )


class GroupUnknown(SettingsRefused):
    code = "mapping_group_unknown"
    message = _("This resource group does not exist any more.")


# --- Members' identities -------------------------------------------------------------------------------


class RelinkOutdated(SettingsRefused):
    code = "relink_outdated"
    message = _(
        "This refusal can't be used any more: the member, the link or the connection has changed since. Ask the "
        "member to sign in again; a new refusal shows how it is now."
    )


class RelinkEmailRefused(SettingsRefused):
    code = "relink_email_refused"
    message = _(
        "The new identity's e-mail address does not pass the matching e-mail domains. Add the address to the "
        "account or change the domains, then ask the member to sign in again."
    )


# --- Recovery ------------------------------------------------------------------------------------------


class NotAnAdmin(SettingsRefused):
    code = "recovery_needs_admin"
    message = _("Only an admin of the organisation can be given a recovery code.")


class RecoveryCodeWrong(SettingsRefused):
    code = "recovery_code_wrong"
    message = _(
        "This code is wrong, was used, or has expired. Take another of your codes, or ask whoever runs this portal "
        "for one."
    )


class RecoveryCodesReplaced(SettingsRefused):
    code = "recovery_codes_replaced"
    message = _("Other codes have been made since you opened that page. The newest ones count.")


class TooManyCodes(SettingsRefused):
    code = "recovery_too_many_tries"
    message = _("Too many wrong codes. Wait a quarter of an hour and try again.")
