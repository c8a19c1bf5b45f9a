"""The seam between a login and the protocol that carries it.

A protocol is a folder with an adapter of this shape. `_adapters` is the only place that knows which there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from sso.explaining.codes import CodeGuide
from sso.models import LoginAttempt, LogoutAttempt, MetadataCheck, Revision, SSOSession
from sso.operating.findings import Finding
from sso.revisions.corrections import Offer
from sso.revisions.login_checks import LoginCheck
from sso.revisions.received_claims import ReceivedClaim
from sso.revisions.understood import FactSection, ShownCertificate
from sso.types import IdentityAssertion, SessionLimit, SSOProtocol

if TYPE_CHECKING:
    from sso.forms.draft import DraftForm


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """What the browser must send to the IdP: a GET to `url`, or a POST of `fields` where there are any."""

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CopyValue:
    """One value to hand to the IdP. `key` names it to the vendor guides, `label` is the protocol's own name."""

    key: str
    label: str
    value: str


class ProtocolAdapter(Protocol):
    @property
    def issuer_label(self) -> str:
        """What the protocol calls the name that an IdP gives itself, in the reader's language."""

    @property
    def pins_certificates(self) -> bool:
        """Does an admin say which certificates the IdP signs with? Else its keys are fetched from it."""

    def draft_form(
        self, data: Any = None, files: Any = None, *, base: Revision | None, place: str = ""
    ) -> "DraftForm":
        """The form of a draft, filled from `base`, the revision that is being changed.

        `place` names the connection and whoever works on it: a secret that was typed travels sealed for it.
        """

    def described(self, revision: Revision, *, now: datetime) -> FactSection:
        """What a saved revision says, without its secret."""

    def shown_certificates(self, revision: Revision, *, now: datetime) -> list[ShownCertificate]:
        """The IdP's certificates that the revision pins; none in a protocol that fetches keys."""

    def begin(self, attempt: LoginAttempt, revision: Revision) -> BrowserRequest:
        """Complete the attempt with what the protocol must remember (unsaved), and say where to go.

        Raises an SSOError when the IdP can't be reached or its configuration can't be used.
        """

    def prepare(self, revision: Revision, *, now: datetime) -> None:
        """Make what a login through this revision will need. Called once, in the transaction that saves it."""

    def may_offer_logout(self, revision: Revision) -> bool:
        """Whether a person can be sent to this IdP to sign out there, as far as is known without asking it."""

    def begin_logout(self, attempt: LogoutAttempt, session: SSOSession) -> BrowserRequest | None:
        """Complete the attempt (unsaved), and say where the browser signs out at the IdP.

        None where the IdP offers no logout. Raises an SSOError when it can't be asked.
        """

    def refresh(self, revision: Revision, *, now: datetime) -> MetadataCheck | None:
        """Read again what the IdP publishes of itself; None where that is not done, or done at every login."""

    def checked(self, revision: Revision, *, now: datetime) -> Iterator[Finding]:
        """A check-up of the IdP through this revision, for operators; it is asked now."""

    def values_for_idp(self, connection_uid: str) -> list[CopyValue]:
        """What an admin enters at the IdP: callback URL, or ACS URL and entity ID."""

    def code_guide(self) -> CodeGuide:
        """The causes of the protocol's own refusals, and what an admin does next about them."""

    def login_checks(self) -> Sequence[LoginCheck]:
        """The protocol's checks of an answer, in the order in which they are made."""

    def offered_after(self, revision: Revision, fields: Mapping[str, Any]) -> Offer | None:
        """A correction that a failed test of the revision taught. `fields` are what its refusal keeps."""

    def session_limits(self) -> Sequence[SessionLimit]:
        """The limits that an IdP of this protocol can give a session."""

    def received_claims(self, assertion: IdentityAssertion, revision: Revision) -> list[ReceivedClaim]:
        """What the IdP said of the person, and which of it became subject and e-mail address."""


def adapter_for(protocol: str) -> ProtocolAdapter:
    """The adapter of a connection's protocol."""
    return _adapters()[SSOProtocol(protocol)]


def adapters() -> list[ProtocolAdapter]:
    """Of every protocol."""
    return list(_adapters().values())


@cache
def _adapters() -> dict[SSOProtocol, ProtocolAdapter]:
    from sso.oidc.adapter import OIDCAdapter  # noqa: PLC0415 - the adapters import this module
    from sso.saml.adapter import SAMLAdapter  # noqa: PLC0415

    return {SSOProtocol.OIDC: OIDCAdapter(), SSOProtocol.SAML: SAMLAdapter()}
