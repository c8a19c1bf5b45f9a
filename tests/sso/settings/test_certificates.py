"""The page of certificates and keys: what it says, and how an IdP's certificate is followed by the next."""

from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from sso.expiring.expiry import keys_of
from sso.models import AnnouncedCertificate, CertificateUse, Connection, MetadataCheck, Revision
from sso.saml import certificate_drafts
from sso.saml.certificate_drafts import add_certificates, drop_certificate
from sso.saml.certificates import read_pem
from sso.settings_errors import SettingsRefused
from sso.types import SSOProtocol
from tests.builders import live_revision, make_connection, make_org, make_revision
from tests.conftest import log_in
from tests.sso.settings.certificates import make_certificate
from tests.sso.settings.conftest import AcmeSettings, draft_of

OLD, NEXT = make_certificate(name="old"), make_certificate(name="next")
METADATA_URL = "https://idp.example.org/metadata"


@pytest.fixture
def connection(acme: AcmeSettings) -> Connection:
    return make_connection(
        acme.org,
        SSOProtocol.SAML,
        connection={"name": "Acme SAML"},
        certificates=[OLD],
        sso_url="https://idp.example.org/sso",
        force_authn=True,
        authn_context_classes=["urn:x"],
        metadata_url=METADATA_URL,
    )


def fingerprint(pem: str) -> str:
    return read_pem(pem).fingerprint_sha256


def slug_of(pem: str) -> str:
    return fingerprint(pem).replace(":", "").lower()


def pinned(revision: Revision) -> set[str]:
    return {read_pem(str(pem)).subject for pem in revision.certificates}


def announce(revision: Revision, pem: str) -> None:
    AnnouncedCertificate.objects.create(
        org_id=revision.org_id,
        revision=revision,
        pem=pem,
        fingerprint_sha256=fingerprint(pem),
        first_seen_at=timezone.now(),
    )


def add(acme: AcmeSettings, connection: Connection, **data: Any) -> Any:
    return acme.post("certificate_add", connection.uid, **data)


def test_the_next_certificate_is_added_in_a_draft_that_keeps_everything_else(
    acme: AcmeSettings, connection: Connection
) -> None:
    response = add(acme, connection, certificates=NEXT)
    assert response["Location"] == acme.url("connection_certificates", connection.uid)

    draft, live = draft_of(connection), live_revision(connection)
    assert pinned(draft) == {"CN=old", "CN=next"}
    assert pinned(live) == {"CN=old"}
    for name in ("issuer", "sso_url", "force_authn", "authn_context_classes", "metadata_url"):
        assert getattr(draft, name) == getattr(live, name)
    page = acme.page("connection_certificates", connection.uid)
    assert "Only in the draft" in page
    assert "Test this draft" in page
    assert acme.audit("org.settings.sso.draft")[-1]["revision"] == draft.number


@pytest.mark.parametrize("content", [NEXT.encode(), b64decode("".join(NEXT.splitlines()[1:-1]))])
def test_a_certificate_comes_as_a_file_in_either_form(
    acme: AcmeSettings, connection: Connection, content: bytes
) -> None:
    add(acme, connection, certificate_file=SimpleUploadedFile("next.cer", content))
    assert pinned(draft_of(connection)) == {"CN=old", "CN=next"}


