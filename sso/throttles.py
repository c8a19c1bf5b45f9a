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
  seconds, each at another time. Only its signed-in members are counted: nobody else may use up what is theirs.
- *Failed* answers by address and connection, 100 a minute: verifying a hostile document costs most, and honest
  answers fail one by one. Where an IdP is set up wrongly a whole office fails, and 429 takes nothing from it.
  A page elsewhere can make one browser of an office send any number of answers; those that name no attempt of that
  browser's cost a query and are counted by address alone, or the page would shut its whole office out, and two
  strangers everybody else of the connection (`uncounted`).
- *Logouts* that an IdP's server sends come from its own few addresses, for everybody: 3,000 a minute from one of them
  and for one connection, which is an organisation that signs everybody out at once. Failed ones as failed answers.
  Those in a *frame* prove nothing and come from anybody: they have counts of their own, so that they use up nothing
  of the server's, and one that ended no session counts as failed, 300 a minute.
- *Why was I blocked?*, 60 a minute and account: a page that is read, and whose address holds what could be guessed.
- *Hand-over* links are opened by one person at a time, 120 a minute from an address; each check asks an IdP.
- What is said here of a connection's answers and logouts and of an organisation's starts is one process's: it is
  there to leave the process for others. The rest is what somebody may do, and is counted for all processes together
  where they share Redis (`hubsso.throttle`); the numbers are enough for an office also then.
- *Recovery* tries are counted in the database (`recovery`, 5 in 15 minutes an admin); by address only so that
  trying costs nothing.
"""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
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
from orgs.models import Membership
from sso.errors import TooManyRequests
from sso.models import Connection
from sso.refusals import record_refusal

logger = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
Response = TypeVar("Response", bound=HttpResponseBase)

START_BY_ADDRESS = Limit("sso.start.address", 1500)
START_BY_ACCOUNT = Limit("sso.start.account", 30)
START_BY_ORG = Limit("sso.start.org", 100, seconds=5, spread_seconds=15, of_process=True)
START_AT_ONCE = Limit("sso.start.at_once", 6, spread_seconds=15)
JOIN_BY_ADDRESS = Limit("sso.join.address", 1500)
JOIN_BY_ACCOUNT = Limit("sso.join.account", 30)
TEST_BY_ADDRESS = Limit("sso.test.address", 300)
TEST_BY_ACCOUNT = Limit("sso.test.account", 30)
WHY_BY_ADDRESS = Limit("sso.why.address", 300)
WHY_BY_ACCOUNT = Limit("sso.why.account", 60)
HAND_OVER_BY_ADDRESS = Limit("sso.hand_over.address", 120)
RECOVERY_BY_ADDRESS = Limit("sso.recovery.address", 60)
RECOVERY_BY_ACCOUNT = Limit("sso.recovery.account", 30)
ANSWER_BY_ADDRESS = Limit("sso.answer.address", 1500)
ANSWER_BY_ACCOUNT = Limit("sso.answer.account", 30)
ANSWER_BY_CONNECTION = Limit("sso.answer.connection", 3000, of_process=True)
FAILED_ANSWER = Limit("sso.answer.failed", 100)
FINISH_BY_ADDRESS = Limit("sso.finish.address", 1500)
FINISH_BY_ACCOUNT = Limit("sso.finish.account", 30)
INITIATE_BY_ADDRESS = Limit("sso.initiate.address", 1500)
LOGOUT_BY_ADDRESS = Limit("sso.logout.address", 3000)
LOGOUT_BY_CONNECTION = Limit("sso.logout.connection", 3000, of_process=True)
FAILED_LOGOUT = Limit("sso.logout.failed", 100)
FRAME_LOGOUT_BY_ADDRESS = Limit("sso.frame_logout.address", 3000)
FRAME_LOGOUT_BY_CONNECTION = Limit("sso.frame_logout.connection", 3000, of_process=True)
FAILED_FRAME_LOGOUT = Limit("sso.frame_logout.failed", 300)
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

    `by_connection` and `failed` are for views that take a `connection_uid`, and count no 405 and nothing that the
    view marks as `uncounted`; `failed` counts answers of status 400 and above, and `counted_as_failed`. `by_org` and
    `at_once` are for views that take an `org_slug`, and count its members. Nothing of the request's body is read, and
    the limits by address and connection have said yes before the database is asked who it is.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            now, address = timezone.now(), counted_address(request)
            uid, slug = kwargs.get("connection_uid"), kwargs.get("org_slug")
            by_whom = f"{address}/{uid}"  # for `failed`
            exceeded = (
                count(by_address, address, now=now)
                or _is_over(failed, by_whom, now)
                or _is_over(by_connection, uid, now)
                or _count_account(by_account, request, now)
            )
            is_member = exceeded is None and bool(by_org or at_once) and _is_member(request, slug)
            if is_member and by_org is not None:
                exceeded = count(by_org, slug, now=now)
            few = few_at_once(at_once, slug, now=now) if is_member and at_once else nullcontext()
            with few as crowded:
                if (one_too_many := exceeded or crowded) is not None:
                    return _refuse(request, one_too_many, address=address, connection_uid=uid)
                response = view(request, *args, **kwargs)
            if _is_counted(response):
                _count_answer(by_connection, uid, now)
                _count_answer(failed if _has_failed(response) else None, by_whom, now)
            return response

        wrapper.throttled_by = by_address.name  # type: ignore[attr-defined]  # the mark that tests look for
        return cast("View", wrapper)

    return decorate


def _is_over(limit: Limit | None, subject: object, now: datetime) -> Exceeded | None:
    """Of limits that are counted when the answer is known. Counts only what is one too many."""
    if limit is None or not is_used_up(limit, subject, now=now):
        return None
    return count(limit, subject, now=now)


def _count_account(limit: Limit | None, request: HttpRequest, now: datetime) -> Exceeded | None:
    if limit is None or not request.user.is_authenticated:
        return None
    return count(limit, request.user.pk, now=now)


def _count_answer(limit: Limit | None, subject: object, now: datetime) -> None:
    if limit is not None:
        count(limit, subject, now=now)


def counted_as_failed(response: Response) -> Response:
    """Mark an answer that looks well but came to nothing."""
    response.is_failure = True  # type: ignore[attr-defined]
    return response


def uncounted(response: Response) -> Response:
    """Mark a refusal that cost next to nothing, and that anybody's page could have made this browser fetch."""
    response.is_uncounted = True  # type: ignore[attr-defined]
    return response


def _is_counted(response: HttpResponseBase) -> bool:
    """What is refused for its method was not looked at: an image's address is enough for a GET of any view."""
    is_refused_unread = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    return not (is_refused_unread or getattr(response, "is_uncounted", False))


def _has_failed(response: HttpResponseBase) -> bool:
    return response.status_code >= HTTPStatus.BAD_REQUEST or getattr(response, "is_failure", False)


def _is_member(request: HttpRequest, org_slug: str | None) -> bool:
    """Is it a signed-in member who asks? Whoever is not is turned away by the view, at little cost."""
    return (
        request.user.is_authenticated
        and Membership.objects.filter(org__slug=org_slug, user_id=request.user.pk).exists()
    )


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
