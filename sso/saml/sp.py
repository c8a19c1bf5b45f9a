"""Our service provider for one connection: the URLs that an IdP knows it by.

They are built from the configured origin and the connection's uid. No request, host name or slug can change them.
"""

from dataclasses import dataclass
from functools import lru_cache
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
    return _service_provider(settings.BASE_URL, str(connection_uid))


@lru_cache(maxsize=1024)
def _service_provider(base_url: str, connection_uid: str) -> ServiceProvider:
    """Kept, as logins come back to it."""
    entity_id, acs_url, slo_url = (
        base_url + reverse(name, kwargs={"connection_uid": connection_uid})
        for name in ("sso:saml_metadata", "sso:saml_acs", "sso:saml_slo")
    )
    return ServiceProvider(entity_id=entity_id, acs_url=acs_url, slo_url=slo_url)
