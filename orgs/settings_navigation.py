"""The navigation of an organisation's settings, without what other apps add to it."""

from django.utils.translation import gettext_lazy as _

from hubsso.navigation import Entry, Group, Navigation

ORGANISATION = Group(
    _("Organisation"),
    [
        Entry(_("Profile"), "orgs:settings", "organisation"),
        Entry(_("Address"), "orgs:rename", "link"),
        Entry(_("Domains"), "orgs:domains", "mail"),
        Entry(_("Audit log"), "orgs:audit", "activity"),
        Entry(_("Delete"), "orgs:delete", "trash"),
    ],
)
SETTINGS = Navigation(_("Settings"), [ORGANISATION])
