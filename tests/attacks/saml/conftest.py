"""Globex as a target."""

import pytest
from django.test import Client

from tests.attacks.saml.target import Target, make_target


@pytest.fixture
def target(db: None, client: Client) -> Target:
    return make_target(client)
