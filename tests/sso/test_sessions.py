"""How long an SSO session lasts: the earliest limit wins, and it is named."""

from datetime import UTC, datetime, timedelta

import pytest

from sso.sessions import session_end
from sso.types import SessionLimit

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SAML = SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER
MAX_AGE = SessionLimit.OIDC_MAX_AGE
TOKEN = SessionLimit.OIDC_ID_TOKEN_EXP


@pytest.mark.parametrize(
    ("timeout", "idp_limits", "expected"),
    [
        (HOUR, [], (NOW + HOUR, SessionLimit.ORG_TIMEOUT)),
        (HOUR, [(SAML, NOW + HOUR - timedelta(seconds=1))], (NOW + HOUR - timedelta(seconds=1), SAML)),
        (HOUR, [(SAML, NOW + HOUR + timedelta(seconds=1))], (NOW + HOUR, SessionLimit.ORG_TIMEOUT)),
        (HOUR, [(SAML, NOW + HOUR)], (NOW + HOUR, SessionLimit.ORG_TIMEOUT)),
        (2 * HOUR, [(MAX_AGE, NOW + HOUR), (TOKEN, NOW + HOUR / 2)], (NOW + HOUR / 2, TOKEN)),
        (2 * HOUR, [(MAX_AGE, NOW + HOUR / 4), (TOKEN, NOW + HOUR / 2)], (NOW + HOUR / 4, MAX_AGE)),
    ],
)
def test_the_earliest_limit_wins_and_is_named(
    timeout: timedelta,
    idp_limits: list[tuple[SessionLimit, datetime]],
    expected: tuple[datetime, SessionLimit],
) -> None:
    seconds = int(timeout.total_seconds())
    assert session_end(now=NOW, timeout_seconds=seconds, idp_limits=idp_limits) == expected
