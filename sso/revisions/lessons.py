"""What a revision's last test taught about it, where that corrects a field of the draft that is made of it."""

from sso.models import Revision, RevisionTest
from sso.protocols import adapter_for
from sso.revisions.corrections import Offer


def lesson_of(test: RevisionTest) -> Offer | None:
    """None of a test that passed, or that taught nothing which one click could use."""
    if test.passed:
        return None
    adapter = adapter_for(test.revision.connection.protocol)
    return adapter.offered_after(test.revision, test.details.get("fields") or {})


def last_lesson(revision: Revision) -> Offer | None:
    """Of the newest test alone: the ones before may have been another IdP's answer."""
    tests = revision.tests.select_related("revision__connection")
    test = tests.order_by("-at", "-pk").first()
    return lesson_of(test) if test else None
