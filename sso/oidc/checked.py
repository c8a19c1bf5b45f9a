"""A check-up of an OP, for operators: asked now, whatever is held from before."""

from collections.abc import Iterator
from datetime import datetime

from sso.errors import SSOError
from sso.models import Revision
from sso.oidc.client_authentication import usable_methods
from sso.oidc.discovery import ProviderMetadata, check_issuer, discovery_url
from sso.oidc.jwks import count_usable
from sso.oidc.jws import ALLOWED_ALGORITHMS
from sso.operating.findings import Finding, fail, warn, well


def checked(revision: Revision, *, now: datetime) -> Iterator[Finding]:
    """Discovery and issuer, then what the rest of a login would need of the OP."""
    try:
        metadata = check_issuer(revision.issuer, now=now)
        address = discovery_url(revision.issuer)
    except SSOError as error:
        yield fail("Discovery", f"{error.code}: {error.admin_detail}")
        return
    yield well("Discovery", f"{address} answers, its addresses are https.")
    yield well("Issuer", f"It calls itself {metadata.issuer}, as entered.")
    yield _keys(revision, metadata, now)
    yield _authentication(revision, metadata)
    yield _response_mode(revision, metadata)


def _keys(revision: Revision, metadata: ProviderMetadata, now: datetime) -> Finding:
    accepted = tuple(revision.signing_algorithms) or ALLOWED_ALGORITHMS
    announced = metadata.id_token_algorithms
    if announced and not set(announced) & set(accepted):
        return fail("Signature", f"It signs with {', '.join(announced)}; accepted is {', '.join(accepted)}.")
    try:
        count = count_usable(metadata, algorithms=accepted, now=now)
    except SSOError as error:
        return fail("JWKS", f"{error.code}: {error.admin_detail}")
    if not count:
        return fail("JWKS", f"{metadata.jwks_uri} has no key for {', '.join(accepted)}.")
    return well("JWKS", f"{metadata.jwks_uri} has {count} key{'s' if count > 1 else ''} that can be used.")


def _authentication(revision: Revision, metadata: ProviderMetadata) -> Finding:
    try:
        (method, *_) = usable_methods(revision.client_authentication, metadata)
    except SSOError as error:
        return fail("Client authentication", f"{error.code}: {error.admin_detail}")
    return well("Client authentication", f"{method}, which it takes.")


def _response_mode(revision: Revision, metadata: ProviderMetadata) -> Finding:
    mode = str(revision.response_mode)
    if metadata.response_modes and mode not in metadata.response_modes:
        announced = ", ".join(metadata.response_modes)
        return warn("Response mode", f"It announces {announced}; asked for is {mode}.")
    return well("Response mode", f"{mode}.")
