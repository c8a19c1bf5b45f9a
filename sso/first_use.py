"""What a member is told before their first login at an IdP: where it leads, and what it will be asked about them."""

from dataclasses import dataclass

from accounts.models import User
from orgs.models import Organization
from sso.idp_hosts import idp_host
from sso.linking import is_linked
from sso.mapping.seen_attributes import KEEP, keeps_attributes
from sso.models import Connection, Revision


@dataclass(frozen=True, slots=True)
class FirstUse:
    """Of one connection. Attributes are empty where no mapping reads one, `kept_days` is 0 where nothing is kept."""

    connection: Connection
    idp_host: str
    email_domains: tuple[str, ...]
    role_attribute: str
    group_attribute: str
    kept_days: int


def is_first(*, org: Organization, user: User) -> bool:
    """Has this account no identity at the organisation's IdPs yet?"""
    return not is_linked(org=org, user=user)


def disclose(connection: Connection, revision: Revision) -> FirstUse:
    """What a first login through the live revision of a connection shares."""
    return FirstUse(
        connection=connection,
        idp_host=idp_host(revision),
        email_domains=tuple(str(domain) for domain in connection.email_domains),
        role_attribute=connection.role_attribute if connection.role_mapping_enabled else "",
        group_attribute=connection.group_attribute if connection.group_mapping_enabled else "",
        kept_days=KEEP.days if keeps_attributes(connection.org_id) else 0,
    )
