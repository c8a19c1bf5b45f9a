"""What single sign-on counts for Prometheus: the gate's decisions, logins, and how IdPs answer.

Organisations are named by their id, and only so many: where there are more, the rest is counted together. Nothing
here names a person.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

from hubsso.net import EgressError
from hubsso.telemetry.metrics import LATENCY_BUCKETS_SECONDS
from sso.types import Decision

MAX_ORGS = 1000
OTHER_ORGS = "other"

GATE_DECISIONS = Counter("hubsso_gate_decisions", "Decisions of the gate.", ["outcome", "reason"])
LOGINS = Counter("hubsso_logins", "How logins ended.", ["org_id", "protocol", "purpose", "result"])
LOGOUTS_REFUSED = Counter("hubsso_logouts_refused", "Logouts of IdPs refused.", ["protocol", "code"])
IDP_SECONDS = Histogram(
    "hubsso_idp_request_seconds",
    "How long IdPs took to answer what we asked them.",
    ["asked_for", "result"],
    buckets=LATENCY_BUCKETS_SECONDS,
)
DOCUMENTS = Counter(
    "hubsso_idp_documents", "Documents of IdPs that were looked for in memory.", ["document", "result"]
)

_orgs: set[int] = set()
_lock = threading.Lock()


def count_decision(decision: Decision) -> None:
    GATE_DECISIONS.labels(decision.outcome.value, decision.reason.value).inc()


def count_login(*, org_id: int, protocol: str, purpose: str, result: str) -> None:
    """`result` is "ok", "abandoned", or the code of the refusal. `purpose` is empty where no attempt was found."""
    LOGINS.labels(_org_label(org_id), protocol, purpose or "unknown", result).inc()


def count_refused_logout(*, protocol: str, code: str) -> None:
    LOGOUTS_REFUSED.labels(protocol, code).inc()


def count_document(name: str, *, is_held: bool) -> None:
    DOCUMENTS.labels(name, "hit" if is_held else "miss").inc()


@contextmanager
def idp_request(asked_for: str) -> Iterator[None]:
    """Around one exchange with an IdP. The result is "answered", whatever its status, or the error's code."""
    began = time.perf_counter()
    result = "answered"
    try:
        yield
    except EgressError as error:
        result = error.code
        raise
    finally:
        IDP_SECONDS.labels(asked_for, result).observe(time.perf_counter() - began)


def _org_label(org_id: int) -> str:
    with _lock:
        if org_id not in _orgs and len(_orgs) >= MAX_ORGS:
            return OTHER_ORGS
        _orgs.add(org_id)
    return str(org_id)
