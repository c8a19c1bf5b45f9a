"""An IdP that answers badly, or not at all: said beside the field when saving, and on the result page of a test."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from sso.models import Connection, LoginAttempt, Revision, RevisionTest
from sso.oidc import transport
from sso.types import SSOProtocol
from tests.builders import make_connection
from tests.demo_idp import OIDCFault, Tenant
from tests.demo_idp.keys import make_certificate
from tests.sso.oidc.fake_op import FakeOP
from tests.sso.settings.conftest import SECRET, AcmeSettings

DISCOVERY = "/.well-known/openid-configuration"
TEN_MEGABYTES = 10 * 1024 * 1024


@pytest.fixture
def op() -> Iterator[FakeOP]:
    with FakeOP() as op:
        yield op


def says_another_issuer(op: FakeOP) -> str:
    op.documents[DISCOVERY]["issuer"] = "https://another-issuer.example"
    return op.issuer


def is_unreachable(op: FakeOP) -> str:
    return "http://127.0.0.1:9"  # nothing listens on the discard port


def answers_html(op: FakeOP) -> str:
    op.answers[DISCOVERY] = (200, "<!doctype html><h1>planted-answer-of-the-idp</h1>")
    return op.issuer


def answers_500(op: FakeOP) -> str:
    op.answers[DISCOVERY] = (500, "planted-answer-of-the-idp")
    return op.issuer


def answers_404(op: FakeOP) -> str:
    return f"{op.issuer}/typing-error"


def sends_10_megabytes(op: FakeOP) -> str:
    op.answers[DISCOVERY] = (200, json.dumps({"padding": "x" * TEN_MEGABYTES}))
    return op.issuer


BAD_IDPS: list[tuple[Callable[[FakeOP], str], str, str]] = [
    (says_another_issuer, "discovery_issuer_mismatch", "https://another-issuer.example"),
    (is_unreachable, "discovery_unreachable", "does not accept connections"),
    (answers_html, "discovery_invalid", "JSON"),
    (answers_500, "discovery_unreachable", "status 500"),
    (answers_404, "discovery_invalid", "status 404"),
    (sends_10_megabytes, "discovery_invalid", "more than"),
]


def name_of(value: object) -> str:
    return getattr(value, "__name__", "")


@pytest.mark.parametrize(("misbehave", "code", "said"), BAD_IDPS, ids=name_of)
def test_bad_idp_is_said_beside_the_issuer_field(
    acme: AcmeSettings,
    oidc_draft: Connection,
    op: FakeOP,
    misbehave: Callable[[FakeOP], str],
    code: str,
    said: str,
) -> None:
    assert_refused_beside_the_field(acme, oidc_draft, issuer=misbehave(op), code=code, said=said)


def test_silent_idp_is_said_beside_the_issuer_field(
    acme: AcmeSettings, oidc_draft: Connection, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "DEADLINE_SECONDS", 0.3)
    tenant.next_fault(OIDCFault.HANG_DISCOVERY)
    said = "did not finish its answer in time"
    assert_refused_beside_the_field(
        acme, oidc_draft, issuer=tenant.issuer, code="discovery_unreachable", said=said
    )


def assert_refused_beside_the_field(
    acme: AcmeSettings, connection: Connection, *, issuer: str, code: str, said: str
) -> None:
    before = list(connection.revisions.values())
    entered = {"client_id": "hub", "client_secret": "typed-just-now", "issuer": issuer}
    response = acme.post("draft", connection.uid, **entered)
    page = response.content.decode()
    assert response.status_code == 200
    ((error,),) = response.context["form"].errors.as_data().values()
    assert error.code == code
    assert said in error.message
    assert 'id="id_issuer_error"' in page
    assert f'value="{issuer}"' in page
    assert "typed-just-now" not in page
    assert "planted-answer-of-the-idp" not in page
    assert list(connection.revisions.values()) == before


@pytest.mark.parametrize(("misbehave", "code", "said"), BAD_IDPS, ids=name_of)
def test_bad_idp_is_a_failed_test_of_the_draft(
    acme: AcmeSettings, op: FakeOP, misbehave: Callable[[FakeOP], str], code: str, said: str
) -> None:
    draft = make_connection(
        acme.org, status=Revision.Status.DRAFT, issuer=misbehave(op), client_secret=SECRET
    )
    assert_failed_test(acme, draft, code=code, said=said)


def test_silent_idp_is_a_failed_test_of_the_draft(
    acme: AcmeSettings, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "DEADLINE_SECONDS", 0.3)
    tenant.next_fault(OIDCFault.HANG_DISCOVERY)
    draft = make_connection(
        acme.org, status=Revision.Status.DRAFT, issuer=tenant.issuer, client_secret=SECRET
    )
    assert_failed_test(acme, draft, code="discovery_unreachable", said="in time")


def test_draft_whose_certificate_has_expired_since_is_a_failed_test(
    acme: AcmeSettings, tenant: Tenant
) -> None:
    expired = make_certificate(
        tenant.saml_key_pair.private_key, not_after=timezone.now() - timedelta(seconds=1)
    )
    draft = saml_draft(acme, tenant, expired.public_bytes(Encoding.PEM).decode())
    assert_failed_test(acme, draft, code="certificate_expired", said="expired on")


def test_draft_whose_certificate_is_damaged_is_a_failed_test(acme: AcmeSettings, tenant: Tenant) -> None:
    draft = saml_draft(acme, tenant, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert_failed_test(acme, draft, code="certificate_unreadable", said="not a certificate")


def saml_draft(acme: AcmeSettings, tenant: Tenant, certificate: str) -> Connection:
    return make_connection(
        acme.org,
        SSOProtocol.SAML,
        status=Revision.Status.DRAFT,
        issuer=tenant.saml_entity_id,
        sso_url=tenant.saml_sso_url,
        certificates=[certificate],
    )


def assert_failed_test(acme: AcmeSettings, draft: Connection, *, code: str, said: str) -> None:
    response = acme.get("draft_test", draft.uid)
    test = RevisionTest.objects.get()
    assert (test.passed, test.code) == (False, code)
    assert response["Location"] == acme.url("revision_test", draft.uid, test.pk)
    page = acme.page("revision_test", draft.uid, test.pk)
    assert said in page
    assert "planted-answer-of-the-idp" not in page
    assert not LoginAttempt.objects.exists()
    assert acme.post("go_live", draft.uid, revision="1").status_code == 302
    assert draft.revisions.get().status == Revision.Status.DRAFT
