"""Another issuer answered: the one that answered is named, and one click enters it, asked by itself first."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from sso.models import Connection, Revision
from sso.types import SSOProtocol
from tests.builders import make_connection
from tests.demo_idp import SAMLFault, Tenant
from tests.demo_idp.saml_faults import ANOTHER_ENTITY
from tests.sso.oidc.fake_op import FakeOP
from tests.sso.settings.conftest import SECRET, AcmeSettings, draft_of
from tests.sso.settings.test_bad_idp import DISCOVERY
from tests.sso.settings.test_going_live import run_test, saml
from tests.sso.settings.test_understood import correction, entered

__all__ = ["saml"]  # a fixture


@pytest.fixture
def ops() -> Iterator[tuple[FakeOP, FakeOP]]:
    """The document of the first says that its issuer is the second."""
    with ExitStack() as stack:
        first, second = stack.enter_context(FakeOP()), stack.enter_context(FakeOP())
        first.documents[DISCOVERY]["issuer"] = second.issuer
        yield first, second


def words_of(first: FakeOP, second: FakeOP) -> str:
    host = first.issuer.removeprefix("http://")
    return f"The document at {host} says its issuer is {second.issuer}. If that is your identity provider, use it."


def test_issuer_of_another_host_is_named_and_entered_by_one_click(
    acme: AcmeSettings, ops: tuple[FakeOP, FakeOP]
) -> None:
    first, second = ops
    new = Connection.objects.create(org=acme.org, name="Acme Login", protocol=SSOProtocol.OIDC)
    data = {"client_id": "hub", "client_secret": SECRET, "issuer": first.issuer}
    refused = acme.post("draft", new.uid, action="save", **data)
    assert words_of(first, second) in refused.content.decode()
    assert second.requests == []

    corrected = acme.post("draft", new.uid, correct=correction(refused, "issuer").posted, **entered(refused))
    assert "This is what we understood" in corrected.content.decode()
    assert second.requests == [DISCOVERY]
    assert not new.revisions.exists()
    acme.post("draft", new.uid, action="save", **entered(corrected))
    assert draft_of(new).issuer == second.issuer


def test_issuer_that_does_not_call_itself_so_is_not_saved(
    acme: AcmeSettings, ops: tuple[FakeOP, FakeOP]
) -> None:
    first, second = ops
    second.documents[DISCOVERY]["issuer"] = "https://third.example"
    new = Connection.objects.create(org=acme.org, name="Acme Login", protocol=SSOProtocol.OIDC)
    refused = acme.post("draft", new.uid, action="save", client_id="hub", issuer=first.issuer)
    again = acme.post("draft", new.uid, correct=correction(refused, "issuer").posted, **entered(refused))
    assert "says its issuer is https://third.example" in again.content.decode()
    assert acme.post("draft", new.uid, action="save", **entered(again)).status_code == 200
    assert not new.revisions.exists()


@pytest.mark.parametrize("status", [Revision.Status.DRAFT, Revision.Status.LIVE])
def test_failed_test_leads_to_the_field_with_the_correction(
    acme: AcmeSettings, ops: tuple[FakeOP, FakeOP], status: Revision.Status
) -> None:
    first, second = ops
    connection = make_connection(acme.org, status=status, issuer=first.issuer, client_secret=SECRET)
    page = acme.client.get(acme.get("draft_test", connection.uid)["Location"]).content.decode()
    where = "the draft" if status == Revision.Status.DRAFT else "a new draft"
    assert words_of(first, second) in page
    assert f'href="{acme.url("draft", connection.uid)}#id_issuer">Correct it in {where}</a>' in page

    draft = acme.get("draft", connection.uid)
    assert words_of(first, second) in draft.content.decode()
    button = correction(draft, "issuer")
    corrected = acme.post("draft", connection.uid, correct=button.posted, **entered(draft))
    assert "the stored one is only ever sent to the issuer it was given for" in corrected.content.decode()
    given = {**entered(corrected), "client_secret": "of-the-other"}
    acme.post(
        "draft",
        connection.uid,
        action="save",
        **entered(acme.post("draft", connection.uid, action="check", **given)),
    )
    assert (draft_of(connection).issuer, draft_of(connection).client_secret) == (
        second.issuer,
        "of-the-other",
    )
    assert "The document at" not in acme.page("draft", connection.uid)


def test_failed_test_without_anything_to_offer_leads_to_the_field(acme: AcmeSettings) -> None:
    draft = make_connection(
        acme.org, status=Revision.Status.DRAFT, issuer="http://127.0.0.1:9", client_secret=SECRET
    )
    page = acme.client.get(acme.get("draft_test", draft.uid)["Location"]).content.decode()
    assert f'href="{acme.url("draft", draft.uid)}#id_issuer">Edit the draft</a>' in page


def test_entity_id_that_was_signed_is_one_click_away(
    acme: AcmeSettings, saml: Connection, tenant: Tenant
) -> None:
    tenant.next_fault(SAMLFault.WRONG_ISSUER)
    test = run_test(acme, saml)
    words = f"names {ANOTHER_ENTITY} as its entity ID. If that is your identity provider, use it."
    assert words in acme.page("revision_test", saml.uid, test.pk)
    draft = acme.get("draft", saml.uid)
    assert words in draft.content.decode()
    corrected = acme.post("draft", saml.uid, correct=correction(draft, "issuer").posted, **entered(draft))
    acme.post("draft", saml.uid, action="save", **entered(corrected))
    assert draft_of(saml).issuer == ANOTHER_ENTITY


def test_next_test_takes_the_offer_back(acme: AcmeSettings, saml: Connection, tenant: Tenant) -> None:
    tenant.next_fault(SAMLFault.WRONG_ISSUER)
    first = run_test(acme, saml)
    run_test(acme, saml)
    assert "as its entity ID." not in acme.page("draft", saml.uid)
    assert "Correct it in" not in acme.page("revision_test", saml.uid, first.pk)
