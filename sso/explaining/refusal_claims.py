"""What an IdP had said where a login was refused after its answer had passed: kept sealed with the trace, for admins.

Secrets and tokens are struck out before (`received_claims.for_admins`). Nothing is kept of an organisation that has
switched off the keeping of attributes.
"""

import json
from dataclasses import dataclass

from hubsso.crypto import CannotUnseal, seal, unseal
from sso.mapping.seen_attributes import keeps_attributes
from sso.models import Connection, RefusalTrace, Revision
from sso.protocols import adapter_for
from sso.revisions.received_claims import ClaimUse, ReceivedClaim, for_admins
from sso.types import IdentityAssertion

MAX_CHARS = 32 * 1024


@dataclass(frozen=True, slots=True)
class KeptClaims:
    """`is_cut`: there were more."""

    claims: tuple[ReceivedClaim, ...]
    is_cut: bool


def sealed_claims(
    assertion: IdentityAssertion, *, connection: Connection, revision: Revision, reference: str
) -> str:
    """Ready for the trace's column; empty where the organisation keeps none."""
    if not keeps_attributes(connection.org_id):
        return ""
    received = for_admins(adapter_for(connection.protocol).received_claims(assertion, revision))
    rows: list[list[object]] = []
    chars = 0
    for claim in received:
        row: list[object] = [claim.name, list(claim.values), claim.use]
        chars += len(json.dumps(row))
        if chars > MAX_CHARS:
            break
        rows.append(row)
    text = json.dumps({"claims": rows, "is_cut": len(rows) < len(received)})
    return seal(text, context=_context(connection.org_id, reference))


def claims_of(trace: RefusalTrace) -> KeptClaims | None:
    """What was kept with the trace; None where nothing was, or where its key is gone."""
    if not trace.claims_sealed:
        return None
    try:
        kept = json.loads(unseal(trace.claims_sealed, context=_context(trace.org_id, trace.reference)))
    except CannotUnseal:
        return None
    claims = tuple(
        ReceivedClaim(name, tuple(values), ClaimUse(use) if use else None)
        for name, values, use in kept["claims"]
    )
    return KeptClaims(claims, kept["is_cut"])


def _context(org_id: int, reference: str) -> str:
    return f"refusal_trace:{org_id}:{reference}:claims"
