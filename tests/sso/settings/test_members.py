"""External collaborators, SSO sessions and refusals, as admins see them."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from orgs.errors import AdminCantBeCollaborator
from sso.models import Connection, LinkedIdentity, RefusalTrace, SSOSession
from sso.types import Enforcement
from tests.builders import make_connection, make_sso_session, set_policy
from tests.conftest import log_in
from tests.sso.settings.conftest import AcmeSettings

ORG_PAGE = "/orgs/acme/"


def test_collaborator_is_asked_no_more_and_asked_again(acme: AcmeSettings) -> None:
    set_policy(acme.org, Enforcement.ENFORCED)
    make_connection(acme.org)
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    client = Client()
    log_in(client, acme.max.user)
    assert client.get(ORG_PAGE).status_code == 403
    assert acme.post("collaborators", email="MAX@acme.example").status_code == 302
    assert "Max" in acme.page("collaborators")
    assert client.get(ORG_PAGE).status_code == 200
    acme.post("collaborators", remove=str(acme.max.pk))
    assert client.get(ORG_PAGE).status_code == 403
    changes = [data["is_external_collaborator"] for data in acme.audit("org.set_collaborator")]
    assert changes == [True, False]


def test_admin_can_not_be_exempt_and_the_form_says_so(acme: AcmeSettings) -> None:
    response = acme.post("collaborators", email=acme.oscar.user.email)
    assert response.status_code == 200
    assert response.context["form"].errors == {"email": [AdminCantBeCollaborator.message]}
    acme.oscar.refresh_from_db()
    assert not acme.oscar.is_external_collaborator


def test_unlinked_identity_loses_its_sessions(acme: AcmeSettings) -> None:
    make_connection(acme.org)
    make_sso_session(acme.max, browser_session="max")
    identity = LinkedIdentity.objects.get()
    assert identity.subject in acme.page("member", acme.max.pk)
    assert "Unlink this identity?" in acme.page("identity_unlink", identity.pk)
    assert acme.post("identity_unlink", identity.pk).status_code == 302
    assert not LinkedIdentity.objects.exists()
    assert not SSOSession.objects.exists()
    assert acme.audit("org.sso_unlink") == [
        {"member": "Max <max@acme.example>", "issuer": identity.issuer, "subject": identity.subject}
    ]


def test_one_session_is_ended(acme: AcmeSettings) -> None:
    make_connection(acme.org)
    kept = make_sso_session(acme.max, browser_session="kept")
    ended = make_sso_session(acme.max, browser_session="ended")
    acme.post("session_end", ended.pk)
    assert list(SSOSession.objects.all()) == [kept]
    assert acme.audit("org.sso_end_sessions") == [{"member": "Max <max@acme.example>", "count": 1}]


def test_all_sessions_of_a_member_are_ended(acme: AcmeSettings) -> None:
    make_connection(acme.org)
    others = make_sso_session(acme.oscar, browser_session="oscar")
    for browser in ("one", "two"):
        make_sso_session(acme.max, browser_session=browser)
    acme.post("sessions_end_all", acme.max.user_id)
    assert list(SSOSession.objects.all()) == [others]
    assert acme.audit("org.sso_end_sessions") == [{"member": "Max <max@acme.example>", "count": 2}]


def test_only_live_sessions_are_listed(acme: AcmeSettings) -> None:
    make_connection(acme.org)
    make_sso_session(acme.max, browser_session="max")
    make_sso_session(acme.oscar, browser_session="oscar", expires_at=timezone.now())
    page = acme.page("sessions")
    assert "max@acme.example" in page
    assert "oscar@acme.example" not in page


def make_refusal(acme: AcmeSettings, reference: str, *, days: int = 7) -> RefusalTrace:
    return RefusalTrace.objects.create(
        reference=reference,
        org=acme.org,
        user=acme.max.user,
        code="email_missing",
        admin_detail=f"detail of {reference}",
        fields={"email_domain": "elsewhere.example", "linked_user_id": None},
        at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=days),
    )


def test_refusal_is_found_by_the_reference_a_member_was_shown(acme: AcmeSettings) -> None:
    make_refusal(acme, "ABCD-2345")
    make_refusal(acme, "WXYZ-6789")
    page = acme.page("refusals", reference=" abcd-2345")
    assert "detail of ABCD-2345" in page
    assert "detail of WXYZ-6789" not in page
    page = acme.page("refusal", "ABCD-2345")
    assert "email_missing" in page
    assert "elsewhere.example" in page


def test_refusal_is_gone_after_its_time(acme: AcmeSettings) -> None:
    make_refusal(acme, "ABCD-2345", days=0)
    assert "Nobody was refused" in acme.page("refusals")
    assert acme.get("refusal", "ABCD-2345").status_code == 404


def test_lists_go_on_by_key(acme: AcmeSettings) -> None:
    for number in range(51):
        make_refusal(acme, f"N{number:03}-2345")
    response = acme.get("refusals")
    assert len(response.context["refusals"]) == 50
    older = acme.client.get(response.context["next_url"])
    assert [refusal.reference for refusal in older.context["refusals"]] == ["N000-2345"]


def test_a_number_of_thousands_of_digits_is_not_found(acme: AcmeSettings, oidc_draft: Connection) -> None:
    endless = "9" * 5000
    assert acme.post("collaborators", remove=endless).status_code == 404
    assert acme.post("put_back", oidc_draft.uid, revision=endless).status_code == 404
    assert acme.client.get("/orgs/acme/members/", {"after": endless}).status_code == 200
