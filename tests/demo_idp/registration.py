"""`/register`: make an application known here, as an admin would at a real IdP's console."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from tests.demo_idp.config import AUTH_METHODS, SECRET_METHODS, OIDCClient, SAMLServiceProvider
from tests.demo_idp.pages import message_page, page
from tests.demo_idp.tenant import Tenant

OIDC_OPTIONAL = (
    ("jwks_uri", "JWKS URL (for private_key_jwt)"),
    ("initiate_login_uri", "Initiate login URI"),
    ("post_logout_redirect_uri", "Post-logout redirect URI"),
    ("backchannel_logout_uri", "Back-channel logout URI"),
    ("frontchannel_logout_uri", "Front-channel logout URI"),
)


class NotAURL(ValueError):
    """The message names the field."""


def register(tenant: Tenant, request: Request) -> Response:
    """Register what the form of the tenant's page says, and show what to enter at the application."""
    protocol = request.form.get("protocol", "")
    if protocol not in tenant.config.protocols:
        return message_page(
            "Not offered", "This IdP does not speak that protocol.", status=HTTPStatus.NOT_FOUND
        )
    try:
        return (
            _register_client(tenant, request.form)
            if protocol == "oidc"
            else _register_sp(tenant, request.form)
        )
    except NotAURL as error:
        return message_page("This can't be registered", str(error))


def _register_client(tenant: Tenant, form: Mapping[str, str]) -> Response:
    optional = {name: _url(form, name, label) for name, label in OIDC_OPTIONAL if form.get(name)}
    client = OIDCClient(
        client_id=f"app-{secrets.token_hex(4)}",
        client_secret=secrets.token_urlsafe(32),
        title=_title(form),
        auth_methods=AUTH_METHODS if "jwks_uri" in optional else SECRET_METHODS,
        jwks_uri=optional.get("jwks_uri"),
        redirect_uris=(_url(form, "redirect_uri", "Redirect URI"),),
        require_pkce=True,
        post_logout_redirect_uris=tuple(filter(None, [optional.get("post_logout_redirect_uri")])),
        backchannel_logout_uri=optional.get("backchannel_logout_uri"),
        frontchannel_logout_uri=optional.get("frontchannel_logout_uri"),
        initiate_login_uri=optional.get("initiate_login_uri"),
    )
    tenant.add_client(client)
    values = (
        ("Issuer URL", tenant.issuer),
        ("Client ID", client.client_id),
        ("Client Secret", client.client_secret),
    )
    return _registered(tenant, client.title, values)


def _register_sp(tenant: Tenant, form: Mapping[str, str]) -> Response:
    service_provider = SAMLServiceProvider(
        entity_id=_url(form, "entity_id", "Entity ID"),
        acs_url=_url(form, "acs_url", "ACS URL"),
        title=_title(form),
        slo_url=_url(form, "slo_url", "Single logout URL") if form.get("slo_url") else "",
    )
    tenant.add_service_provider(service_provider)
    values = (
        ("Issuer (entity ID)", tenant.saml_entity_id),
        ("SSO URL", tenant.saml_sso_url),
        ("x509 certificate", tenant.saml_certificate_pem),
    )
    return _registered(tenant, service_provider.title, values)


def _registered(tenant: Tenant, title: str, values: tuple[tuple[str, str], ...]) -> Response:
    return page("registered.html", tenant=tenant, title=title, values=values)


def _title(form: Mapping[str, str]) -> str:
    return form.get("title", "").strip() or "An application"


def _url(form: Mapping[str, str], name: str, label: str) -> str:
    value = form.get(name, "").strip()
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment:
        raise NotAURL(f"{label} must be a whole address that begins with http:// or https://.")
    return value
