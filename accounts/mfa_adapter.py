"""Where allauth asks us about second factors: how their secrets are kept, and what passkeys are bound to."""

from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings

from hubsso.crypto import seal, unseal
from hubsso.key_rotation import register_json_secret

# allauth hands over the text alone, not whose it is: the context keeps other secrets out of here, and these
# out of other places, but cannot tell one account's from another's.
_CONTEXT = "mfa.authenticator:data"
_SECRET_KEYS = ("secret", "seed")  # of the authenticator app, of the recovery codes; passkeys have none


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Seals what second factors are computed from, and binds passkeys to `BASE_URL` whatever Host was asked."""

    def encrypt(self, text: str) -> str:
        return seal(text, context=_CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises CannotUnseal: a secret that can't be read lets nobody in."""
        return unseal(encrypted_text, context=_CONTEXT)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": urlsplit(settings.BASE_URL).hostname or "", "name": settings.SITE_NAME}


def register_secrets() -> None:
    """Have key rotation look after them. Called once, when the app is ready."""
    for key in _SECRET_KEYS:
        register_json_secret(Authenticator, "data", key)
