"""The test run's own ground: which database, in which place."""

import os
import threading

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User


def test_run_uses_test_settings_in_a_private_folder() -> None:
    assert os.environ["HUBSSO_ENV"] == "test"
    assert str(settings.DATA_DIR) == os.environ["HUBSSO_DATA_DIR"]
    assert settings.DATA_DIR.is_dir()


@pytest.mark.django_db
def test_run_uses_the_database_that_was_asked_for() -> None:
    expected = "postgresql" if os.environ.get("HUBSSO_TEST_DATABASE") == "postgresql" else "sqlite"
    assert connection.vendor == expected


@pytest.mark.django_db(transaction=True)
def test_threads_see_what_another_thread_committed() -> None:
    seen: list[bool] = []
    User.objects.create(email="olivia@acme.example")

    def look() -> None:
        seen.append(User.objects.filter(email="olivia@acme.example").exists())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [True]
