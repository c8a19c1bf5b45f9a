"""Pages for requests that failed: they give nothing away and need nothing that may be broken."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client, RequestFactory

from hubsso import error_views
from tests.builders import make_user


def test_not_found_is_the_same_bytes_for_every_path_and_viewer(client: Client, db: None) -> None:
    somebody = Client()
    somebody.force_login(make_user())
    bodies = {
        client.get("/nothing/here/").content,
        client.get("/orgs/no-such-org/").content,
        somebody.get("/orgs/no-such-org/").content,
    }
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("view", "error", "status"),
    [
        (error_views.not_found, Http404("page secret-page"), 404),
        (error_views.forbidden, PermissionDenied("needs admin of acme"), 403),
        (error_views.bad_request, ValueError("secret"), 400),
    ],
)
def test_error_pages_do_not_say_why(view: object, error: Exception, status: int, rf: RequestFactory) -> None:
    assert callable(view)
    response = view(rf.get("/x/"), error)
    assert response.status_code == status
    assert str(error) not in response.text


def test_server_error_page_renders_without_a_database(rf: RequestFactory) -> None:
    response = error_views.server_error(rf.get("/"))  # no `db` fixture: a query would raise
    assert response.status_code == 500
    assert "Something broke on our side" in response.text


def test_expired_form_is_explained(db: None) -> None:
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {})
    assert response.status_code == 403
    assert "This form has expired" in response.text
