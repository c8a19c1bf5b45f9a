"""The SAML IdP's single sign-on service (SAML Profiles, 4.1): requests in, responses out by HTTP-POST."""

from dataclasses import dataclass
from datetime import timedelta

from werkzeug.wrappers import Request, Response

from tests.demo_idp import saml_names as names
from tests.demo_idp.claims import saml_attributes
from tests.demo_idp.config import Person, SAMLServiceProvider
from tests.demo_idp.faults import SAML_LOGIN_FAULTS, Fault, SAMLFault
from tests.demo_idp.login import Refusal, begin_login
from tests.demo_idp.pages import message_page, origin_of, post_form_page
from tests.demo_idp.saml_encryption import Encryption
from tests.demo_idp.saml_encryption_faults import ENCRYPTION_FAULTS
from tests.demo_idp.saml_faults import response_with_faults
from tests.demo_idp.saml_request import RequestRefused, read_authn_request
from tests.demo_idp.saml_response import SamlResponseBuilder, new_id
from tests.demo_idp.tenant import IdPSession, Tenant


@dataclass(frozen=True, kw_only=True)
class SAMLLogin:
    """A login that an SP asked for, or (with no `request_id`) one that began here: a `PendingLogin`."""

    service_provider: SAMLServiceProvider
    request_id: str | None
    relay_state: str | None
    is_forced: bool = False
    is_passive: bool = False
    name_id_format: str | None = None
    context_classes: tuple[str, ...] = ()
    """Those asked for. Any of them is done here, and the first is said."""
    max_age_seconds: int | None = None
    login_hint: str | None = None

    @property
    def requester(self) -> str:
        return self.service_provider.title or self.service_provider.entity_id

    @property
    def return_origin(self) -> str:
        return origin_of(self.service_provider.acs_url)

    @property
    def protocol(self) -> str:
        return "saml"

    def unfit_faults(self, tenant: Tenant) -> frozenset[Fault]:
        """What was never said can't be replayed; what was not asked for can't be missing."""
        unfit: set[Fault] = set()
        if self.service_provider.entity_id not in tenant.last_saml_responses:
            unfit.add(SAMLFault.REPLAY)
        if self.service_provider.encryption_certificate:
            unfit.add(SAMLFault.TAMPERED_AFTER_SIGNING)  # there is nothing in sight to change
        else:
            unfit |= ENCRYPTION_FAULTS.keys() - {SAMLFault.ENCRYPTED_FOR_ANOTHER}
        if not self.is_forced:
            unfit.add(SAMLFault.STALE_AUTHN)
        if not self.context_classes:
            unfit.add(SAMLFault.OTHER_AUTHN_CONTEXT)
        return frozenset(unfit)

    def answer(self, tenant: Tenant, session: IdPSession, faults: frozenset[Fault]) -> Response:
        """Send a response with an assertion to the ACS."""
        session.sp_entity_ids.add(self.service_provider.entity_id)
        faults = faults | tenant.faults.take(SAML_LOGIN_FAULTS)
        overrides = tenant.take_overrides().saml_response
        builder = response_with_faults(self._honest_response(tenant, session), faults, tenant).but(
            **overrides
        )
        encoded = builder.base64()
        previous = tenant.last_saml_responses.get(self.service_provider.entity_id)
        if SAMLFault.REPLAY in faults and previous is not None:
            return self._post(previous)
        if not faults:
            tenant.last_saml_responses[self.service_provider.entity_id] = encoded
        return self._post(encoded)

    def refuse(self, tenant: Tenant, refusal: Refusal) -> Response:
        """Send a response that says why nobody is signed in."""
        builder = SamlResponseBuilder.honest(
            issuer=tenant.saml_entity_id,
            acs_url=self.service_provider.acs_url,
            audience=self.service_provider.entity_id,
            in_response_to=self.request_id,
            name_id="",
            signing_key=tenant.saml_key_pair,
            now=tenant.clock(),
            status=names.RESPONDER,
            sub_status=names.NO_PASSIVE if refusal is Refusal.LOGIN_REQUIRED else names.REQUEST_DENIED,
            with_assertion=False,
            sign_response=True,
        )
        return self._post(builder.base64())

    def _honest_response(self, tenant: Tenant, session: IdPSession) -> SamlResponseBuilder:
        now = tenant.clock()
        person = tenant.people[session.subject]
        name_id, name_id_format = _name_id(person, self.name_id_format)
        session_seconds = tenant.config.saml_session_seconds
        certificate = self.service_provider.encryption_certificate
        return SamlResponseBuilder.honest(
            issuer=tenant.saml_entity_id,
            acs_url=self.service_provider.acs_url,
            audience=self.service_provider.entity_id,
            in_response_to=self.request_id,
            name_id=name_id,
            name_id_format=name_id_format,
            signing_key=tenant.saml_key_pair,
            now=now,
            lifetime_seconds=tenant.config.saml_assertion_seconds,
            encryption=Encryption.to(certificate) if certificate else None,
            authn_instant=session.authenticated_at,
            authn_context_class=(*self.context_classes, names.PASSWORD_CONTEXT)[0],
            session_index=session.sid,
            session_not_on_or_after=(
                None if session_seconds is None else now + timedelta(seconds=session_seconds)
            ),
            attributes=saml_attributes(person, tenant.config.saml_attribute_names),
        )

    def _post(self, encoded: str) -> Response:
        fields = {"SAMLResponse": encoded}
        if self.relay_state is not None:
            fields["RelayState"] = self.relay_state
        return post_form_page(self.service_provider.acs_url, fields, self.requester)


def sso(tenant: Tenant, request: Request) -> Response:
    """`/saml/sso`, by HTTP-Redirect or HTTP-POST."""
    try:
        authn_request = read_authn_request(tenant, request)
    except RequestRefused as refused:
        return message_page("This request cannot be served", str(refused))
    login = SAMLLogin(
        service_provider=authn_request.service_provider,
        request_id=authn_request.request_id,
        relay_state=authn_request.relay_state,
        is_forced=authn_request.force_authn,
        is_passive=authn_request.is_passive,
        name_id_format=authn_request.name_id_format,
        context_classes=authn_request.context_classes,
    )
    return begin_login(tenant, request, login)


def launch(tenant: Tenant, request: Request) -> Response:
    """`/saml/launch?sp=<entity id>`: a login that the IdP begins, unasked (SAML Profiles, 4.1.5)."""
    service_provider = tenant.service_providers.get(request.args.get("sp", ""))
    if service_provider is None:
        return message_page("Unknown service provider", "No such service provider is registered here.")
    login = SAMLLogin(
        service_provider=service_provider, request_id=None, relay_state=request.args.get("RelayState")
    )
    return begin_login(tenant, request, login)


def _name_id(person: Person, wanted_format: str | None) -> tuple[str, str]:
    """The NameID in the format asked for, if we have it; else the persistent one."""
    if wanted_format == names.NAMEID_EMAIL and person.email is not None:
        return person.email, names.NAMEID_EMAIL
    if wanted_format == names.NAMEID_TRANSIENT:
        return new_id(), names.NAMEID_TRANSIENT
    return person.subject, names.NAMEID_PERSISTENT
