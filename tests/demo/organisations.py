"""The demo's organisations: who is in them, and what they share. The pages' texts are in `content/<org>/<slug>.md`."""

from dataclasses import dataclass, field
from pathlib import Path

from django.utils.text import slugify

from orgs.models import Resource
from orgs.roles import Role
from tests.demo.people import (
    ADA,
    BEN,
    CARL,
    DORA,
    FRITZ,
    GITA,
    HANA,
    INES,
    MAX,
    NINA,
    OLIVIA,
    TOM,
    ZOE,
    Account,
)

CONTENT = Path(__file__).parent / "content"
PUBLIC = Resource.Visibility.PUBLIC
PRIVATE = Resource.Visibility.PRIVATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    account: Account
    role: Role
    is_external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    title: str
    description: str
    visibility: Resource.Visibility = PRIVATE
    in_group: bool = False

    def body(self, org_slug: str) -> str:
        return (CONTENT / org_slug / f"{slugify(self.title)}.md").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    title: str
    description: str
    url: str
    visibility: Resource.Visibility = PRIVATE


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOrg:
    """An organisation. It has one resource group; `seats` are those given in it by hand."""

    slug: str
    name: str
    description: str
    admin: Account
    members: tuple[Member, ...]
    regulars: tuple[Account, ...] = ()  # members who have been signing in for long
    group: str
    group_description: str
    seats: dict[str, Role] = field(default_factory=dict)
    pages: tuple[Page, ...]
    apps: tuple[App, ...]


ACME = DemoOrg(
    slug="acme",
    name="Acme",
    description="Delivery robots for hospitals",
    admin=OLIVIA,
    members=(
        Member(account=MAX, role=Role.READ),
        Member(account=INES, role=Role.READ),
        Member(account=BEN, role=Role.READ),
        Member(account=NINA, role=Role.READ, is_external=True),
        Member(account=ADA, role=Role.WRITE),
        Member(account=CARL, role=Role.WRITE),
        Member(account=DORA, role=Role.READ),
    ),
    regulars=(ADA, CARL, DORA),
    group="Launch plans",
    group_description="Courier 3, until the day it is shown",
    seats={"nina": Role.CONTRIBUTOR},
    pages=(
        Page(
            title="Working at Acme",
            description="What we value, how hiring goes, and who we are looking for.",
            visibility=PUBLIC,
        ),
        Page(
            title="Reporting a security problem",
            description="How to tell us, and what we promise in return.",
            visibility=PUBLIC,
        ),
        Page(title="Incident runbook", description="The first ten minutes, and what comes after them."),
        Page(title="Engineering handbook", description="How we build, review and ship."),
        Page(
            title="Launch plan Courier 3", description="Dates, people and what may go wrong.", in_group=True
        ),
        Page(title="Press briefing Courier 3", description="What we say on press day.", in_group=True),
    ),
    apps=(
        App(
            title="Source code",
            description="Repositories, reviews and release trains.",
            url="https://code.acme.example/",
        ),
        App(
            title="Fleet telemetry",
            description="Where every robot is, and how it feels.",
            url="https://fleet.acme.example/wards",
        ),
        App(
            title="Expenses",
            description="Travel, parts and cake.",
            url="https://expenses.acme.example/claims",
        ),
        App(
            title="Status",
            description="Is everything up? For hospitals and everybody else.",
            url="https://status.acme.example/",
            visibility=PUBLIC,
        ),
    ),
)

GLOBEX = DemoOrg(
    slug="globex",
    name="Globex",
    description="District heating and cooling for eleven cities",
    admin=ZOE,
    members=(
        Member(account=MAX, role=Role.CONTRIBUTOR),
        Member(account=TOM, role=Role.WRITE),
        Member(account=FRITZ, role=Role.WRITE),
        Member(account=GITA, role=Role.READ),
    ),
    regulars=(FRITZ, GITA),
    group="Board",
    group_description="Papers of the board",
    pages=(
        Page(
            title="Press kit",
            description="Facts, boilerplate and whom to call.",
            visibility=PUBLIC,
        ),
        Page(title="Plant safety rules", description="For everybody who passes the gate."),
        Page(title="Maintenance windows", description="When which part of the network may be off."),
        Page(title="Board minutes November", description="Decisions and the next date.", in_group=True),
    ),
    apps=(
        App(
            title="Maintenance tickets",
            description="Announce, approve and close work on the network.",
            url="https://tickets.globex.example/queue",
        ),
        App(title="Payroll", description="Payslips and working hours.", url="https://pay.globex.example/"),
    ),
)

INITECH = DemoOrg(
    slug="initech",
    name="Initech",
    description="Banking software that has to keep running",
    admin=HANA,
    members=(Member(account=MAX, role=Role.READ),),
    group="Payroll team",
    group_description="Salaries and what leads to them",
    pages=(
        Page(title="About Initech", description="What we do and where to find us.", visibility=PUBLIC),
        Page(title="Cover sheets", description="What goes on them. All of them."),
        Page(title="Salary bands", description="For next year.", in_group=True),
    ),
    apps=(
        App(title="Time sheets", description="By Friday, please.", url="https://time.initech.example/week"),
    ),
)

HOOLI = DemoOrg(
    slug="hooli",
    name="Hooli",
    description="Mail, calendars and a box",
    admin=HANA,
    members=(Member(account=NINA, role=Role.WRITE),),
    group="Secret projects",
    group_description="What is not on the roadmap",
    pages=(
        Page(title="Design principles", description="Five of them, to hold us to.", visibility=PUBLIC),
        Page(title="Roadmap", description="What we mean to do, in order."),
        Page(title="Box three", description="Not on the roadmap.", in_group=True),
    ),
    apps=(App(title="Hooli Mail", description="Our own, of course.", url="https://mail.hooli.example/"),),
)

ORGANISATIONS = (ACME, GLOBEX, INITECH, HOOLI)
