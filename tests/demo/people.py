"""Who has a portal account in the demo, and what they stand for."""

from dataclasses import dataclass

PASSWORD = "open-sesame-42"


@dataclass(frozen=True, slots=True)
class Account:
    """A portal account. The first of its `emails` is the one to sign in with; all are verified."""

    key: str
    name: str
    emails: tuple[str, ...]
    part: str = ""
    """Why somebody would sign in as them; empty for those who only fill the lists."""


OLIVIA = Account("olivia", "Olivia Owens", ("olivia@acme.example",), "admin of Acme")
MAX = Account(
    "max",
    "Max Meyer",
    ("max@acme.example", "max@globex.example", "max@initech.example"),
    "member of Acme, Globex and Initech",
)
NINA = Account(
    "nina", "Nina Novak", ("nina@partner.example",), "external collaborator of Acme; member of Hooli"
)
ZOE = Account("zoe", "Zoe Zhang", ("zoe@globex.example",), "admin of Globex; an outsider at Acme")
HANA = Account(
    "hana", "Hana Haddad", ("hana@hooli.example", "hana@initech.example"), "admin of Hooli, Initech"
)
INES = Account("ines", "Ines Ito", ("ines@acme.example",))
BEN = Account("ben", "Ben Brandt", ("ben@acme.example",))
TOM = Account("tom", "Tom Tanaka", ("tom@globex.example",))
# They have been signing in for a month (`history`): the others do it while one looks.
ADA = Account("ada", "Ada Adler", ("ada@acme.example",))
CARL = Account("carl", "Carl Chen", ("carl@acme.example",))
DORA = Account("dora", "Dora Diaz", ("dora@acme.example",))
FRITZ = Account("fritz", "Fritz Frey", ("fritz@globex.example",))
GITA = Account("gita", "Gita Gupta", ("gita@globex.example",))

ACCOUNTS = (OLIVIA, MAX, NINA, ZOE, HANA, INES, BEN, TOM, ADA, CARL, DORA, FRITZ, GITA)
MAIN_CAST = tuple(account for account in ACCOUNTS if account.part)
