"""The result page of a test login: how far it got, why it stopped, whom it would link, and what it would give."""

import base64
import re
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone, translation

from sso.models import Connection, LinkedIdentity, LoginAttempt, RevisionTest
from sso.views.revision_test_page import shown_test
from tests.demo_idp import OIDCFault, SAMLFault, Tenant
from tests.sso.settings.conftest import AcmeSettings, draft_of
from tests.sso.settings.test_going_live import oidc, run_test, saml

__all__ = ["oidc", "saml"]  # fixtures


def checks_on(page: str) -> dict[str, str]:
    """Title -> word, of every check on the page."""
    rows = re.findall(r'<li class="check-row.*?</li>', page, re.DOTALL)
    found = {}
    for row in rows:
        words = re.sub(r"<[^>]+>", "\n", row).split("\n")
        texts = [word.strip() for word in words if word.strip()]
        found[texts[1]] = texts[0]
    return found


def test_passed_test_says_everything_of_the_login(acme: AcmeSettings, oidc: Connection) -> None:
    test = run_test(acme, oidc)
    page = acme.page("revision_test", oidc.uid, test.pk)
    assert set(checks_on(page).values()) == {"Passed"}
    assert "passed all its 11 checks" in page
    assert "the first login links it" in page
    assert "Ends it" in page
    assert "not given" in page  # the OP named no end of its own


@pytest.mark.parametrize("protocol", ["oidc", "saml"])
def test_failed_test_marks_the_check_that_failed_and_those_not_reached(
    acme: AcmeSettings, protocol: str, tenant: Tenant, request: pytest.FixtureRequest
) -> None:
    connection: Connection = request.getfixturevalue(protocol)
    tenant.next_fault(OIDCFault.WRONG_AUD if protocol == "oidc" else SAMLFault.WRONG_AUDIENCE)
    test = run_test(acme, connection)
    page = acme.page("revision_test", connection.uid, test.pk)
    words = list(checks_on(page).values())
    failed = words.index("Failed")
    assert "meant for this portal" in list(checks_on(page))[failed]
    assert set(words[:failed]) == {"Passed"}
    assert set(words[failed + 1 :]) == {"Not reached"}
    assert "What to do:" in page
    assert "Compare what the identity provider calls Client ID" in page


def test_unreached_checks_are_folded_away(acme: AcmeSettings, oidc: Connection, tenant: Tenant) -> None:
    tenant.next_fault(OIDCFault.WRONG_AUD)
    page = acme.page("revision_test", oidc.uid, run_test(acme, oidc).pk)
    before, fold, rest = page.partition('<details class="all-passed not-reached">')
    folded, _, after = rest.partition("</details>")
    unreached = [title for title, word in checks_on(page).items() if word == "Not reached"]
    assert fold
    assert f"{len(unreached)} checks were not reached</summary>" in folded
    assert list(checks_on(folded)) == unreached
    assert list(checks_on(before).values())[-1] == "Failed"
    assert checks_on(after) == {}


def post_nonsense(acme: AcmeSettings, saml: Connection, *, relay_state: str) -> Any:
    form = {"SAMLResponse": base64.b64encode(b"no xml").decode(), "RelayState": relay_state}
    return acme.client.post(
        reverse("sso:saml_acs", args=[saml.uid]),
        urlencode(form),
        content_type="application/x-www-form-urlencoded",
    )


def test_saml_response_that_can_not_be_read_ends_the_test_too(acme: AcmeSettings, saml: Connection) -> None:
    """It never names the request it answers; the RelayState says whose test it was."""
    acme.get("draft_test", saml.uid)
    assert post_nonsense(acme, saml, relay_state="made-up").status_code == 400
    assert not RevisionTest.objects.exists()
    response = post_nonsense(acme, saml, relay_state=LoginAttempt.objects.get().state)
    test = RevisionTest.objects.get()
    assert (test.passed, test.code) == (False, "response_malformed")
    assert response["Location"] == acme.url("revision_test", saml.uid, test.pk)
    checks = checks_on(acme.page("revision_test", saml.uid, test.pk))
    assert checks["The response can be read"] == "Failed"
    assert checks["It answers this sign-in"] == "Not reached"


