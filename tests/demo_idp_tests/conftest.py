"""A running demo IdP."""

from collections.abc import Iterator

import pytest

from tests.demo_idp import (
    DemoIdP,
    Tenant,
    TenantConfig,
)
from tests.demo_idp_tests.support import ACME


@pytest.fixture
def idp() -> Iterator[DemoIdP]:
    with DemoIdP([ACME, TenantConfig(slug="globex", protocols=("saml",))]) as server:
        yield server


@pytest.fixture
def acme(idp: DemoIdP) -> Tenant:
    return idp.tenant("acme")
