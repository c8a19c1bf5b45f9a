"""What differs between two revisions, and what the pages say of a trial."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sso import connections
from sso.models import Connection, Revision, SSOPolicy
from sso.revisions.revision_diff import Difference, differences
from sso.types import Enforcement, SSOProtocol
from tests.builders import live_revision, make_connection, make_revision, set_policy
from tests.conftest import log_in
from tests.sso.settings.certificates import make_certificate
from tests.sso.settings.conftest import SECRET, AcmeSettings, draft_of, record_pass


@pytest.fixture
def live(acme: AcmeSettings) -> Connection:
    """A live connection with a tested draft that changes it."""
    connection = make_connection(
        acme.org, client_secret=SECRET, connection={"name": "Acme Login"}, max_age_seconds=60
    )
    draft = make_revision(
        connection,
        status=Revision.Status.DRAFT,
        client_secret="another-secret-marker",
        client_id="hubsso-2",
    )
    record_pass(draft, acme.admin)
    return connection


def diff(before: Revision, after: Revision) -> list[Difference]:
    return differences(before, after, now=timezone.now())


def test_differences_are_told_in_the_forms_words_and_secrets_never(live: Connection) -> None:
    found = diff(live_revision(live), draft_of(live))
    assert found == [
        Difference("Client ID", ("hubsso",), ("hubsso-2",)),
        Difference("Client Secret", note="Changed"),
        Difference("max_age (seconds)", ("60",), ()),
    ]


def test_the_same_secret_sealed_anew_is_no_difference(acme: AcmeSettings, live: Connection) -> None:
    again = connections.put_back(
        connection=live, revision=live_revision(live), actor=acme.admin, now=timezone.now()
    )
    assert again.client_secret_sealed != live_revision(live).client_secret_sealed
    assert diff(live_revision(live), again) == []


def test_secret_that_cannot_be_read_is_said_so(live: Connection) -> None:
    Revision.objects.filter(connection=live, status=Revision.Status.DRAFT).update(
        client_secret_sealed="nonsense"
    )
    notes = [difference.note for difference in diff(live_revision(live), draft_of(live)) if difference.note]
    assert notes == ["One of the two can't be read with this portal's keys."]


def test_certificates_differ_by_subject_and_fingerprint(acme: AcmeSettings) -> None:
    kept, gone, added = (make_certificate(name=name) for name in ("kept", "gone", "added"))
    connection = make_connection(acme.org, SSOProtocol.SAML, client_id="", certificates=[kept, gone])
    draft = make_revision(connection, status=Revision.Status.DRAFT, client_id="", certificates=[kept, added])
    (difference,) = diff(live_revision(connection), draft)
    assert len(difference.before) == len(difference.after) == 1
    assert difference.before[0].startswith("CN=gone")
    assert difference.after[0].startswith("CN=added")
    assert "BEGIN CERTIFICATE" not in repr(difference)


def test_page_compares_a_draft_with_what_is_live_and_shows_no_secret(
    acme: AcmeSettings, live: Connection
) -> None:
    page = acme.page("revision_compare", live.uid, 2)
    assert "Changes against revision 1, which is live" in page
    assert "hubsso-2" in page
    assert SECRET not in page
    assert "another-secret-marker" not in page
    assert acme.get("revision_compare", live.uid, 2, **{"with": "99"}).status_code == 404
    assert acme.get("revision_compare", live.uid, 3).status_code == 404


def test_only_revision_has_nothing_to_be_compared_with(acme: AcmeSettings, oidc_draft: Connection) -> None:
    assert "only revision" in acme.page("revision_compare", oidc_draft.uid, 1)


# --- The trial on the pages ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("posted", "seconds"), [({}, 600), ({"trial_minutes": "5"}, 300), ({"trial_minutes": "999"}, 600)]
)
def test_making_live_begins_a_trial_of_the_chosen_length(
    acme: AcmeSettings, live: Connection, posted: dict[str, str], seconds: int
) -> None:
    acme.post("go_live", live.uid, revision="2", **posted)
    revision = live_revision(live)
    assert revision.number == 2
    assert revision.live_since is not None
    assert revision.confirm_by == revision.live_since + timedelta(seconds=seconds)


def test_making_live_on_trial_says_until_when_and_what_confirms_it(
    acme: AcmeSettings, live: Connection
) -> None:
    acme.post("go_live", live.uid, revision="2", trial_minutes="30")
    page = acme.page("connection", live.uid)
    assert "is live, on trial until" in page
    assert "Sign in through it to confirm it." in page


def test_making_live_without_a_trial_is_a_choice(acme: AcmeSettings, live: Connection) -> None:
    acme.post("go_live", live.uid, revision="2", trial_minutes="0")
    assert live_revision(live).confirm_by is None


def test_every_page_that_can_make_a_draft_live_offers_the_lengths_of_a_trial(
    acme: AcmeSettings, live: Connection
) -> None:
    test = draft_of(live).tests.get()
    pages = [
        acme.page("settings"),
        acme.page("connection", live.uid),
        acme.page("revision_compare", live.uid, 2),
        acme.page("revision_test", live.uid, test.pk),
    ]
    saml = make_connection(acme.org, SSOProtocol.SAML, client_id="", certificates=[make_certificate()])
    draft = make_revision(saml, status=Revision.Status.DRAFT, client_id="", certificates=[make_certificate()])
    record_pass(draft, acme.admin)
    pages.append(acme.page("connection_certificates", saml.uid))
    offered = ['<option value="10" selected>10 minutes</option>' in page for page in pages]
    assert offered == [True] * len(pages)


def test_admins_see_the_strip_on_the_organisations_pages_and_members_do_not(
    acme: AcmeSettings, live: Connection
) -> None:
    set_policy(acme.org, Enforcement.OPTIONAL)
    acme.post("go_live", live.uid, revision="2")
    strip = "Revision 2 of Acme Login is on trial"
    for path in ("/orgs/acme/", acme.url("settings")):
        page = acme.client.get(path).content.decode()
        assert strip in page
        assert f"/orgs/acme/sso/?connection={live.uid}" in page
    member = Client()
    log_in(member, acme.max.user)
    assert strip not in member.get("/orgs/acme/").content.decode()


def test_blocked_admin_sees_the_strip_beside_the_one_button_of_the_block_page(
    acme: AcmeSettings, live: Connection
) -> None:
    set_policy(acme.org, Enforcement.ENFORCED)
    draft = draft_of(live)
    connections.go_live(
        connection=live, revision=draft, actor=acme.admin, now=timezone.now(), trial_seconds=600
    )
    response = acme.get("settings")
    assert response.status_code == 403
    page = response.content.decode()
    assert "is on trial" in page
    assert "Confirm by signing in" not in page


def test_admin_goes_back_by_the_pages_button(acme: AcmeSettings, live: Connection) -> None:
    acme.post("go_live", live.uid, revision="2")
    assert "Go back to revision 1 now" in acme.page("connection", live.uid)
    acme.post("trial_go_back", live.uid)
    assert live_revision(live).number == 1
    assert SSOPolicy.objects.get(org=acme.org).confirm_by is None
    assert "Not confirmed" in acme.page("connection", live.uid)
    acme.post("trial_go_back", live.uid)
    assert "No revision is on trial any more" in acme.page("connection", live.uid)


def test_settings_that_come_after_the_deadline_show_what_serves_again(
    acme: AcmeSettings, live: Connection
) -> None:
    acme.post("go_live", live.uid, revision="2")
    past = timezone.now() - timedelta(minutes=1)
    Revision.objects.filter(connection=live, number=2).update(confirm_by=past)
    SSOPolicy.objects.filter(org=acme.org).update(confirm_by=past)
    page = acme.page("connection", live.uid)
    assert "Live: revision 1" in page
    assert "is on trial" not in page
