"""Line breaks in what an IdP says: none ends up in a header, and a name that holds one is nobody's."""

from typing import Any

import pytest
from django.core import mail

from sso.models import LinkedIdentity
from tests.builders import make_member, make_user
from tests.sso.oidc.conftest import AcmeLogin
from tests.sso.saml.conftest import GlobexLogin

pytestmark = pytest.mark.catalogue("WEB-HEADER-INJECTION")
SPLIT = "x\r\nSet-Cookie: planted=1\r\nX-Planted: 1"


@pytest.mark.parametrize("subject", [SPLIT, "max\n", "\u2028max", "max\x7f", "max\x85"])
def test_subject_of_several_lines_is_refused(acme: AcmeLogin, subject: str) -> None:
    acme.tenant.next_id_token(sub=subject)
    response = acme.sign_in()
    assert response.status_code == 403
    assert acme.refusals() == ["claim_malformed"]
    assert "planted" not in response.cookies
    acme.assert_nothing_was_opened()
    acme.sign_in()
    assert acme.can_read()


@pytest.mark.parametrize("subject", ["max\n", "max\nX-Planted: 1", "\u2028max", "max\x85"])
def test_name_id_of_several_lines_is_refused(globex: GlobexLogin, subject: str) -> None:
    globex.tenant.next_saml_response(name_id=subject)
    assert globex.sign_in().status_code == 403
    assert globex.refusals() == ["name_id_invalid"]
    globex.assert_nothing_was_opened()
    globex.sign_in()
    assert globex.can_read()


@pytest.mark.parametrize(
    "claims",
    [
        {"name": SPLIT},
        {"email": f"{SPLIT}@acme.example"},
        {"groups": [SPLIT], "roles": SPLIT},
        {"locale": SPLIT},
    ],
    ids=str,
)
def test_line_breaks_of_other_claims_split_nothing(acme: AcmeLogin, claims: dict[str, Any]) -> None:
    """Also not in the mail that tells the admins of a role that was withheld, which quotes what was mapped."""
    make_member(acme.org, make_user())
    acme.connection.role_mapping_enabled, acme.connection.role_attribute = True, "groups"
    acme.connection.save()
    acme.connection.role_rules.create(value=SPLIT, role="write")
    acme.tenant.next_id_token(**claims)
    response = acme.sign_in()
    for answer in (response, acme.client.get(acme.page_path)):
        assert not [name for name in answer.headers if "planted" in name.lower()]
        assert "planted" not in str(answer.cookies)
        assert not any("\n" in value or "\r" in value for value in answer.headers.values())
    for message in mail.outbox:
        assert "\n" not in message.subject
        assert not [name for name in message.message() if "planted" in str(name).lower()]
    assert LinkedIdentity.objects.get().email in ("", "max@acme.example")
