"""What strangers may post is capped by each view that takes it, below what the portal takes at all."""

import pytest
from django.test import Client

from hubsso.request_sizes import SMALL_BODY_BYTES
from tests.conftest import World
from tests.urls import all_routes

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x"])
def test_initiate_takes_a_small_form_only(client: Client, world: World, kind: str) -> None:
    path = f"/sso/{world.acme_idp.uid}/oidc/initiate/"
    assert client.post(path, b"x" * SMALL_BODY_BYTES, content_type=kind).status_code == 400
    assert client.post(path, b"x" * (SMALL_BODY_BYTES + 1), content_type=kind).status_code == 413


def test_every_view_that_takes_what_strangers_send_is_throttled() -> None:
    """Those that answer without the gate, but for what only a signed-in person reaches and nothing is asked for."""
    unthrottled = {
        route.name
        for route in all_routes()
        if route.exempt_reason is not None and not hasattr(route.view, "throttled_by")
    }
    assert unthrottled <= {
        "orgs:leave",
        "orgs:invitation",
        "sso:held_post",
        "sso:signed_out",
        "sso:after_logout",
    }
