"""Which of an organisation's live connections a login goes through, where there are several.

The member's own link decides, then their e-mail's domain, and otherwise the member. A choice only says which IdP
is asked: what its answer is worth is decided afterwards, by `sso.linking`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.emails import verified_emails
from accounts.models import User
from hubsso.domain_names import domain_of
from sso.models import Connection, LinkedIdentity, SSOSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A live connection, as far as the rule looks at it. Domains are in lower case."""

    connection_id: int
    email_domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What is known of the member. `renews` is the connection of the SSO session to renew silently."""

    renews: int | None = None
    linked_to: int | None = None
    emails: frozenset[str] = frozenset()


def choose(candidates: Sequence[Candidate], signs: Signs) -> int | None:
    """The id of the connection to go through, None where the member must choose. Pure.

    In this order: the only one; the one whose session is renewed; the one the member is linked through; the only
    one whose matching e-mail domains hold one of the member's verified addresses.
    """
    ids = [candidate.connection_id for candidate in candidates]
    if len(ids) == 1:
        return ids[0]
    for known in (signs.renews, signs.linked_to):
        if known in ids:
            return known
    domains = frozenset(domain_of(email) for email in signs.emails)
    matching = [candidate.connection_id for candidate in candidates if candidate.email_domains & domains]
    return matching[0] if len(matching) == 1 else None


def choose_for(
    *, connections: Sequence[Connection], user: User, browser_session: str = "", is_silent: bool = False
) -> Connection | None:
    """Apply the rule to an organisation's live connections. One connection costs no query."""
    if len(connections) > 1:
        signs = _signs_of(connections[0].org_id, user, browser_session if is_silent else "")
    else:
        signs = Signs()
    chosen = choose([_candidate(connection) for connection in connections], signs)
    return next((connection for connection in connections if connection.pk == chosen), None)


def _candidate(connection: Connection) -> Candidate:
    domains = frozenset(str(domain).lower() for domain in connection.email_domains)
    return Candidate(connection_id=connection.pk, email_domains=domains)


def _signs_of(org_id: int, user: User, browser_session: str) -> Signs:
    renewed = SSOSession.objects.filter(org=org_id, user=user, browser_session=browser_session)
    linked = LinkedIdentity.objects.filter(org=org_id, user=user)
    return Signs(
        renews=renewed.values_list("connection_id", flat=True).first() if browser_session else None,
        linked_to=linked.values_list("connection_id", flat=True).first(),
        emails=verified_emails(user),
    )
