"""Dates, times and numbers are written as the reader's language writes them, by formats with a name."""

import re
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import translation
from django.utils.formats import date_format, number_format

ROOT = Path(__file__).resolve().parent.parent.parent
AT = datetime(2026, 11, 24, 18, 30, 5, tzinfo=UTC)
FOR_MACHINES = {"c", "T"}  # an element's attribute, and a zone's short name


def names_in(language: str) -> set[str]:
    module = import_module(f"{settings.FORMAT_MODULE_PATH}.{language}.formats")
    return {name for name in vars(module) if name.endswith("_FORMAT")}


def test_every_language_has_every_format() -> None:
    first, *others = (names_in(code) for code, _ in settings.LANGUAGES)
    assert all(names == first for names in others)


def test_nothing_is_written_by_a_format_of_its_own() -> None:
    used = set()
    for path in (ROOT / "templates").rglob("*.*"):
        used |= set(re.findall(r"""\|(?:date|time):["']([^"']+)""", path.read_text(encoding="utf-8")))
    for app in ("accounts", "hubsso", "orgs", "sso"):
        for path in (ROOT / app).rglob("*.py"):
            used |= set(
                re.findall(r"""date_format\(.*, ["']([^"']+)["']\)""", path.read_text(encoding="utf-8"))
            )
    assert len(used) > 5
    assert used - FOR_MACHINES <= names_in("en")


@pytest.mark.parametrize(
    ("name", "english", "french"),
    [
        ("DATE_FORMAT", "24 November 2026", "24 novembre 2026"),
        ("SHORT_DATE_FORMAT", "24 Nov 2026", "24 nov. 2026"),
        ("MONTH_DAY_FORMAT", "24 November", "24 novembre"),
        ("SHORT_MONTH_DAY_FORMAT", "24 Nov", "24 nov."),
        ("TIME_FORMAT", "18:30", "18:30"),
        ("DATETIME_FORMAT", "24 November 2026, 18:30", "24 novembre 2026 à 18:30"),
        ("DATETIME_ZONE_FORMAT", "24 November 2026, 18:30 UTC", "24 novembre 2026 à 18:30 UTC"),
        ("DATETIME_SECONDS_FORMAT", "24 November 2026, 18:30:05 UTC", "24 novembre 2026 à 18:30:05 UTC"),
        ("SHORT_DATETIME_FORMAT", "24 Nov 2026, 18:30", "24 nov. 2026, 18:30"),
        ("SHORT_DATETIME_ZONE_FORMAT", "24 Nov 2026, 18:30 UTC", "24 nov. 2026, 18:30 UTC"),
        ("SHORT_DATETIME_SECONDS_FORMAT", "24 Nov 2026, 18:30:05 UTC", "24 nov. 2026, 18:30:05 UTC"),
    ],
)
def test_dates(name: str, english: str, french: str) -> None:
    for language, expected in (("en", english), ("fr", french)):
        with translation.override(language):
            assert date_format(AT, name).replace("\N{NO-BREAK SPACE}", " ") == expected


def test_a_french_day_is_not_parted_from_its_month() -> None:
    with translation.override("fr"):
        assert date_format(AT, "SHORT_DATE_FORMAT").startswith("24\N{NO-BREAK SPACE}nov.")


def test_numbers() -> None:
    shown = {}
    for language in ("en", "fr"):
        with translation.override(language):
            shown[language] = [intcomma(1234567), number_format(0.5)]
    assert shown == {"en": ["1,234,567", "0.5"], "fr": ["1\u202f234\u202f567", "0,5"]}
