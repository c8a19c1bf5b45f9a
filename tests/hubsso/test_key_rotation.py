"""Bringing secrets under a new key, and the command that does it."""

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from pytest_django import Settings

from hubsso import key_rotation
from hubsso.crypto import is_under_first_key
from sso.models import Revision
from tests.builders import live_revision, make_connection, make_org

COLUMN = "sso.Revision.client_secret_sealed"
OLD_KEY = Fernet.generate_key().decode()
NEW_KEY = Fernet.generate_key().decode()

pytestmark = pytest.mark.django_db


def make_revisions(count: int) -> list[Revision]:
    org = make_org()
    return [live_revision(make_connection(org, client_secret=f"s3cret-{number}")) for number in range(count)]


def rotate(*arguments: str) -> str:
    output = StringIO()
    call_command("rotate_keys", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def old_revisions(settings: Settings) -> list[Revision]:
    """Three revisions under the old key, in a portal that has been given a new one."""
    settings.ENCRYPTION_KEYS = [OLD_KEY]
    revisions = make_revisions(3)
    settings.ENCRYPTION_KEYS = [NEW_KEY, OLD_KEY]
    return revisions


def secrets_of(revisions: list[Revision]) -> list[str]:
    return [Revision.objects.get(pk=revision.pk).client_secret for revision in revisions]


def test_old_key_can_go_after_rotation(old_revisions: list[Revision], settings: Settings) -> None:
    assert f"{COLUMN}: 3 resealed, 0 current, 0 unreadable" in rotate()
    settings.ENCRYPTION_KEYS = [NEW_KEY]
    assert secrets_of(old_revisions) == ["s3cret-0", "s3cret-1", "s3cret-2"]


def test_every_place_has_its_line(old_revisions: list[Revision]) -> None:
    *lines, verdict = rotate().splitlines()
    assert verdict.startswith("Verified")
    assert [line.split(":")[0] for line in lines] == [place.label for place in key_rotation.secret_places()]
    assert "s3cret" not in "".join(lines)


def test_secret_that_comes_under_an_old_key_meanwhile_fails_the_command(
    old_revisions: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a process would write it that was not restarted."""
    monkeypatch.setattr(key_rotation.SecretColumn, "replace", lambda *args, **changed: None)
    with pytest.raises(CommandError, match="3 secrets are under an old key again"):
        rotate()


def test_second_run_finds_nothing_to_do(old_revisions: list[Revision]) -> None:
    rotate()
    assert f"{COLUMN}: 0 resealed, 3 current, 0 unreadable" in rotate()


def test_dry_run_counts_and_changes_nothing(old_revisions: list[Revision]) -> None:
    assert f"{COLUMN}: 3 to reseal, 0 current, 0 unreadable" in rotate("--dry-run")
    assert not any(is_under_first_key(row.client_secret_sealed) for row in Revision.objects.all())


def test_unreadable_secret_is_left_counted_and_fails_the_command(
    old_revisions: list[Revision], settings: Settings
) -> None:
    Revision.objects.filter(pk=old_revisions[0].pk).update(client_secret_sealed="of a lost key")
    output = StringIO()
    with pytest.raises(CommandError, match="1 secrets"):
        call_command("rotate_keys", stdout=output)
    assert f"{COLUMN}: 2 resealed, 0 current, 1 unreadable" in output.getvalue()
    assert Revision.objects.get(pk=old_revisions[0].pk).client_secret_sealed == "of a lost key"
    settings.ENCRYPTION_KEYS = [NEW_KEY]
    assert secrets_of(old_revisions[1:]) == ["s3cret-1", "s3cret-2"]


def test_absent_secrets_do_not_count(settings: Settings) -> None:
    make_connection(make_org(), client_secret="")
    assert f"{COLUMN}: 0 resealed, 0 current, 0 unreadable" in rotate()


def test_rotation_goes_on_from_batch_to_batch(
    old_revisions: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "BATCH_ROWS", 2)
    assert f"{COLUMN}: 3 resealed, 0 current, 0 unreadable" in rotate()
