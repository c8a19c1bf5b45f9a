"""The particulars of audit entries in words: what each is called, and the words of the code that are their values.

An entry keeps names and values as the code writes them, whatever language its reader has. What is not listed here
is shown as it was recorded.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

NAMES: dict[str, str | Promise] = {
    "action": _("action"),
    "address": _("address"),
    "attribute": _("attribute"),
    "before": _("before"),
    "certificate": _("certificate"),
    "code": _("code"),
    "codes": _("codes"),
    "confirm_by": _("confirm by"),
    "connection": _("connection"),
    "copied_from": _("copied from"),
    "count": _("count"),
    "actor": _("actor"),
    "days": _("days"),
    "event": _("event"),
    "for": pgettext_lazy("whom a link is for", "for"),
    "format": _("format"),
    "since": _("since"),
    "until": _("until"),
    "default_role": _("default role"),
    "description": _("description"),
    "domains": _("domains"),
    "email": _("email"),
    "enabled": _("enabled"),
    "enforcement": _("enforcement"),
    "expires_at": _("expires at"),
    "fingerprint": _("fingerprint"),
    "group": _("group"),
    "groups": _("groups"),
    "is_external_collaborator": _("is external collaborator"),
    "identities_unlinked": _("identities unlinked"),
    "issuer": _("issuer"),
    "keeps_attributes": _("keeps attributes"),
    "kept": _("kept"),
    "limit": _("limit"),
    "mapped": _("mapped"),
    "mapping": _("mapping"),
    "member": _("member"),
    "name": _("name"),
    "passed": _("passed"),
    "protocol": _("protocol"),
    "reference": _("reference"),
    "replaced": _("replaced"),
    "resource": _("resource"),
    "restored": _("restored"),
    "revision": _("revision"),
    "role": _("role"),
    "rules": _("rules"),
    "seats": _("seats"),
    "session_ttl_seconds": _("session ttl seconds"),
    "sessions_ended": _("sessions ended"),
    "silent": _("silent"),
    "slug": _("slug"),
    "source": _("source"),
    "subject": _("subject"),
    "vendor": _("vendor"),
    "unlinked": _("unlinked"),
    "valid_until": _("valid until"),
    "visibility": _("visibility"),
    "why": _("why"),
}

VALUES: dict[str, str | Promise] = {
    "admin": pgettext_lazy("role", "admin"),
    "contributor": pgettext_lazy("role", "contributor"),
    "no_access": pgettext_lazy("role", "no access"),
    "read": pgettext_lazy("role", "read"),
    "write": pgettext_lazy("role", "write"),
    "default": pgettext_lazy("source of a role", "default"),
    "idp": pgettext_lazy("source of a role", "idp"),
    "invitation": pgettext_lazy("source of a role", "invitation"),
    "manual": pgettext_lazy("source of a role", "manual"),
    "scim": pgettext_lazy("source of a role", "scim"),
    "enforced": pgettext_lazy("enforcement", "enforced"),
    "off": pgettext_lazy("enforcement", "off"),
    "optional": pgettext_lazy("enforcement", "optional"),
    "report_only": pgettext_lazy("enforcement", "report only"),
    "private": pgettext_lazy("visibility", "private"),
    "public": pgettext_lazy("visibility", "public"),
    "group": pgettext_lazy("mapping", "group"),
    "domains": pgettext_lazy("mapping", "domains"),
    "oidc_id_token_exp": pgettext_lazy("limit", "oidc id token exp"),
    "oidc_max_age": pgettext_lazy("limit", "oidc max age"),
    "org_timeout": pgettext_lazy("limit", "org timeout"),
    "saml_session_not_on_or_after": pgettext_lazy("limit", "saml session not on or after"),
    "add_key": pgettext_lazy("action", "add key"),
    "begin_again": pgettext_lazy("action", "begin again"),
    "cancel": pgettext_lazy("action", "cancel"),
    "change_vendor": pgettext_lazy("action", "change vendor"),
    "create": pgettext_lazy("action", "create"),
    "delete": pgettext_lazy("action", "delete"),
    "remove_key": pgettext_lazy("action", "remove key"),
    "rename": pgettext_lazy("action", "rename"),
    "switch_key": pgettext_lazy("action", "switch key"),
    "switch_off": pgettext_lazy("action", "switch off"),
    "switch_on": pgettext_lazy("action", "switch on"),
}


def name_in_words(name: str) -> str:
    return str(NAMES[name]) if name in NAMES else name.replace("_", " ")


def code_in_words(value: str) -> str:
    """A word of the code, such as `report_only`; as it was recorded where it is none we know."""
    return str(VALUES[value]) if value in VALUES else value.replace("_", " ")
