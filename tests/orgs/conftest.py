"""An organisation without SSO, and its admin."""

import pytest
from django.test import Client

from orgs.models import Membership, Organization
from orgs.roles import Role
from tests.builders import make_member, make_org, make_user
from tests.conftest import log_in


@pytest.fixture
def hooli() -> Organization:
    """An organisation without SSO."""
    return make_org("hooli", name="Hooli")


@pytest.fixture
def admin(client: Client, hooli: Organization) -> Membership:
    """Gus, admin of Hooli, signed in."""
    membership = make_member(hooli, make_user("gus@hooli.example", name="Gus"), role=Role.ADMIN)
    log_in(client, membership.user)
    return membership
