"""TXT records of names that an organisation's admin typed.

Asked of the operator's resolvers (`HUBSSO_DNS_SERVERS`), or of the machine's own: never of a server that an admin
names. The name is looked up as it stands, without the machine's search list. 3 s for one question, 10 s in all, and no
more than a few at a time (`lookups`), as for everything else that admins type.
"""

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from django.conf import settings

from hubsso.net.errors import ConnectFailed, NotAsked, TimedOut, UrlNotAllowed
from hubsso.net.patience import lookups

QUESTION_SECONDS = 3.0
TOTAL_SECONDS = 10.0
MAX_RECORDS = 100  # of the answer that are looked at
_PARTY = "dns"  # all questions wait in one line: they go to the same few resolvers


def txt_records(name: str) -> list[str]:
    """The texts of a name's TXT records; empty where it has none, or where there is no such name.

    Raises TimedOut or ConnectFailed where no resolver gave an answer, NotAsked where too many wait for one already,
    and UrlNotAllowed for what is no name.
    """
    try:
        absolute = dns.name.from_text(f"{name.rstrip('.')}.")
    except dns.exception.DNSException:
        raise UrlNotAllowed(f"{name!r} is not a name that DNS can hold.") from None
    with lookups.asking(_PARTY, name):
        return _ask(absolute, name)


def _ask(absolute: dns.name.Name, name: str) -> list[str]:
    try:
        answer = _resolver().resolve(absolute, "TXT", search=False, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return []
    except dns.resolver.LifetimeTimeout:
        raise TimedOut(f"No resolver answered about {name} within {TOTAL_SECONDS:.0f} seconds.") from None
    except (dns.exception.DNSException, OSError):
        raise ConnectFailed(f"The resolvers could not find out about {name}.") from None
    records = list(answer.rrset or ())[:MAX_RECORDS]
    return [b"".join(record.strings).decode("utf-8", "replace") for record in records]


def _resolver() -> dns.resolver.Resolver:
    """A new one each time: the machine's resolvers may change, and a lookup is rare."""
    try:
        resolver = dns.resolver.Resolver(configure=not settings.DNS_SERVERS)
    except dns.resolver.NoResolverConfiguration:
        raise NotAsked("This machine has no resolver; whoever runs the portal can name one.") from None
    if settings.DNS_SERVERS:
        resolver.nameservers = [
            dns.nameserver.Do53Nameserver(address, port) for address, port in settings.DNS_SERVERS
        ]
    resolver.search = []
    resolver.timeout, resolver.lifetime = QUESTION_SECONDS, TOTAL_SECONDS
    return resolver
