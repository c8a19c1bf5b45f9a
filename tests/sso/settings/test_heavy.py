"""Files and dry runs are made a few at once: of an organisation, and of a process whoever asks."""

from contextlib import ExitStack
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.utils import timezone

from hubsso.heavy import BY_ORG, BY_PROCESS, one_of_few
from hubsso.throttle import few_at_once
from sso.models import Connection
from tests.builders import make_connection
from tests.sso.settings.conftest import AcmeSettings
from tests.sso.settings.mapping_pages import fields_of, rows

MAPPING = {"is_enabled": "on", "attribute": "groups", **rows({"value": "boss", "role": "admin"})}


@pytest.fixture
def connection(acme: AcmeSettings) -> Connection:
    return make_connection(acme.org)


@pytest.mark.parametrize("busy", ["files", "process"])
def test_one_too_many_is_told_to_come_back(acme: AcmeSettings, connection: Connection, busy: str) -> None:
    with ExitStack() as held:
        if busy == "files":
            begun: list[Any] = [acme.get("unlinked_csv") for _ in range(BY_ORG.amount)]
            assert {response.status_code for response in begun} == {200}
        else:
            for _ in range(BY_PROCESS.amount):
                assert held.enter_context(few_at_once(BY_PROCESS, "", now=timezone.now())) is None
        for refused in (
            acme.get("unlinked_csv"),
            acme.post("mapping", connection.uid, **MAPPING),
            acme.post("group_mapping", connection.uid, is_enabled="", attribute="", **rows()),
            acme.client.post(f"/orgs/{acme.org.slug}/settings/audit/export/", {"format": "csv"}),
        ):
            assert refused.status_code == 429
            assert 1 <= int(refused["Retry-After"]) <= 16
        assert acme.get("mapping", connection.uid).status_code == 200  # the form itself is cheap
        if busy == "files":
            assert begun[0].getvalue()  # sent
    assert acme.post("mapping", connection.uid, **MAPPING).status_code == 200


def test_a_place_is_free_again_after_an_error_and_after_what_is_not_streamed(rf: RequestFactory) -> None:
    def fails() -> HttpResponse:
        raise LookupError

    for _ in range(BY_PROCESS.amount + 1):
        with pytest.raises(LookupError):
            one_of_few(rf.get("/"), 1, fails)
        assert one_of_few(rf.get("/"), 1, HttpResponse).status_code == 200
        assert one_of_few(rf.head("/"), 1, lambda: StreamingHttpResponse(["x"])).status_code == 200


def test_numbers_of_one_preview_are_not_taken_for_another(acme: AcmeSettings, connection: Connection) -> None:
    preview = acme.post("mapping", connection.uid, **MAPPING)
    carried = {"summary": preview.context["carried"], "after": str(acme.olivia.pk)}
    later = acme.post("mapping", connection.uid, **fields_of(preview), **carried)
    assert not later.context["is_first_page"]
    others = {"is_enabled": "on", "attribute": "groups", **rows({"value": "other", "role": "admin"})}
    assert acme.post("mapping", connection.uid, **others, **carried).context["is_first_page"]
    other = make_connection(acme.org)
    assert acme.post("mapping", other.uid, **MAPPING, **carried).context["is_first_page"]
