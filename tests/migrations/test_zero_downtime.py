"""Migrations go on beside the release before: expand, migrate, contract (docs/adr/0011).

What is asked is the SQL that PostgreSQL would be given, by django-migration-linter.
"""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django_migration_linter import MigrationLinter
from pytest_django import Settings

OURS = ("accounts", "jobs", "orgs", "sso")
# What blocks a large table or can't be taken back counts as much as what breaks the release before.
STRICTER = ("CREATE_INDEX", "CREATE_INDEX_EXCLUSIVE", "DROP_INDEX", "REINDEX", "RUNPYTHON_REVERSIBLE")

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql",
        reason="SQLite makes tables anew, and says so in other words",
    ),
]


def linter(*apps: str, name: str = "") -> MigrationLinter:
    made = MigrationLinter(
        include_apps=apps,
        include_name=[name] if name else None,
        ignore_initial_migrations=True,  # nothing runs on the tables that they make
        no_cache=True,
        no_output=True,
        warnings_as_errors_tests=STRICTER,
    )
    made.lint_all_migrations()
    return made


def test_no_migration_of_ours_breaks_a_running_portal(capsys: pytest.CaptureFixture[str]) -> None:
    found = linter(*OURS)
    assert found.nb_total >= len(OURS)
    assert not found.has_errors, capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    ["0002_drop_column", "0003_rename_column", "0004_required_column", "0005_index", "0006_one_way"],
)
def test_what_would_break_one_is_refused(settings: Settings, name: str) -> None:
    assert connection.vendor == "postgresql"
    others = {config.label for config in apps.get_app_configs()} - {"accounts", "contenttypes", "auth"}
    settings.MIGRATION_MODULES = {"accounts": "tests.migrations.unsafe"} | dict.fromkeys(others, None)
    found = linter("accounts", name=name)
    assert found.nb_erroneous == 1
