"""The faults, each a function that injects it, measures, and puts everything right again."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests
from django.db import connections

from sso.models import SSOSession
from tests.cluster.topology import Cluster
from tests.demo_idp.faults import OIDCFault
from tests.faults.load import Load
from tests.faults.stage import Member, Refused, Stage, until

RECOVERS_WITHIN_SECONDS = 60
IDP_ANSWER_SECONDS = 6.0
LOGIN_EVERY_SECONDS = 3.0  # an account may begin 30 a minute
PROXY_TRIES_AGAIN_AFTER_SECONDS = 1.2  # nginx: fail_timeout


@dataclass(slots=True)
class Row:
    """Of one fault. `lost`, `wrong` and `others_hurt` must be 0; `survived` says how many of `tried` came right."""

    fault: str
    must_hold: str
    tried: int = 0
    survived: int = 0
    lost: int = 0
    wrong: int = 0
    others_hurt: int = 0
    recovery_seconds: float = 0.0
    note: str = ""

    @property
    def holds(self) -> bool:
        return self.tried == self.survived and not (self.lost or self.wrong or self.others_hurt)


Fault = Callable[[Cluster, Stage], Row]


def idp_down(cluster: Cluster, stage: Stage) -> Row:
    row = Row(
        "IdP down",
        "members are told within 6 s, sessions live on, other organisations notice nothing",
    )
    place, idp = stage.alone("idp-down")
    inside, outside = place.members[0], stage.place_at(idp, "idp-down-too").members[0]
    assert inside.log_in()
    with Load(stage.places) as load:
        idp.stop()
        for _ in range(6):
            row.tried += 1
            row.survived += _is_told_soon(outside) and inside.sees_the_page()
    row.others_hurt, row.wrong = load.seen.failed, load.seen.wrong
    return row


def idp_hangs(cluster: Cluster, stage: Stage) -> Row:
    row = Row(
        "IdP hangs",
        "20 logins that hang at once cost other organisations nothing",
    )
    place, _ = stage.alone("idp-hangs")
    with Load(stage.places) as calm:
        time.sleep(8)
    place.tenant.always_fault(OIDCFault.HANG_DISCOVERY, OIDCFault.HANG_TOKEN)
    with Load(stage.places) as load, ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: _refused(place.members[n % len(place.members)]), range(20)))
    place.tenant.clear_faults()
    row.tried, row.survived = len(answers), sum(answers)
    row.others_hurt, row.wrong = load.seen.failed, load.seen.wrong
    factor = load.seen.p95_seconds() / max(calm.seen.p95_seconds(), 0.001)
    row.note = f"p95 of other organisations' pages {factor:.1f}x"
    row.recovery_seconds = until(
        place.members[0].log_in, seconds=RECOVERS_WITHIN_SECONDS, every_seconds=LOGIN_EVERY_SECONDS
    )
    return row


def idp_garbage(cluster: Cluster, stage: Stage) -> Row:
    row = Row("IdP answers rubbish", "a page that says so with a reference; no crash")
    faults = (
        OIDCFault.DISCOVERY_500,
        OIDCFault.DISCOVERY_HTML,
        OIDCFault.HUGE_JWKS,
        OIDCFault.TOKEN_500,
        OIDCFault.TOKEN_HTML,
    )
    with Load(stage.places) as load:
        for number, fault in enumerate(faults):
            place, _ = stage.alone(f"idp-rubbish-{number}")
            place.tenant.always_fault(fault)
            row.tried += 1
            row.survived += _is_refused_with_a_reference(place.members[0])
    row.others_hurt, row.wrong = load.seen.failed, load.seen.wrong
    return row


def database_killed_mid_login(cluster: Cluster, stage: Stage) -> Row:
    row = Row(
        "Database killed between redirect and callback",
        "one more try at most; what was acknowledged is there",
    )
    place = stage.places[0]
    for member in place.members:
        assert member.log_in()
        acknowledged = stage.open_sessions(member)
        answer = member.go_to_idp()
        with Load(stage.places[5:]) as load:
            began = time.monotonic()
            cluster.postgresql.kill()
            cluster.postgresql.start_again()
            _forget_connections()
            row.tried += 1
            until(lambda m=member: _is_up(m), seconds=RECOVERS_WITHIN_SECONDS)  # type: ignore[misc]
            row.recovery_seconds = max(row.recovery_seconds, time.monotonic() - began)
            row.survived += _comes_in(member, answer)
        row.lost += max(0, acknowledged - stage.open_sessions(member))
        row.wrong += load.seen.wrong
    return row


def database_killed_during_the_callback(cluster: Cluster, stage: Stage) -> Row:
    row = Row(
        "Database killed during the callback's write",
        "all of the login or nothing; then one more try lets in",
    )
    for place in stage.places[1:4]:
        member = place.members[1]
        answer = member.go_to_idp()
        row.tried += 1
        delivered = threading.Thread(target=_quietly, args=(member, answer))
        delivered.start()
        time.sleep(stage.random.uniform(0.0, 0.06))
        began = time.monotonic()
        cluster.postgresql.kill()
        delivered.join()
        cluster.postgresql.start_again()
        _forget_connections()
        until(lambda m=member: _is_up(m), seconds=RECOVERS_WITHIN_SECONDS)  # type: ignore[misc]
        row.recovery_seconds = max(row.recovery_seconds, time.monotonic() - began)
        row.survived += _is_whole(member) and (member.sees_the_page() or member.log_in())
    return row


def database_read_only(cluster: Cluster, stage: Stage) -> Row:
    row = Row(
        "Database takes no writes",
        "nobody new comes in, servers say that they are not ready, all is well after",
    )
    place = stage.places[4]
    inside, outside, stranger = place.members[0], place.members[1], place.stranger
    assert inside.log_in()
    cluster.postgresql.query("ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf();")
    until(lambda: not _is_ready(cluster), seconds=RECOVERS_WITHIN_SECONDS)
    for _ in range(3):
        row.tried += 1
        came_in = _quietly(outside, outside.page_path) or _comes_in_anyhow(outside)
        row.wrong += came_in + _quietly(stranger, stranger.page_path)
        row.survived += not came_in
    began = time.monotonic()
    cluster.postgresql.query(
        "SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only; "
        "SELECT pg_reload_conf();"
    )
    until(lambda: _is_ready(cluster), seconds=RECOVERS_WITHIN_SECONDS)
    until(outside.log_in, seconds=RECOVERS_WITHIN_SECONDS, every_seconds=LOGIN_EVERY_SECONDS)
    row.recovery_seconds = time.monotonic() - began
    row.lost += not inside.sees_the_page()
    return row


def redis_gone_and_back(cluster: Cluster, stage: Stage) -> Row:
    row = Row("Valkey stopped, and started again empty", "logins and pages go on as if nothing were")
    with Load(stage.places) as load:
        time.sleep(2)
        cluster.valkey.stop()
        time.sleep(8)
        cluster.valkey.start()
        time.sleep(4)
    row.tried = sum(load.seen.pages.values()) + sum(load.seen.logins.values())
    row.survived, row.wrong = row.tried - load.seen.failed, load.seen.wrong
    return row


def node_killed_mid_login(cluster: Cluster, stage: Stage) -> Row:
    row = Row("Server killed in the middle of a login, 20 times", "the other server completes it")
    for number in range(20):
        place = stage.places[number % len(stage.places)]
        member = place.members[number % 2]
        node = cluster.nodes[number % 2]
        answer = member.go_to_idp()
        row.tried += 1
        node.kill()
        row.survived += _comes_in(member, answer)
        row.lost += not _is_whole(member)
        began = time.monotonic()
        node.start()
        row.recovery_seconds = max(row.recovery_seconds, time.monotonic() - began)
        time.sleep(PROXY_TRIES_AGAIN_AFTER_SECONDS)
    return row


def rolling_restart(cluster: Cluster, stage: Stage) -> Row:
    row = Row(
        "Servers replaced one after the other", "no request fails but for one more try; drained within 30 s"
    )
    with Load(stage.places) as load:
        time.sleep(1)
        for node in cluster.nodes:
            began = time.monotonic()
            node.drain()
            row.recovery_seconds = max(row.recovery_seconds, time.monotonic() - began)
            node.start()
            time.sleep(3)
    row.tried = sum(load.seen.pages.values()) + sum(load.seen.logins.values())
    row.survived, row.wrong = row.tried - load.seen.failed, load.seen.wrong
    return row


def delivered_many_times(cluster: Cluster, stage: Stage) -> Row:
    row = Row("One answer delivered 20 times at once", "exactly one has effect")
    for place in stage.places[6:11]:
        member = place.members[1]
        before = SSOSession.objects.filter(user=member.user).count()
        answer = member.go_to_idp()
        copies = [_copy(member) for _ in range(20)]
        with ThreadPoolExecutor(20) as pool:
            passed = list(pool.map(lambda copy, url=answer: copy.get(url).status_code == 302, copies))
        row.tried += 1
        row.survived += sum(passed) == 1
        row.wrong += max(0, SSOSession.objects.filter(user=member.user).count() - max(before, 1))
    return row


FAULTS: tuple[Fault, ...] = (
    idp_down,
    idp_hangs,
    idp_garbage,
    database_killed_mid_login,
    database_killed_during_the_callback,
    database_read_only,
    redis_gone_and_back,
    node_killed_mid_login,
    rolling_restart,
    delivered_many_times,
)


def _is_told_soon(member: Member) -> bool:
    began = time.monotonic()
    response = member.start()
    is_clear = response.status_code in (502, 503) and "identity provider" in response.text
    return is_clear and time.monotonic() - began < IDP_ANSWER_SECONDS


def _refused(member: Member) -> bool:
    """Told that it did not work, by a page and not by a crash. A copy: members are not for two threads."""
    response = _copy(member).start()
    return response.status_code in (429, 502, 503)


def _is_refused_with_a_reference(member: Member) -> bool:
    try:
        answer = member.go_to_idp()
    except Refused as refused:
        return refused.args[0] in (403, 502)
    response = member.get(answer)
    return response.status_code in (403, 502) and "Reference" in response.text


def _comes_in(member: Member, answer: str) -> bool:
    """By the answer that was on its way, or by one more login."""
    try:
        if member.get(answer).status_code == 302 and member.sees_the_page():
            return True
    except requests.RequestException:
        pass
    return member.log_in()


def _comes_in_anyhow(member: Member) -> bool:
    try:
        return member.log_in()
    except requests.RequestException:
        return False


def _quietly(member: Member, path: str) -> bool:
    """Ask, whatever happens. Was the private page shown?"""
    try:
        response = member.get(path)
    except requests.RequestException:
        return False
    return response.status_code == 200 and path == member.page_path and "private-text" in response.text


def _is_whole(member: Member) -> bool:
    """One identity and at most one session of this browser: no half login, nobody twice."""
    return (
        member.user.linked_identities.count() <= 1
        and SSOSession.objects.filter(user=member.user).values("browser_session").distinct().count()
        == SSOSession.objects.filter(user=member.user).count()
    )


def _is_up(member: Member) -> bool:
    try:
        return member.get("/readyz-by-page").status_code == 404
    except requests.RequestException:
        return False


def _is_ready(cluster: Cluster) -> bool:
    return all(
        requests.get(f"http://127.0.0.1:{node.port}/readyz", timeout=10).status_code == 200
        for node in cluster.nodes
    )


def _copy(member: Member) -> Member:
    copy = Member(member.user, member.org_slug, member.portal_url, member.page_path)
    copy.http.trust_env = False
    copy.http.cookies.update(member.http.cookies)
    return copy


def _forget_connections() -> None:
    """Those of this process, which the kill has broken."""
    connections.close_all()