def test_conflict_shows_both_identities(acme: AcmeSettings, oidc: Connection) -> None:
    LinkedIdentity.objects.create(
        org=acme.org, user=acme.admin, issuer=draft_of(oidc).issuer, subject="olivia-of-old"
    )
    test = run_test(acme, oidc)
    assert test.code == "account_linked_to_another"
    page = acme.page("revision_test", oidc.uid, test.pk)
    assert "your account is linked to another identity" in page
    assert "olivia-of-old" in page
    checks = checks_on(page)
    assert checks["The identity belongs to the account"] == "Failed"
    assert checks["The session has time left"] == "Not reached"


def test_existing_link_is_said(acme: AcmeSettings, oidc: Connection) -> None:
    LinkedIdentity.objects.create(
        org=acme.org, user=acme.admin, issuer=draft_of(oidc).issuer, subject="olivia"
    )
    assert "linked to this identity already" in acme.page("revision_test", oidc.uid, run_test(acme, oidc).pk)


def test_claims_are_shown_and_kept_for_a_week(acme: AcmeSettings, oidc: Connection) -> None:
    test = run_test(acme, oidc)
    assert "claims-table" in acme.page("revision_test", oidc.uid, test.pk)
    RevisionTest.objects.update(at=timezone.now() - timedelta(days=7, minutes=1))
    page = acme.page("revision_test", oidc.uid, test.pk)
    assert "claims-table" not in page
    assert "not kept any more" in page
    out = StringIO()
    call_command("prune", stdout=out)
    assert "deleted 1 test claims" in out.getvalue()
    test.refresh_from_db()
    assert test.claims_sealed == ""
    assert test.passed


def test_claims_sealed_for_one_test_open_in_no_other(acme: AcmeSettings, oidc: Connection) -> None:
    first, second = run_test(acme, oidc), run_test(acme, oidc)
    RevisionTest.objects.filter(pk=second.pk).update(claims_sealed=first.claims_sealed)
    assert "not kept any more" in acme.page("revision_test", oidc.uid, second.pk)


def test_a_mark_without_details_has_a_page(acme: AcmeSettings, oidc: Connection) -> None:
    """As those of a test whose refusal was one too many to be written down."""
    details: list[dict[str, Any]] = [{}, {"admin_detail": "x", "fields": {"claim": "aud"}}]
    for found in details:
        test = RevisionTest.objects.create(
            org=acme.org,
            revision=draft_of(oidc),
            user=acme.admin,
            passed=False,
            code="claim_missing",
            details=found,
            at=timezone.now(),
        )
        assert "The test failed" in acme.page("revision_test", oidc.uid, test.pk)


def test_a_passed_mark_without_details_leads_to_a_test(acme: AcmeSettings, oidc: Connection) -> None:
    test = RevisionTest.objects.create(
        org=acme.org, revision=draft_of(oidc), user=acme.admin, passed=True, at=timezone.now()
    )
    page = acme.page("revision_test", oidc.uid, test.pk)
    assert "Nothing more is known of this test." in page


def test_what_gave_the_role_is_said_in_the_readers_language(acme: AcmeSettings, oidc: Connection) -> None:
    test = run_test(acme, oidc)
    role = {"role": "admin", "was": "admin"}
    for detail, said in (
        (
            "IdP mapping: groups has eng-admins",
            "Administrateur (Correspondance : groups contient eng-admins)",
        ),
        ("No mapping matched", "Administrateur (Aucune correspondance trouvée)"),
    ):
        test.details["role"] = {**role, "detail": detail}
        with translation.override("fr"):
            assert shown_test(test, now=timezone.now()).role.replace("\u00a0", " ") == said
