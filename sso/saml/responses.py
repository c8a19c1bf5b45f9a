"""From a posted response to a parked assertion. Runs past the judges that the package's docstring names, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from hubsso.telemetry import tracing
from sso import login, replay
from sso.expiring import certificate_uses
from sso.models import Connection, LoginAttempt, Revision
from sso.saml import decryption, document, library, postflight, signatures
from sso.saml.attributes import identity_assertion
from sso.saml.certificates import CertificateInfo, trusted_certificates
from sso.saml.errors import (
    AssertionNotEncrypted,
    AssertionReplayed,
    IssuerMismatch,
    UnsolicitedResponse,
    shown,
)
from sso.saml.preflight import UnverifiedResponse, check_shape
from sso.saml.signatures import VerifiedResponse
from sso.saml.sp import service_provider
from sso.saml.status import check_success
from sso.types import IdentityAssertion, MessageKind, Purpose


@dataclass(frozen=True, slots=True)
class AcceptedAssertion:
    """What every judge let pass. It was not yet used; that is the last question.

    `signers` are the fingerprints of the certificates whose keys verified it.
    """

    identity: IdentityAssertion
    assertion_id: str
    usable_until: datetime
    signers: frozenset[str] = frozenset()


def read_response(posted: str) -> UnverifiedResponse:
    """Parse a `SAMLResponse` field and check its shape. Raises the refusals of `document` and `preflight`."""
    return check_shape(document.parse_posted(posted))


def answered_attempt(
    response: UnverifiedResponse, *, connection: Connection, relay_state: str, now: datetime
) -> LoginAttempt:
    """The login attempt that the response answers, found without the browser's cookie.

    It is named by InResponseTo. RelayState is asked only where there is none: an IdP that leaves InResponseTo out
    of an answer to *us* is refused later, while one that began the login itself raises UnsolicitedResponse. (An
    IdP's own beginning leads to a login of ours; for the other that would be a circle.)
    """
    request_id = response.in_response_to or _request_id_of(relay_state, connection)
    if request_id:
        return login.attempt_awaiting(connection=connection, request_id=request_id, now=now)
    check_success(response, None)
    raise UnsolicitedResponse("The IdP sent a response that nobody had asked for.")


def tested_attempt(relay_state: str, *, connection: Connection, now: datetime) -> LoginAttempt | None:
    """The open test login that a response came for which could not be read as far as the request it answers.

    RelayState alone proves nothing; it only says whose test page may tell what was wrong.
    """
    if not relay_state.isascii() or not relay_state.isprintable():
        return None
    attempts = LoginAttempt.objects.select_related("org", "connection", "revision", "user")
    return attempts.filter(
        state=relay_state, connection=connection, purpose=Purpose.TEST, answered_at=None, expires_at__gt=now
    ).first()


@tracing.span("sso.check_answer", protocol="saml")
def accept_response(
    response: UnverifiedResponse, *, attempt: LoginAttempt, now: datetime
) -> AcceptedAssertion:
    """Let the response past every judge but the last. Raises an SSOError with the reason."""
    check_success(response, attempt)
    revision = attempt.revision
    expected = postflight.Expected(
        issuer=revision.issuer,
        sp=service_provider(attempt.connection.uid),
        request_id=attempt.request_id or "",
        authenticated_since=attempt.created_at if revision.force_authn else None,
        context_classes=tuple(revision.authn_context_classes),
    )
    certificates = trusted_certificates(revision, now=now)
    verified = _verify(response, revision, certificates)
    try:
        checked = postflight.check(verified, expected, now=now)
    except IssuerMismatch as error:
        _learn_issuer(error, verified, expected, attempt=attempt, now=now)
        raise
    settings = library.LibrarySettings(
        sp=expected.sp,
        issuer=expected.issuer,
        sso_url=revision.sso_url,
        # Only those that signed: the library goes through all it is given, and digests the document for each.
        certificates=tuple(dict.fromkeys(info.pem for info in verified.signers)),
    )
    library.check_strictly(verified, settings, request_id=expected.request_id)
    return AcceptedAssertion(
        identity=identity_assertion(checked, revision),
        assertion_id=checked.assertion_id,
        usable_until=checked.usable_until,
        signers=frozenset(info.fingerprint_sha256 for info in verified.signers),
    )


@transaction.atomic
def use_once(accepted: AcceptedAssertion, *, attempt: LoginAttempt, now: datetime) -> str:
    """Use assertion and attempt up, and park the identity for the browser. Returns the one-time ticket.

    Raises AssertionReplayed or AttemptUsed for the later of two.
    """
    is_first_use = replay.use_up(
        org_id=attempt.org_id,
        issuer=accepted.identity.issuer,
        kind=MessageKind.ASSERTION,
        message_id=accepted.assertion_id,
        usable_until=accepted.usable_until,
        now=now,
    )
    if not is_first_use:
        raise AssertionReplayed(f"The assertion {shown(accepted.assertion_id)} was used before.")
    ticket = login.park_assertion(attempt=attempt, assertion=accepted.identity, now=now)
    certificate_uses.record(accepted.signers, connection_id=attempt.connection_id, now=now)
    return ticket


def _verify(
    response: UnverifiedResponse, revision: Revision, certificates: Sequence[CertificateInfo]
) -> VerifiedResponse:
    """Signatures, and between the response's and the assertion's the decryption, where there is one."""
    if response.encrypted is None:
        if revision.want_encrypted:
            raise AssertionNotEncrypted(
                "The assertion came in the clear. Let the IdP encrypt it, or do not require that."
            )
        return signatures.verify_signatures(response, certificates)
    signers = signatures.verify_message_signature(response, certificates)
    opened = decryption.decrypt(response, decryption.private_keys_of(revision.connection))
    return signatures.verify_decrypted(opened, certificates, received=response, received_signers=signers)


def _learn_issuer(
    error: IssuerMismatch,
    verified: VerifiedResponse,
    expected: postflight.Expected,
    *,
    attempt: LoginAttempt,
    now: datetime,
) -> None:
    """For a test's page: what a draft whose entity ID alone is wrong should say."""
    if attempt.purpose == Purpose.TEST and (
        issuer := postflight.only_other_issuer(verified, expected, now=now)
    ):
        error.log_fields["signed_issuer"] = issuer


def _request_id_of(relay_state: str, connection: Connection) -> str:
    if not relay_state.isascii() or not relay_state.isprintable():
        return ""  # none of our tokens; PostgreSQL takes no NUL in a parameter
    attempts = LoginAttempt.objects.filter(state=relay_state, connection=connection)
    return attempts.values_list("request_id", flat=True).first() or ""
