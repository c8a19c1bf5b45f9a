"""The navigation of one's own account, without what other apps add to it."""

from django.utils.translation import gettext_lazy as _

from hubsso.navigation import Entry, Group, Navigation

YOUR_ACCOUNT = Group(
    _("Your account"),
    [
        Entry(_("Profile"), "account_profile", "person"),
        Entry(_("E-mail addresses"), "account_email", "mail"),
        Entry(_("Password"), "account_change_password", "lock"),
        Entry(_("Two-factor and passkeys"), "mfa_index", "shield"),
        Entry(_("Sessions"), "usersessions_list", "device"),
    ],
)
ACCOUNT = Navigation(_("Account"), [YOUR_ACCOUNT])
