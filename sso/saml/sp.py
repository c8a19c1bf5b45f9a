"""Our service provider for one connection: the URLs that an IdP knows it by.

They are built from the configured origin and the connection's uid. No request, host name or slug can change them.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """`entity_id` is also where the metadata document is; responses are posted to `acs_url`.

    Logout messages come to `slo_url`, by either binding.
    """

    entity_id: str
    acs_url: str
    slo_url: str


def service_provider(connection_uid: UUID | str) -> ServiceProvider:
    """The SP of the connection with this uid."""
    return ServiceProvider(
        entity_id=_url("sso:saml_metadata", connection_uid),
        acs_url=_url("sso:saml_acs", connection_uid),
        slo_url=_url("sso:saml_slo", connection_uid),
    )


def _url(name: str, connection_uid: UUID | str) -> str:
    return settings.BASE_URL + reverse(name, kwargs={"connection_uid": connection_uid})
