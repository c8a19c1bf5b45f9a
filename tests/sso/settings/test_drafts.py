"""Writing drafts: immutable revisions, kept secrets, and errors beside the field."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database
from django.utils import timezone

from accounts.models import User
from sso import connections
from sso.connections import OIDCConfiguration, SAMLConfiguration
from sso.models import Connection, KeyPair, Revision
from sso.settings_errors import SecretBoundToIssuer, SecretNeeded, SecretUnreadable
from tests.builders import make_connection, make_member, make_org, make_revision, make_user
from tests.demo_idp import Tenant
from tests.sso.settings.certificates import make_certificate
from tests.sso.settings.conftest import SECRET, AcmeSettings, draft_of

ISSUER = "https://idp.example.org"


def save(connection: Connection, actor: User, **fields: object) -> Revision:
    entered = {"issuer": ISSUER, "client_id": "hubsso", **fields}
    return connections.save_draft(
        connection=connection,
        configuration=OIDCConfiguration(**entered),  # type: ignore[arg-type]  # each test names what it needs
        actor=actor,
        now=timezone.now(),
    )


def test_new_draft_retires_the_older_one(acme: AcmeSettings, oidc_draft: Connection) -> None:
    draft = save(oidc_draft, acme.admin, client_id="second")
    assert [(row.number, row.status) for row in oidc_draft.revisions.order_by("number")] == [
        (1, Revision.Status.RETIRED),
        (2, Revision.Status.DRAFT),
    ]
    assert draft.created_by == acme.admin
    assert oidc_draft.revisions.get(number=1).client_id == "hubsso"


def test_live_revision_keeps_serving_beside_a_draft(acme: AcmeSettings) -> None:
    connection = make_connection(acme.org, client_secret=SECRET)
    save(connection, acme.admin)
    assert connection.revisions.get(number=1).status == Revision.Status.LIVE


def test_empty_secret_keeps_the_stored_one_sealed_anew(acme: AcmeSettings, oidc_draft: Connection) -> None:
    before = draft_of(oidc_draft)
    after = save(oidc_draft, acme.admin)
    assert after.client_secret == SECRET
    assert after.client_secret_sealed != before.client_secret_sealed


def test_new_secret_replaces_the_stored_one(acme: AcmeSettings, oidc_draft: Connection) -> None:
    assert save(oidc_draft, acme.admin, client_secret="another").client_secret == "another"


def test_first_draft_needs_a_secret(acme: AcmeSettings) -> None:
    connection = make_connection(acme.org, status=Revision.Status.DRAFT)
    with pytest.raises(SecretNeeded):
        save(connection, acme.admin)


@pytest.mark.catalogue("WEB-SECRETS-SHOWN")
def test_stored_secret_is_not_sent_to_another_issuer(acme: AcmeSettings, oidc_draft: Connection) -> None:
    with pytest.raises(SecretBoundToIssuer):
        save(oidc_draft, acme.admin, issuer="https://elsewhere.example")
    assert draft_of(oidc_draft).number == 1


def test_secret_that_no_key_opens_is_asked_for_again(acme: AcmeSettings, oidc_draft: Connection) -> None:
    oidc_draft.revisions.update(client_secret_sealed="gAAAA-of-another-key")
    with pytest.raises(SecretUnreadable):
        save(oidc_draft, acme.admin)


@pytest.mark.catalogue("WEB-SECRETS-SHOWN")
def test_draft_is_audited_without_its_secret(acme: AcmeSettings, oidc_draft: Connection) -> None:
    save(oidc_draft, acme.admin, client_secret=SECRET)
    (data,) = acme.audit("org.settings.sso.draft")
    assert data == {"connection": "Acme Login", "revision": 2, "issuer": ISSUER}


@pytest.mark.catalogue("WEB-SECRETS-SHOWN")
def test_secret_is_on_no_page_once_it_is_saved(acme: AcmeSettings, oidc_draft: Connection) -> None:
    uid = oidc_draft.uid
    pages = [acme.page("settings"), acme.page("connection", uid), acme.page("draft", uid)]
    refused = acme.post("draft", uid, client_id="", client_secret="typed-just-now", issuer="")
    pages.append(refused.content.decode())
    sealed = draft_of(oidc_draft).client_secret_sealed
    for page in pages:
        assert SECRET not in page
        assert sealed not in page
        assert "typed-just-now" not in page
    assert "Leave it empty to keep the one that is stored." in pages[2]


def test_put_back_copies_an_old_revision_to_a_new_draft(acme: AcmeSettings) -> None:
    connection = make_connection(acme.org, client_secret="old-secret", client_id="old")
    connection.revisions.update(status=Revision.Status.RETIRED)
    make_revision(connection, client_secret="new-secret", client_id="new")
    response = acme.post("put_back", connection.uid, revision="1")
    assert response.status_code == 302
    draft = draft_of(connection)
    assert (draft.number, draft.client_id, draft.client_secret) == (3, "old", "old-secret")
    assert acme.audit("org.settings.sso.draft")[0]["copied_from"] == 1


def test_oidc_draft_by_the_page(acme: AcmeSettings, tenant: Tenant) -> None:
    connection = make_connection(acme.org, status=Revision.Status.RETIRED, issuer=ISSUER)
    entered = {
        "client_id": "hub",
        "client_secret": SECRET,
        "issuer": tenant.issuer,
        "max_age_seconds": "3600",
    }
    assert acme.post("draft", connection.uid, **entered).status_code == 302
    draft = draft_of(connection)
    assert (draft.client_id, draft.client_secret, draft.issuer) == ("hub", SECRET, tenant.issuer)
    assert (draft.max_age_seconds, draft.follow_id_token_expiry) == (3600, False)


def test_wrong_issuer_is_named_beside_its_field(acme: AcmeSettings, tenant: Tenant) -> None:
    connection = make_connection(acme.org, status=Revision.Status.RETIRED)
    entered = {"client_id": "hub", "client_secret": SECRET, "issuer": tenant.issuer + "/"}
    response = acme.post("draft", connection.uid, **entered)
    (message,) = response.context["form"].errors["issuer"]
    assert message == (
        f"The discovery document says issuer '{tenant.issuer}', you entered '{tenant.issuer}/'."
    )
    assert not connection.revisions.filter(status=Revision.Status.DRAFT).exists()


def test_unreachable_issuer_is_said_beside_its_field(acme: AcmeSettings, oidc_draft: Connection) -> None:
    entered = {"client_id": "hub", "issuer": "http://127.0.0.1:9/"}
    response = acme.post("draft", oidc_draft.uid, **entered)
    assert response.status_code == 200
    assert response.context["form"].errors["issuer"]


def saml_fields(**fields: str) -> dict[str, str]:
    return {
        "issuer": "https://idp.acme.example/entity",
        "certificates": make_certificate(),
        "sso_url": "https://idp.acme.example/sso",
        "sso_binding": "redirect",
        **fields,
    }


def test_saml_draft_by_the_page(acme: AcmeSettings, saml_connection: Connection) -> None:
    two = make_certificate() + make_certificate(name="next.acme.example")
    response = acme.post("draft", saml_connection.uid, **saml_fields(certificates=two))
    assert response.status_code == 302
    draft = draft_of(saml_connection)
    assert len(draft.certificates) == 2
    assert not draft.sign_requests
    page = acme.page("connection", saml_connection.uid)
    assert "CN=next.acme.example" in page
    assert "https://idp.acme.example/sso" in page


@pytest.mark.parametrize(
    ("certificates", "message"),
    [
        ("not a certificate", "not a certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "not a certificate"),
        (make_certificate(expires_in_days=-1), "expired on"),
        (make_certificate(bits=1024), "1024 bits"),
    ],
    ids=["text", "damaged", "expired", "short key"],
)
def test_unusable_certificate_is_named_beside_its_field(
    acme: AcmeSettings, saml_connection: Connection, certificates: str, message: str
) -> None:
    response = acme.post("draft", saml_connection.uid, **saml_fields(certificates=certificates))
    assert response.status_code == 200
    (error,) = response.context["form"].errors["certificates"]
    assert message in error
    assert not saml_connection.revisions.exists()


@pytest.mark.parametrize(
    "url", ["idp.acme.example/sso", "ftp://idp.acme.example", "http://idp.acme.example/"]
)
def test_sso_url_must_be_https(acme: AcmeSettings, saml_connection: Connection, url: str) -> None:
    response = acme.post("draft", saml_connection.uid, **saml_fields(sso_url=url))
    assert response.context["form"].errors["sso_url"] == ["Enter a full address that starts with https://."]


def test_signing_requests_makes_one_key_pair(acme: AcmeSettings, saml_connection: Connection) -> None:
    configuration = SAMLConfiguration(
        issuer="i", sso_url="https://i/", certificates=[make_certificate()], sign_requests=True
    )
    for _ in range(2):
        connections.save_draft(
            connection=saml_connection, configuration=configuration, actor=acme.admin, now=timezone.now()
        )
    assert KeyPair.objects.filter(connection=saml_connection).count() == 1
    assert "PRIVATE KEY" not in acme.page("connection", saml_connection.uid)


@pytest.mark.django_db(transaction=True)
def test_of_two_drafts_saved_at_once_both_are_kept_and_one_is_the_draft() -> None:
    org = make_org("acme")
    admins = [make_member(org, make_user()).user for _ in range(4)]
    connection = make_connection(org, status=Revision.Status.DRAFT, client_secret=SECRET)

    def save_and_close(admin: User) -> int:
        try:
            return save(Connection.objects.get(pk=connection.pk), admin).number
        finally:
            database.close()

    with ThreadPoolExecutor(len(admins)) as pool:
        numbers = sorted(pool.map(save_and_close, admins))
    assert numbers == [2, 3, 4, 5]
    assert draft_of(connection).number == 5
