"""Tables of the organisations app, one subject per module."""

from orgs.models.audit import AuditCounter, AuditEvent
from orgs.models.domain import Domain
from orgs.models.membership import Invitation, Membership, RemovedMember
from orgs.models.organization import Organization, RetiredSlug
from orgs.models.resource import Resource, ResourceGroup, ResourceGroupSeat

__all__ = [
    "AuditCounter",
    "AuditEvent",
    "Domain",
    "Invitation",
    "Membership",
    "Organization",
    "RemovedMember",
    "Resource",
    "ResourceGroup",
    "ResourceGroupSeat",
    "RetiredSlug",
]
