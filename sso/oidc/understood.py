"""What an OP's discovery document and an admin's values come to, as the pages show it."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sso.connections import OIDCConfiguration
from sso.models import Revision
from sso.models.connection import CLIENT_AUTHENTICATION_CHOICES, RESPONSE_MODE_CHOICES
from sso.oidc.client_authentication import usable_methods
from sso.oidc.discovery import ProviderMetadata
from sso.oidc.jws import ALLOWED_ALGORITHMS
from sso.revisions.understood import Fact, FactSection, Understood, facts_of
from sso.types import ClientAuthentication, ResponseMode


def understood(
    configuration: OIDCConfiguration, metadata: ProviderMetadata, *, has_secret: bool
) -> Understood:
    """`has_secret`: one was entered, or is stored."""
    return Understood(
        sections=(
            FactSection(_("Identity provider"), _endpoints(metadata)),
            FactSection(_("How we speak to it"), _ways(configuration, metadata)),
            FactSection(_("Our values there"), described(configuration, has_secret=has_secret)[1:]),
        ),
        notes=_notes(configuration, metadata),
    )


def described(values: OIDCConfiguration | Revision, *, has_secret: bool) -> tuple[Fact, ...]:
    """What was entered, the issuer first, without the secret."""
    return (
        *facts_of((_("Issuer URL"), values.issuer), (_("Client ID"), values.client_id)),
        *_authentication(values, has_secret=has_secret),
        *(fact for fact in _options(values) if fact.values != ("",)),
    )


def _authentication(values: OIDCConfiguration | Revision, *, has_secret: bool) -> tuple[Fact, ...]:
    if values.client_authentication == ClientAuthentication.PRIVATE_KEY_JWT:
        way = str(dict(CLIENT_AUTHENTICATION_CHOICES)[ClientAuthentication.PRIVATE_KEY_JWT.value])
        return (Fact(_("Authentication"), (way,), is_code=False),)
    stored = isinstance(values, Revision)
    kept = _("Stored, never shown again") if stored else _("Entered, never shown again")
    expires_on = values.client_secret_expires_on
    note = _("Expires on %(day)s") % {"day": date_format(expires_on, "DATE_FORMAT")} if expires_on else ""
    return (Fact(_("Client Secret"), (kept if has_secret else _("None"),), is_code=False, note=note),)


def _options(values: OIDCConfiguration | Revision) -> tuple[Fact, ...]:
    by_form = values.response_mode == ResponseMode.FORM_POST
    mode = str(dict(RESPONSE_MODE_CHOICES)[ResponseMode.FORM_POST.value]) if by_form else ""
    max_age = values.max_age_seconds
    seconds = _("%(seconds)s seconds") % {"seconds": max_age} if max_age else ""
    end = _("With the ID token") if values.follow_id_token_expiry else ""
    return (
        Fact(_("Answers"), (mode,), is_code=False),
        Fact(_("Signature algorithms"), (", ".join(values.signing_algorithms),)),
        Fact(_("More scopes"), (values.more_scopes,)),
        Fact("max_age", (seconds,), is_code=False),
        Fact(_("Session end"), (end,), is_code=False),
    )


def _endpoints(metadata: ProviderMetadata) -> tuple[Fact, ...]:
    return facts_of(
        (_("Issuer URL"), metadata.issuer),
        (_("Signing in"), metadata.authorization_endpoint),
        (_("Tokens"), metadata.token_endpoint),
        (_("Keys"), metadata.jwks_uri),
        (_("UserInfo"), metadata.userinfo_endpoint),
        (_("Signing out"), metadata.end_session_endpoint),
        (_("Pushed requests"), metadata.pushed_request_endpoint),
    )


def _ways(configuration: OIDCConfiguration, metadata: ProviderMetadata) -> tuple[Fact, ...]:
    accepted = configuration.signing_algorithms or ALLOWED_ALGORITHMS
    used = [name for name in metadata.id_token_algorithms if name in accepted]
    methods = usable_methods(configuration.client_authentication, metadata)
    return facts_of(
        (_("ID tokens signed by"), ", ".join(used) or _("it does not say")),
        (_("We authenticate by"), ", ".join(methods)),
        (_("It answers by"), configuration.response_mode),
        (_("It also offers"), ", ".join(mode for mode in metadata.response_modes if mode == "form_post")),
    )


def _notes(configuration: OIDCConfiguration, metadata: ProviderMetadata) -> tuple[str, ...]:
    notes = []
    unknown = [scope for scope in configuration.more_scopes.split() if scope not in metadata.scopes]
    if unknown and metadata.scopes:
        notes.append(
            _("It does not announce the scope %(scopes)s: the test shows whether it takes it.")
            % {"scopes": ", ".join(unknown)}
        )
    if not metadata.end_session_endpoint:
        notes.append(
            _("It offers no address for signing out: signing out here leaves people signed in there.")
        )
    return tuple(notes)