def test_what_metadata_announced_stays_trusted_by_the_draft_and_what_expired_does_not(
    acme: AcmeSettings, connection: Connection
) -> None:
    announce(live_revision(connection), make_certificate(name="announced"))
    announce(live_revision(connection), make_certificate(name="expired", expires_in_days=-1))
    add(acme, connection, certificates=NEXT)
    assert pinned(draft_of(connection)) == {"CN=old", "CN=announced", "CN=next"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Paste the certificate, or choose a file."),
        ({"certificates": "hello"}, "This is not a certificate."),
        ({"certificates": make_certificate(bits=1024)}, "2048 are needed"),
        ({"certificates": make_certificate(expires_in_days=-1)}, "expired on"),
        ({"certificates": OLD}, "This certificate is here already."),
        ({"certificate_file": SimpleUploadedFile("x.cer", b"\xff" * 300)}, "This is not a certificate"),
    ],
)
def test_a_certificate_that_can_not_be_taken_is_named_beside_the_field(
    acme: AcmeSettings, connection: Connection, data: dict[str, Any], said: str
) -> None:
    response = add(acme, connection, **data)
    assert response.status_code == 200
    assert said in response.content.decode()
    assert not connection.revisions.filter(status=Revision.Status.DRAFT).exists()


def test_an_old_certificate_is_left_out_of_a_draft(acme: AcmeSettings, connection: Connection) -> None:
    announce(live_revision(connection), NEXT)
    CertificateUse.objects.create(
        connection=connection, fingerprint=fingerprint(OLD), last_used_at=timezone.now()
    )
    question = acme.page("certificate_remove", connection.uid, slug_of(OLD))
    assert "Your identity provider signs with it." in question
    assert "The metadata names it" in acme.page("certificate_remove", connection.uid, slug_of(NEXT))

    acme.post("certificate_remove", connection.uid, slug_of(OLD))
    assert pinned(draft_of(connection)) == {"CN=next"}
    assert pinned(live_revision(connection)) == {"CN=old"}
    assert "Not in the draft" in acme.page("connection_certificates", connection.uid)


def test_the_only_trusted_certificate_is_not_left_out(acme: AcmeSettings, connection: Connection) -> None:
    expired = make_certificate(name="expired", expires_in_days=-1)
    announce(live_revision(connection), expired)
    question = acme.page("certificate_remove", connection.uid, slug_of(OLD))
    assert acme.url("certificate_add", connection.uid) in question
    assert "Save a draft without it" not in question
    acme.post("certificate_remove", connection.uid, slug_of(OLD))
    assert "Add the next one first." in acme.page("connection_certificates", connection.uid)
    assert not connection.revisions.filter(status=Revision.Status.DRAFT).exists()

    acme.post("certificate_remove", connection.uid, slug_of(expired))
    assert pinned(draft_of(connection)) == {"CN=old"}


def test_a_certificate_of_live_that_the_draft_left_out_is_not_left_out_twice(
    acme: AcmeSettings, connection: Connection
) -> None:
    make_revision(connection, status=Revision.Status.DRAFT, certificates=[NEXT])
    acme.post("certificate_remove", connection.uid, slug_of(OLD))
    assert "not in the configuration any more" in acme.page("connection_certificates", connection.uid)


def test_pages_say_what_is_there_and_when_it_was_used(acme: AcmeSettings, connection: Connection) -> None:
    now = timezone.now()
    announce(live_revision(connection), make_certificate(name="soon", expires_in_days=5))
    CertificateUse.objects.create(
        connection=connection, fingerprint=fingerprint(OLD), last_used_at=now - timedelta(hours=3)
    )
    MetadataCheck.objects.create(
        org=acme.org,
        revision=live_revision(connection),
        checked_at=now,
        code="x",
        admin_detail="It was down.",
    )
    page = acme.page("connection_certificates", connection.uid)
    for said in (
        "CN=old",
        fingerprint(OLD),
        "It last verified a login 3 hours ago",
        "not seen at a login yet",
        "Expires in 4 days",
        "announced by metadata on",
        METADATA_URL,
        "It was down.",
    ):
        assert said in page.replace("\xa0", " "), said

    make_connection(acme.org, client_secret="s", connection={"name": "OIDC one"})
    overview = acme.page("certificates").replace("\xa0", " ")
    for said in (
        "Acme SAML",
        "CN=old",
        "3 hours ago",
        "Not seen at a login yet",
        "OIDC one",
        "Client secret",
    ):
        assert said in overview, said


