"""Logins through the portal itself, whatever the protocol: what one costs, and what it asks the database."""

from collections.abc import Callable
from typing import Any

from bench.peers.site import cpu_seconds


class OurLogins:
    """A protocol's bench says how a login is prepared: all but the callback, which is what is measured."""

    def prepared(self) -> Callable[[], Any]:
        """A browser that the IdP has just sent back, with an attempt of its own."""
        raise NotImplementedError

    def seconds(self, calls: int) -> float:
        """CPU seconds of one. Ends the bench where one is refused."""
        spent = 0.0
        for _ in range(calls):
            login = self.prepared()
            began = cpu_seconds()
            answer = login()
            spent += cpu_seconds() - began
            if answer.status_code != 302 or "/sso/" in answer["Location"]:
                raise SystemExit(f"Our login answered {answer.status_code}: {last_refusal()}")
        return spent / calls

    def queries(self) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        login = self.prepared()
        with CaptureQueriesContext(connection) as captured:
            login()
        return len(captured)


def last_refusal() -> str:
    from sso.models import RefusalTrace

    trace = RefusalTrace.objects.last()
    return f"{trace.code}: {trace.admin_detail}" if trace else "no refusal was recorded"
