"""What single sign-on adds to the navigations of an organisation's settings and of one's own account."""

from django.utils.translation import gettext_lazy as _

from accounts.navigation import YOUR_ACCOUNT
from hubsso.navigation import Entry, Group
from orgs.settings_navigation import SETTINGS

# A page whose address is below one of these belongs to it.
SINGLE_SIGN_ON = Group(
    _("Single sign-on"),
    [
        Entry(_("Connections"), "sso:settings", "grid"),
        Entry(_("Rules"), "sso:policy", "shield"),
        Entry(_("Recovery codes"), "sso:recovery_codes", "lock"),
        Entry(_("Certificates and keys"), "sso:certificates", "key"),
        Entry(_("Collaborators"), "sso:collaborators", "group"),
        Entry(_("Members"), "orgs:members", "person"),
        Entry(_("Sessions"), "sso:sessions", "clock"),
        Entry(_("Access explorer"), "sso:explorer", "search"),
        Entry(_("Activity"), "sso:activity", "activity"),
        Entry(_("Refusals"), "sso:refusals", "warning"),
    ],
)


def connect() -> None:
    """Called once, when the apps are ready."""
    SETTINGS.groups.append(SINGLE_SIGN_ON)
    YOUR_ACCOUNT.entries.append(Entry(_("My organisations' SSO"), "sso:my_sessions", "key"))
