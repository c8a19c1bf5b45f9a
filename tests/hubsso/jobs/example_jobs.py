"""Jobs that tests enqueue: a task must be a function of a module."""

from datetime import timedelta

from hubsso.jobs.registry import GiveUp, Retry, job

THREE_TRIES = Retry(attempts=3, first_after=timedelta(minutes=1), longest=timedelta(minutes=90))
done: list[str] = []
fails: list[Exception] = []


@job(retry=THREE_TRIES, lost_after=timedelta(minutes=10))
def greet(name: str) -> str:
    """Fails with what `fails` holds, one a try, and then works."""
    if fails:
        raise fails.pop(0)
    done.append(name)
    return f"Hello {name}"


@job(retry=THREE_TRIES)
def hopeless() -> None:
    raise GiveUp("It would never work.")
