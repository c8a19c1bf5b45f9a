"""What an IdP's answer without an assertion means for a login (Core 3.2.2.2)."""

from sso.errors import LoginCancelled, SilentLoginFailed
from sso.models import LoginAttempt
from sso.saml import names
from sso.saml.errors import IdPStatus, shown
from sso.saml.preflight import UnverifiedResponse

_CANCELLED = frozenset({names.STATUS_AUTHN_FAILED, names.STATUS_REQUEST_DENIED})


def check_success(response: UnverifiedResponse, attempt: LoginAttempt | None) -> None:
    """Raises IdPStatus, LoginCancelled or, for a login that was tried silently, SilentLoginFailed.

    Anybody who knows a request's id could make such an answer, so it leaves the attempt open.
    """
    if response.is_success:
        return
    detail = f"The IdP answered with the status {shown(' / '.join(response.status_codes))}."
    if attempt is not None and attempt.is_silent:
        raise SilentLoginFailed(detail)
    if _CANCELLED & set(response.status_codes):
        raise LoginCancelled(detail)
    raise IdPStatus(detail)
