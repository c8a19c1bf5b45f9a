"""How much of a SAML document we are willing to look at, and for how long an assertion may be used."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """How deep a document may be, and how many elements and attributes it may have."""

    depth: int
    elements: int
    attributes: int


MAX_POSTED_LENGTH = 256 * 1024  # characters of base64
# Bytes, of a message that came deflated: far more than a logout needs. A mebibyte of comments took 300 ms to parse.
MAX_INFLATED_LENGTH = 256 * 1024
# More elements than 2,500 groups make, which is about what fits into the characters above.
MESSAGE_LIMITS = Limits(depth=32, elements=3_000, attributes=10_000)
# An aggregate of a few hundred IdPs. Read for an admin, never for a stranger.
METADATA_LIMITS = Limits(depth=32, elements=50_000, attributes=200_000)
MAX_METADATA_LENGTH = 768 * 1024  # bytes; a form that carries it stays below DATA_UPLOAD_MAX_MEMORY_SIZE
MAX_OFFERED_IDPS = 500
MAX_ATTRIBUTES_PER_ELEMENT = 50
MAX_NAMESPACES_IN_SCOPE = 50  # declarations: one that hides another counts too
MAX_NAMESPACE_LENGTH = 300  # canonicalisation writes it out at every element that uses it
# In the PrefixList of an exclusive canonicalisation, which looks each up in each element.
MAX_KEPT_PREFIXES = 20

MAX_LOGOUT_AGE = timedelta(minutes=5)
MAX_SESSION_INDEXES = 100
MAX_RELAY_STATE_BYTES = 80  # Bindings 3.4.3

# What the database keeps; the SAML schemas set no limit but 256 for persistent NameIDs.
MAX_ENTITY_ID_LENGTH = 500
MAX_NAME_ID_LENGTH = 500
MAX_ID_LENGTH = 300
MAX_SESSION_INDEX_LENGTH = 300
MAX_EMAIL_LENGTH = 254

# No assertion is accepted later than this after it was issued, however long the IdP would let it live.
MAX_ASSERTION_AGE = timedelta(minutes=10)
# An IdP that calls its assertions valid for longer is refused. Entra ID and AD FS say 60 to 70 minutes, so what the
# IdP says can't be held to the ten minutes that we allow (docs/adr/0008).
MAX_STATED_VALIDITY = timedelta(minutes=75)

MAX_CERTIFICATES = 10
MAX_SUBJECT_LENGTH = 200  # characters, as pages show it
MAX_CERTIFICATES_LENGTH = 64 * 1024
MIN_RSA_BITS = 2048