def test_pages_without_anything_to_show_say_what_comes_next(acme: AcmeSettings) -> None:
    assert "Nothing to look after yet" in acme.page("certificates")
    saml = Connection.objects.create(org=acme.org, name="Empty", protocol=SSOProtocol.SAML)
    oidc = Connection.objects.create(org=acme.org, name="Emptier", protocol=SSOProtocol.OIDC)
    assert "No certificate yet" in acme.page("connection_certificates", saml.uid)
    assert "Nothing has been entered yet" in acme.page("connection_certificates", oidc.uid)
    assert "Nothing has been entered yet" in acme.page("certificates")
    assert (
        "Enter the identity provider&#x27;s values first."
        in add(acme, saml, certificates=NEXT).content.decode()
    )
    assert acme.get("certificate_add", oidc.uid).status_code == 404
    assert acme.get("certificate_remove", saml.uid, slug_of(OLD)).status_code == 404


def test_certificates_of_another_organisation_are_not_found(
    acme: AcmeSettings, connection: Connection
) -> None:
    other = make_connection(make_org(), SSOProtocol.SAML, certificates=[NEXT])
    for name, args in (
        ("connection_certificates", (other.uid,)),
        ("certificate_add", (other.uid,)),
        ("certificate_remove", (other.uid, slug_of(NEXT))),
        ("certificate_remove", (connection.uid, slug_of(NEXT))),
    ):
        assert acme.get(name, *args).status_code == 404
        assert acme.post(name, *args, certificates=OLD).status_code in (404, 405)
    assert acme.post("read_metadata", other.uid).status_code == 404
    assert "CN=next" not in acme.page("certificates")


def test_metadata_that_can_not_be_read_now_says_why(acme: AcmeSettings, connection: Connection) -> None:
    """No name of `.invalid` is ever found."""
    Revision.objects.update(metadata_url="https://idp.invalid/metadata")
    acme.post("read_metadata", connection.uid)
    check = MetadataCheck.objects.get()
    assert check.code
    assert check.admin_detail in acme.page("connection_certificates", connection.uid).replace("&#x27;", "'")

    Revision.objects.update(metadata_url="")
    acme.post("read_metadata", connection.uid)
    assert "no metadata address" in acme.page("connection_certificates", connection.uid)


def test_a_member_who_is_no_admin_sees_none_of_it(acme: AcmeSettings, connection: Connection) -> None:
    client = Client()
    log_in(client, acme.max.user)
    for name in ("certificates",):
        assert client.get(acme.url(name)).status_code == 403
    assert client.get(acme.url("connection_certificates", connection.uid)).status_code == 403
    (keys,) = keys_of([connection], now=timezone.now())
    assert len(keys.certificates) == 1


# --- Refusals, by their codes ---------------------------------------------------------------------------


def test_every_refusal_has_its_code(
    acme: AcmeSettings, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def adding(to: Connection, pem: str) -> str:
        with pytest.raises(SettingsRefused) as caught:
            add_certificates(
                connection=to, certificates=[read_pem(pem)], actor=acme.admin, now=timezone.now()
            )
        return caught.value.code

    def dropping(pem: str) -> str:
        with pytest.raises(SettingsRefused) as caught:
            drop_certificate(
                connection=connection, fingerprint=fingerprint(pem), actor=acme.admin, now=timezone.now()
            )
        return caught.value.code

    empty = Connection.objects.create(org=acme.org, name="Empty", protocol=SSOProtocol.SAML)
    assert adding(empty, NEXT) == "nothing_entered"
    assert adding(connection, OLD) == "certificate_known"
    assert dropping(NEXT) == "certificate_not_there"
    assert dropping(OLD) == "last_certificate"
    monkeypatch.setattr(certificate_drafts, "MAX_CERTIFICATES", 1)
    assert adding(connection, NEXT) == "too_many_certificates"
