"""How often logins may be started, answered and finished: by address, by account and by connection.

The numbers must never meet an honest office behind one address. Think of 500 people who arrive at nine o'clock, all
within one minute, with three organisations each: 1,500 starts, as many answers, as many last steps. That is what an
address is allowed in a minute; a client that floods is held to 25 a second of each, which a process can serve.

- By *account*, 30 a minute: a person whose twenty organisations all renew at once, and some retries. Every start
  writes a row and may wait for an IdP, so one account alone must not be worth a flood.
- By *connection*, 3,000 answers a minute: an organisation of tens of thousands on a Monday. It bounds what is spent
  on one connection's answers when they come from everywhere; other organisations have counts of their own.
- By *organisation*, 100 starts in five seconds and six at the same time: what an organisation of ten thousand needs
  on a Monday, and no more of a process than leaves the others theirs. Whoever is one too many comes back within
  seconds, each at another time.
- *Failed* answers by address and connection, 100 a minute: verifying a hostile document costs most, and honest
  answers fail one by one. Where an IdP is set up wrongly a whole office fails, and 429 takes nothing from it.
- *Logouts* that an IdP sends come from its own few addresses, for everybody: 3,000 a minute from one of them and for
  one connection, which is an organisation that signs everybody out at once. Failed ones as failed answers.
- *Recovery* tries are counted in the database (`sso.recovery`, 5 in 15 minutes an admin); by address only so that
  trying costs nothing.
"""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from hubsso.throttle import (
    CODE,
    Exceeded,
    Limit,
    count,
    counted_address,
    few_at_once,
    is_used_up,
    too_many_requests,
)
from sso.errors import TooManyRequests
from sso.models import Connection
from sso.refusals import record_refusal

logger = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

START_BY_ADDRESS = Limit("sso.start.address", 1500)
START_BY_ACCOUNT = Limit("sso.start.account", 30)
START_BY_ORG = Limit("sso.start.org", 100, seconds=5, spread_seconds=15)
START_AT_ONCE = Limit("sso.start.at_once", 6, spread_seconds=15)
JOIN_BY_ADDRESS = Limit("sso.join.address", 1500)
JOIN_BY_ACCOUNT = Limit("sso.join.account", 30)
TEST_BY_ADDRESS = Limit("sso.test.address", 300)
TEST_BY_ACCOUNT = Limit("sso.test.account", 30)
RECOVERY_BY_ADDRESS = Limit("sso.recovery.address", 60)
RECOVERY_BY_ACCOUNT = Limit("sso.recovery.account", 30)
ANSWER_BY_ADDRESS = Limit("sso.answer.address", 1500)
ANSWER_BY_CONNECTION = Limit("sso.answer.connection", 3000)
FAILED_ANSWER = Limit("sso.answer.failed", 100)
FINISH_BY_ADDRESS = Limit("sso.finish.address", 1500)
INITIATE_BY_ADDRESS = Limit("sso.initiate.address", 1500)
LOGOUT_BY_ADDRESS = Limit("sso.logout.address", 3000)
LOGOUT_BY_CONNECTION = Limit("sso.logout.connection", 3000)
FAILED_LOGOUT = Limit("sso.logout.failed", 100)
METADATA_BY_ADDRESS = Limit("sso.metadata.address", 600)
# A connection's admins read at most this often that answers were turned away.
_NOTE = Limit("sso.throttled.note", 1, seconds=600)


def throttled(
    *,
    by_address: Limit,
    by_account: Limit | None = None,
    by_connection: Limit | None = None,
    by_org: Limit | None = None,
    at_once: Limit | None = None,
    failed: Limit | None = None,
) -> Callable[[View], View]:
    """Answer 429 instead of the view where one of the limits is used up. The outermost decorator of a view.

    `by_connection` and `failed` are for views that take a `connection_uid`; `failed` counts answers of status 400
    and above. `by_org` and `at_once` are for views that take an `org_slug`. Nothing of the request's body is read
    and no database is asked before a limit has said yes.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            now, address = timezone.now(), counted_address(request)
            uid, slug = kwargs.get("connection_uid"), kwargs.get("org_slug")
            exceeded = count(by_address, address, now=now)
            if exceeded is None and failed is not None:
                exceeded = is_used_up(failed, f"{address}/{uid}", now=now)
            for limit, subject in ((by_connection, uid), (by_org, slug)):
                if exceeded is None and limit is not None:
                    exceeded = count(limit, subject, now=now)
            if exceeded is not None:
                return _refuse(request, exceeded, address=address, connection_uid=uid)
            with few_at_once(at_once, slug, now=now) if at_once else nullcontext() as crowded:
                exceeded = crowded
                if crowded is None and by_account is not None and request.user.is_authenticated:
                    exceeded = count(by_account, request.user.pk, now=now)
                if exceeded is not None:
                    return _refuse(request, exceeded, address=address, connection_uid=uid)
                response = view(request, *args, **kwargs)
            if failed is not None and response.status_code >= HTTPStatus.BAD_REQUEST:
                count(failed, f"{address}/{uid}", now=now)
            return response

        wrapper.throttled_by = by_address.name  # type: ignore[attr-defined]  # the mark that tests look for
        return cast("View", wrapper)

    return decorate


def _refuse(
    request: HttpRequest, exceeded: Exceeded, *, address: str, connection_uid: UUID | None
) -> HttpResponseBase:
    if exceeded.is_first:
        logger.warning(
            "sso.throttled", extra={"code": CODE, "limit": exceeded.limit.name, "address": address}
        )
        if connection_uid is not None:
            _note(exceeded, connection_uid)
    return too_many_requests(request, retry_after_seconds=exceeded.retry_after_seconds)


def _note(exceeded: Exceeded, connection_uid: UUID) -> None:
    """Tell the connection's admins, once in ten minutes however many are turned away."""
    now = timezone.now()
    if count(_NOTE, connection_uid, now=now):
        return
    connection = Connection.objects.select_related("org").filter(uid=connection_uid).first()
    if connection is not None:
        error = TooManyRequests(
            f"More than {exceeded.limit.allowed} requests came within {exceeded.limit.seconds} seconds "
            "(from one network address, or for this connection). The rest was turned away unread.",
            limit=exceeded.limit.name,
        )
        record_refusal(error, connection=connection, attempt=None, now=now)
