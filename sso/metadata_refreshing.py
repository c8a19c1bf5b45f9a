"""Reading the metadata of all connections again, one after the other, for the command and the background job."""

from collections.abc import Iterator
from datetime import datetime

from sso.models import MetadataCheck, Revision
from sso.protocols import adapter_for

BATCH = 100


def followed_revisions(*, after: int = 0) -> Iterator[Revision]:
    """Those in use that were set up by a metadata URL, by key, read in batches: each waits for somebody's server."""
    in_use = Revision.objects.filter(
        status__in=(Revision.Status.LIVE, Revision.Status.DRAFT), connection__is_enabled=True
    )
    followed = in_use.exclude(metadata_url="").select_related("connection__org").order_by("pk")
    while batch := list(followed.filter(pk__gt=after)[:BATCH]):
        yield from batch
        after = batch[-1].pk


def refresh(revision: Revision, *, now: datetime) -> MetadataCheck | None:
    """Read it now. What an IdP's document is refused for is noted; None where there is nothing to note."""
    return adapter_for(revision.connection.protocol).refresh(revision, now=now)
