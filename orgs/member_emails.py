"""Which members' e-mail addresses a viewer may read: all of them for admins, those of proven domains for members."""

from collections.abc import Iterable, Mapping

from accounts.emails import verified_among
from hubsso.domain_names import domain_of
from orgs.access import OrgAccess
from orgs.domains import verified_names
from orgs.models import Membership
from orgs.roles import Ability


def shown_emails(memberships: Iterable[Membership], access: OrgAccess) -> Mapping[int, str]:
    """Membership's key -> address; whoever is not in it keeps theirs to themselves. Needs the users at hand.

    An address that its account has not verified may be somebody else's: members do not see it. External collaborators
    read nobody's.
    """
    emails = {membership.pk: membership.user.email for membership in memberships}
    if access.can(Ability.MANAGE):
        return emails
    names = verified_names(access.org)
    if not names or _is_external(access):
        return {}
    inside = {key: email for key, email in emails.items() if domain_of(email) in names}
    verified = verified_among(inside.values())
    return {key: email for key, email in inside.items() if email.lower() in verified}


def _is_external(access: OrgAccess) -> bool:
    if access.member is None:
        return True
    mine = Membership.objects.filter(pk=access.member.membership_id, is_external_collaborator=False)
    return not mine.exists()
