"""A party that hangs keeps a few threads and then none; nobody else notices."""

from contextlib import ExitStack

import pytest

from hubsso import net
from hubsso.net.errors import BadResponse, ConnectFailed, NotAsked, RedirectRefused, TimedOut
from hubsso.net.patience import (
    FAILURES_TO_OPEN,
    MAX_LOOKUPS,
    MAX_PARTIES,
    MAX_WAITING,
    MAX_WAITING_IN_ALL,
    OPEN_SECONDS,
    SLOW_SECONDS,
    Patience,
)
from hubsso.slow_bodies import MAX_READING
from tests.portal_process import shipped_command

URL = "https://idp.example/token"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def patience(clock: Clock) -> Patience:
    return Patience(clock)


def fail(patience: Patience, party: str = "a", error: type[Exception] = TimedOut, url: str = URL) -> None:
    with pytest.raises(error), patience.asking(party, url):
        raise error("it hangs")


def is_asked(patience: Patience, party: str = "a", url: str = URL) -> bool:
    try:
        with patience.asking(party, url):
            return True
    except NotAsked:
        return False


def open_breaker(patience: Patience) -> None:
    for _ in range(FAILURES_TO_OPEN):
        fail(patience)


def test_a_few_threads_wait_for_one_party_and_the_next_is_told_at_once(patience: Patience) -> None:
    with ExitStack() as waiting:
        for _ in range(MAX_WAITING):
            waiting.enter_context(patience.asking("a", URL))
        assert not is_asked(patience, "a")
        assert is_asked(patience, "b")
    assert is_asked(patience, "a")


def test_all_parties_together_leave_threads_for_pages(patience: Patience) -> None:
    command = shipped_command()
    threads = int(command[command.index("--blocking-threads") + 1])
    assert threads > MAX_WAITING_IN_ALL + MAX_LOOKUPS + MAX_READING
    with ExitStack() as waiting:
        for number in range(MAX_WAITING_IN_ALL):
            waiting.enter_context(patience.asking(f"party-{number}", URL))
        assert not is_asked(patience, "another")
    assert is_asked(patience, "another")


@pytest.mark.parametrize("error", [TimedOut, ConnectFailed, BadResponse])
def test_party_that_failed_three_times_in_a_row_is_left_alone(
    patience: Patience, clock: Clock, error: type[Exception]
) -> None:
    for _ in range(FAILURES_TO_OPEN):
        fail(patience, error=error)
    assert not is_asked(patience)
    assert is_asked(patience, "b")
    clock.now += OPEN_SECONDS - 0.1
    assert not is_asked(patience)
    clock.now += 0.1
    assert is_asked(patience)


def test_refusals_and_successes_between_failures_are_no_reason(patience: Patience) -> None:
    for _ in range(5):
        fail(patience)
        fail(patience, error=RedirectRefused)  # it answered
    for _ in range(5):
        fail(patience)
        assert is_asked(patience)


def test_one_thread_tries_whether_it_answers_again(patience: Patience, clock: Clock) -> None:
    open_breaker(patience)
    clock.now += OPEN_SECONDS
    with patience.asking("a", URL):
        assert not is_asked(patience)
    assert is_asked(patience)


def test_it_is_left_alone_again_if_it_does_not(patience: Patience, clock: Clock) -> None:
    open_breaker(patience)
    clock.now += OPEN_SECONDS
    fail(patience)
    assert not is_asked(patience)
    clock.now += OPEN_SECONDS
    assert is_asked(patience)


def test_answers_that_take_long_count_as_none(patience: Patience, clock: Clock) -> None:
    for _ in range(FAILURES_TO_OPEN):
        with patience.asking("a", URL):
            clock.now += SLOW_SECONDS
    assert not is_asked(patience)


def test_a_urls_failures_do_not_hide_behind_anothers_successes(patience: Patience) -> None:
    """A token endpoint that hangs, beside a discovery document that never does."""
    for _ in range(FAILURES_TO_OPEN):
        assert is_asked(patience, url="https://idp.example/.well-known/openid-configuration")
        fail(patience)
    assert not is_asked(patience)


def test_one_party_can_not_use_up_the_patience_with_anothers_url(patience: Patience) -> None:
    open_breaker(patience)
    assert is_asked(patience, "b", URL)


def test_what_it_remembers_is_bounded(patience: Patience) -> None:
    for number in range(MAX_PARTIES + 50):
        assert is_asked(patience, f"party-{number}")
    assert len(patience._lines) == len(patience._breakers) == MAX_PARTIES


def test_admins_who_look_up_what_hangs_leave_logins_alone() -> None:
    with ExitStack() as waiting:
        for number in range(MAX_LOOKUPS):
            waiting.enter_context(net.lookups.asking(f"typed-{number}", URL))
        assert not is_asked(net.lookups)
        assert is_asked(net.logins)


# --- Who waits for another thread's exchange -----------------------------------------------------------


def test_who_waits_for_anothers_exchange_counts_and_leaves_it_a_place(patience: Patience) -> None:
    with ExitStack() as waiting:
        for _ in range(MAX_WAITING - 1):
            waiting.enter_context(patience.waiting("a"))
        with pytest.raises(NotAsked), patience.waiting("a"):
            pass
        with patience.asking("a", URL):
            assert not is_asked(patience)
        with patience.waiting("b"):
            pass
    assert is_asked(patience)


def test_who_waits_counts_among_all_parties(patience: Patience) -> None:
    with ExitStack() as waiting:
        for number in range(MAX_WAITING_IN_ALL - 1):
            waiting.enter_context(patience.waiting(f"party {number}"))
        with pytest.raises(NotAsked), patience.waiting("another"):
            pass
        assert is_asked(patience, "another")


def test_waiting_says_nothing_about_how_a_party_does(patience: Patience) -> None:
    open_breaker(patience)
    with patience.waiting("a"):
        pass
    assert not is_asked(patience)
