"""A revision's metadata URL is read again: certificates come, none goes, and a login follows the IdP's change."""

from datetime import datetime
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from orgs.models import AuditEvent
from orgs.roles import Role
from sso.models import AnnouncedCertificate, MetadataCheck, Revision
from sso.saml import metadata_refresh
from sso.saml.certificates import trusted_certificates
from sso.types import SSOProtocol
from tests.builders import make_connection, make_member, make_org, make_user
from tests.sso.saml.conftest import GlobexLogin
from tests.sso.whole_login import change_revision


@pytest.fixture
def followed(globex: GlobexLogin) -> GlobexLogin:
    """Globex, set up by a metadata URL."""
    change_revision(globex, metadata_url=globex.tenant.saml_entity_id)
    return globex


def refresh(globex: GlobexLogin) -> MetadataCheck:
    check = metadata_refresh.refresh(globex.revision, now=timezone.now())
    assert check is not None
    return check


def test_an_announced_certificate_is_trusted_beside_the_old_one(
    followed: GlobexLogin, django_capture_on_commit_callbacks: Any
) -> None:
    make_member(followed.org, make_user("ada@globex.example"), role=Role.ADMIN)
    followed.tenant.rotate_saml_key()
    assert followed.sign_in().status_code == 403
    assert followed.refusals() == ["signature_invalid"]

    with django_capture_on_commit_callbacks(execute=True):
        assert refresh(followed).code == ""

    assert len(trusted_certificates(followed.revision, now=timezone.now())) == 2
    followed.sign_in()
    assert followed.can_read()
    event = AuditEvent.objects.get(event="org.settings.sso.certificate")
    assert event.data["fingerprint"] == AnnouncedCertificate.objects.get().fingerprint_sha256
    assert [message.to for message in mail.outbox] == [["ada@globex.example"]]
    assert event.data["fingerprint"] in mail.outbox[0].body


@pytest.mark.catalogue("SAML-37")
def test_a_certificate_that_metadata_no_longer_names_is_kept(followed: GlobexLogin) -> None:
    old_certificate = followed.tenant.saml_certificate_pem
    followed.tenant.rotate_saml_key(withdraw_old=True)
    refresh(followed)
    pems = [info.pem for info in trusted_certificates(followed.revision, now=timezone.now())]
    assert pems == [old_certificate, followed.tenant.saml_certificate_pem]


def test_reading_it_again_changes_nothing_more(followed: GlobexLogin) -> None:
    followed.tenant.rotate_saml_key()
    refresh(followed)
    refresh(followed)
    assert AnnouncedCertificate.objects.count() == 1
    assert AuditEvent.objects.filter(event="org.settings.sso.certificate").count() == 1


@pytest.mark.catalogue("SAML-37")
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"issuer": "https://other.example"}, "metadata_without_idp"),
        ({"metadata_url": "http://127.0.0.1:1/metadata"}, "metadata_unreachable"),
    ],
)
def test_what_can_not_be_read_is_noted_and_changes_nothing(
    followed: GlobexLogin, fields: dict[str, str], code: str
) -> None:
    before = followed.revision.certificates
    change_revision(followed, **fields)
    check = refresh(followed)
    assert (check.code, check.succeeded_at) == (code, None)
    assert check.admin_detail
    assert followed.revision.certificates == before
    assert not AnnouncedCertificate.objects.exists()


@pytest.mark.catalogue("SAML-37")
def test_certificates_beyond_the_number_that_is_taken_are_not_taken_in(followed: GlobexLogin) -> None:
    for _ in range(10):
        followed.tenant.rotate_saml_key()
    assert refresh(followed).code == "metadata_malformed"
    assert not AnnouncedCertificate.objects.exists()


def test_the_command_reads_those_in_use_that_have_an_address(
    followed: GlobexLogin, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("refresh_metadata")
    assert capsys.readouterr().out == f"{followed.connection.uid}: read\n"
    change_revision(followed, metadata_url="")
    call_command("refresh_metadata")
    assert capsys.readouterr().out == ""


def test_announced_certificates_of_a_revision_without_an_address_do_not_count(followed: GlobexLogin) -> None:
    followed.tenant.rotate_saml_key()
    refresh(followed)
    change_revision(followed, metadata_url="")
    assert len(trusted_certificates(followed.revision, now=timezone.now())) == 1


def test_a_revision_deleted_while_its_address_is_read_is_passed_over(followed: GlobexLogin) -> None:
    revision = followed.revision
    followed.connection.delete()
    assert metadata_refresh.refresh(revision, now=timezone.now()) is None


def test_one_organisations_document_keeps_no_other_from_being_read(
    followed: GlobexLogin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = make_connection(make_org(), SSOProtocol.SAML, metadata_url="https://hostile.example")
    Revision.objects.filter(connection=hostile).update(number=0)
    real = metadata_refresh.refresh

    def stumble(revision: Revision, *, now: datetime) -> MetadataCheck | None:
        if revision.connection_id == hostile.pk:
            raise RuntimeError("what nobody thought of")
        return real(revision, now=now)

    monkeypatch.setattr(metadata_refresh, "refresh", stumble)
    with pytest.raises(CommandError, match="1 could not be read"):
        call_command("refresh_metadata")
    assert f"{followed.connection.uid}: read" in capsys.readouterr().out
