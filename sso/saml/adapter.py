"""SAML as `sso.protocols` wants to see it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from sso.explaining.codes import CodeGuide
from sso.key_pairs import ensure_key_pair
from sso.models import LoginAttempt, LogoutAttempt, MetadataCheck, Revision, SSOSession
from sso.operating.findings import Finding
from sso.protocols import BrowserRequest, CopyValue
from sso.revisions.corrections import Offer
from sso.revisions.login_checks import LoginCheck
from sso.revisions.received_claims import ReceivedClaim
from sso.revisions.understood import FactSection, ShownCertificate
from sso.saml import attributes, logout_requests, metadata_refresh, request
from sso.saml.checked import checked
from sso.saml.code_guide import CODE_GUIDE
from sso.saml.entered import offered_after
from sso.saml.forms import SAMLDraftForm
from sso.saml.login_checks import LOGIN_CHECKS
from sso.saml.shown_certificates import shown_certificates
from sso.saml.sp import service_provider
from sso.saml.understood import described
from sso.types import IdentityAssertion, SessionLimit


class SAMLAdapter:
    """The SAML side of `sso.protocols.ProtocolAdapter`."""

    pins_certificates = True

    @property
    def issuer_label(self) -> str:
        return gettext("Entity ID")

    def draft_form(
        self, data: Any = None, files: Any = None, *, base: Revision | None, place: str = ""
    ) -> SAMLDraftForm:
        return SAMLDraftForm(data, files, base=base, place=place)

    def described(self, revision: Revision, *, now: datetime) -> FactSection:
        return described(revision, now=now)

    def shown_certificates(self, revision: Revision, *, now: datetime) -> list[ShownCertificate]:
        return shown_certificates(revision, now=now)

    def begin(self, attempt: LoginAttempt, revision: Revision) -> BrowserRequest:
        """An AuthnRequest for the attempt; see `request.begin`."""
        return request.begin(attempt, revision)

    def prepare(self, revision: Revision, *, now: datetime) -> None:
        """A key pair for the connection that has none: every IdP may encrypt for it, some want signed requests."""
        ensure_key_pair(revision.connection, now=now)

    def may_offer_logout(self, revision: Revision) -> bool:
        return bool(revision.slo_url)

    def begin_logout(self, attempt: LogoutAttempt, session: SSOSession) -> BrowserRequest | None:
        return logout_requests.logout_request(attempt, session)

    def refresh(self, revision: Revision, *, now: datetime) -> MetadataCheck | None:
        return metadata_refresh.refresh(revision, now=now)

    def checked(self, revision: Revision, *, now: datetime) -> Iterator[Finding]:
        return checked(revision, now=now)

    def values_for_idp(self, connection_uid: str) -> list[CopyValue]:
        """What an admin enters at the IdP. The metadata document is at the entity ID's address."""
        sp = service_provider(connection_uid)
        return [
            CopyValue("acs_url", gettext("ACS URL"), sp.acs_url),
            CopyValue("entity_id", gettext("SP entity ID and metadata URL"), sp.entity_id),
            CopyValue("slo_url", gettext("Single logout URL"), sp.slo_url),
        ]

    def code_guide(self) -> CodeGuide:
        return CODE_GUIDE

    def login_checks(self) -> Sequence[LoginCheck]:
        return LOGIN_CHECKS

    def offered_after(self, revision: Revision, fields: Mapping[str, Any]) -> Offer | None:
        return offered_after(fields, revision=revision)

    def session_limits(self) -> Sequence[SessionLimit]:
        return (SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER,)

    def received_claims(self, assertion: IdentityAssertion, revision: Revision) -> list[ReceivedClaim]:
        return attributes.received_claims(assertion, revision)
