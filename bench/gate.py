"""What the gate costs: `python -m bench.gate`. A member's pages with it, and without it, by turns, on PostgreSQL.

Without it a middleware looks the organisation and the membership up as any site would, and decides nothing. Both are
asked of Django in this process; CPU is this process's, the time by the clock has PostgreSQL's in it as well.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.common import cpu_seconds_of, rounds_of, start_portal, table

CALLS, ROUNDS = 20, 15
MAX_CPU, MAX_CPU_OF_THE_LIGHTEST = 1.0, 1.15
PAGES = {
    "the organisation's page": ("/orgs/acme/", {}),
    "a page of text": ("/orgs/acme/r/handbook/", {}),
    "the lightest: one page as JSON": ("/orgs/acme/r/handbook/", {"accept": "application/json"}),
}
GATE = "sso.middleware.SSOGateMiddleware"


class PlainMiddleware:
    """What a site without single sign-on does instead: two look-ups, and one for the header's menu."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        from django.utils.functional import SimpleLazyObject

        from sso.viewer import PortalView

        request.viewer = SimpleLazyObject(lambda: viewer_of(request.user))
        request.portal_view = SimpleLazyObject(lambda: PortalView(viewer=request.viewer, waiting=()))
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        from django.shortcuts import get_object_or_404

        from orgs.access import OrgAccess
        from orgs.models import Membership, Organization

        if "org_slug" in kwargs:
            org = get_object_or_404(Organization, slug=kwargs["org_slug"])
            row = Membership.objects.filter(org=org, user=request.user.pk).first()
            member = member_of(row, org) if row is not None else None
            request.access = OrgAccess(org=org, user_id=request.user.pk, member=member)


def member_of(row: Any, org: Any) -> Any:
    from orgs.access import MemberOf
    from orgs.roles import Role

    return MemberOf(
        org_id=org.pk, membership_id=row.pk, role=Role(row.role), org_slug=org.slug, org_name=org.name
    )


def viewer_of(user: Any) -> Any:
    from orgs.access import Viewer
    from orgs.models import Membership

    rows = Membership.objects.filter(user=user.pk).select_related("org").order_by("org__name")
    return Viewer(user_id=user.pk, memberships=tuple(member_of(row, row.org) for row in rows))


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="hubsso-bench-") as folder:
        start_portal(Path(folder), "postgresql")
        gated, plain = make_browsers()
        return measure(gated, plain)


def make_browsers() -> tuple[Any, Any]:
    """Max's, at an organisation that enforces SSO and at three others, with the gate and without."""
    from django.conf import settings
    from django.test import Client, override_settings

    from sso.types import Enforcement
    from tests.builders import make_connection, make_member, make_org, make_page, make_user, set_policy
    from tests.conftest import log_in_with_sso

    org = make_org("acme")
    set_policy(org, Enforcement.ENFORCED)
    make_connection(org)
    member = make_member(org, make_user("max@acme.example"))
    for number in range(20):
        make_page(org, "Handbook" if number == 0 else f"Page {number}", body="Some words. " * 40)
    for number in range(3):
        make_member(make_org(f"other-{number}"), member.user)
    gated, plain = Client(), Client()
    log_in_with_sso(gated, member)
    gated.get("/orgs/acme/")
    plain.cookies = gated.cookies
    others = ["bench.gate.PlainMiddleware" if name == GATE else name for name in settings.MIDDLEWARE]
    with override_settings(MIDDLEWARE=others):
        plain.get("/orgs/acme/")  # a client loads its middleware with its first request
    return gated, plain


def measure(gated: Any, plain: Any) -> int:
    rows, is_missed = [], False
    for name, (path, headers) in PAGES.items():
        cases = {
            "plain": lambda path=path, headers=headers: look(plain, path, headers),
            "gated": lambda path=path, headers=headers: look(gated, path, headers),
        }
        cpu = rounds_of(
            {key: lambda case=case: cpu_seconds_of(case, CALLS) for key, case in cases.items()}, rounds=ROUNDS
        )
        wall = rounds_of(
            {key: lambda case=case: seconds_of(case, CALLS) for key, case in cases.items()}, rounds=ROUNDS
        )
        queries = {key: queries_of(case) for key, case in cases.items()}
        rows.append(
            (
                name,
                f"{cpu['plain'].milliseconds:.1f} → {cpu['gated'].milliseconds:.1f}",
                f"{cpu['gated'].ratio:.2f}",
                f"{wall['plain'].milliseconds:.1f} → {wall['gated'].milliseconds:.1f}",
                f"{wall['gated'].ratio:.2f}",
                f"{queries['plain']} → {queries['gated']}",
            )
        )
        allowed = MAX_CPU_OF_THE_LIGHTEST if "lightest" in name else MAX_CPU
        is_missed = is_missed or cpu["gated"].ratio > allowed
    print(table(("without → with the gate", "CPU, ms", "ratio", "clock, ms", "ratio", "queries"), rows))
    return int(is_missed)


def look(browser: Any, path: str, headers: dict[str, str]) -> None:
    answer = browser.get(path, headers=headers)
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")


def seconds_of(case: Callable[[], None], calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        case()
    return (time.perf_counter() - began) / calls


def queries_of(case: Callable[[], None]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        case()
    return len(captured)


if __name__ == "__main__":
    sys.exit(main())
