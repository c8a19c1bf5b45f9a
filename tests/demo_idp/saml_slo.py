"""The SAML IdP's single logout (Profiles 4.4): for an SP that asks, and at the SPs that relied on it."""

from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

from tests.demo_idp.config import SAMLServiceProvider
from tests.demo_idp.pages import message_page, post_form_page, redirect
from tests.demo_idp.saml_logout import LogoutMessage
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_request import RequestRefused, check_sp_signature, read_document
from tests.demo_idp.tenant import IdPSession, Tenant


@dataclass(frozen=True, kw_only=True)
class SignedOut:
    """A session that is over here, and the SPs that have still to be told, one after the other."""

    session: IdPSession
    waiting: tuple[SAMLServiceProvider, ...]


def slo(tenant: Tenant, request: Request) -> Response:
    """`/saml/slo`, by either binding: an SP's LogoutRequest, or its answer to one of ours."""
    try:
        if "SAMLRequest" in request.values:
            return _signed_out_for(tenant, request)
        return _answered(tenant, request)
    except RequestRefused as refused:
        return message_page("This sign-out cannot be served", str(refused))


def tell_service_providers(tenant: Tenant, session: IdPSession) -> Response | None:
    """Send the browser round the SPs that the session signed in at; None where there are none."""
    known = (tenant.service_providers.get(entity_id) for entity_id in sorted(session.sp_entity_ids))
    return _tell_next(
        tenant, SignedOut(session=session, waiting=tuple(sp for sp in known if sp and sp.slo_url))
    )


def _tell_next(tenant: Tenant, ended: SignedOut) -> Response | None:
    if not ended.waiting:
        return None
    service_provider, *waiting = ended.waiting
    person = tenant.people[ended.session.subject]
    message = LogoutMessage.request(
        issuer=tenant.saml_entity_id,
        destination=service_provider.slo_url,
        issued_at=tenant.clock(),
        signing_key=tenant.saml_key_pair,
        name_id=person.subject,
        session_indexes=(ended.session.sid,),
    )
    tenant.pending_logouts[message.message_id] = SignedOut(session=ended.session, waiting=tuple(waiting))
    return _send(service_provider, message, relay_state=None)


def _signed_out_for(tenant: Tenant, request: Request) -> Response:
    document, root, service_provider = read_document(tenant, request, tag("samlp:LogoutRequest"))
    certificate = service_provider.certificate or service_provider.logout_certificate
    if certificate is None:
        raise RequestRefused("No certificate of the service provider is registered here.")
    check_sp_signature(request, document, certificate)
    name_id = root.findtext(tag("saml:NameID"), default="")
    indexes = {element.text for element in root.findall(tag("samlp:SessionIndex"))}
    for session in list(tenant.sessions.values()):
        if session.subject == name_id and (not indexes or session.sid in indexes):
            tenant.end_session(session)
    message = LogoutMessage.response(
        issuer=tenant.saml_entity_id,
        destination=service_provider.slo_url,
        issued_at=tenant.clock(),
        signing_key=tenant.saml_key_pair,
        in_response_to=root.get("ID"),
    )
    changes = tenant.take_overrides().saml_logout
    return _send(service_provider, message.but(**changes), relay_state=request.values.get("RelayState"))


def _answered(tenant: Tenant, request: Request) -> Response:
    _, root, _ = read_document(tenant, request, tag("samlp:LogoutResponse"))
    ended = tenant.pending_logouts.pop(root.get("InResponseTo", ""), None)
    if not isinstance(ended, SignedOut):
        raise RequestRefused("The answer belongs to no sign-out that began here.")
    return _tell_next(tenant, ended) or message_page(
        "Signed out",
        f"You are signed out of {tenant.title}, and everywhere that it signed you in.",
        status=200,
    )


def _send(
    service_provider: SAMLServiceProvider, message: LogoutMessage, *, relay_state: str | None
) -> Response:
    if service_provider.slo_binding == "redirect":
        return redirect(f"{service_provider.slo_url}?{message.query(relay_state)}")
    requester = service_provider.title or service_provider.entity_id
    return post_form_page(service_provider.slo_url, message.post_fields(relay_state), requester)
