"""The failure lab: what the login page offers to do wrong, in words, and how HubSSO must answer.

An experiment belongs to the one login that it is picked for: nothing waits, and nothing stays.
`tests/sso/test_failure_lab.py` drives each through the page's form and holds HubSSO to what is promised here.
"""

from collections.abc import Collection, Iterable

from tests.demo_idp.experiments import Group
from tests.demo_idp.faults import Fault
from tests.demo_idp.lab_oidc import OIDC_LAB
from tests.demo_idp.lab_saml import SAML_LAB

LABS = {"oidc": OIDC_LAB, "saml": SAML_LAB}


class NotOffered(ValueError):
    """The page has no such experiment."""


def groups_for(protocol: str, *, unfit: Collection[Fault]) -> list[Group]:
    """What can be tried with a login of this protocol, without the faults that don't fit this one."""
    fitting = [
        Group(group.title, tuple(one for one in group.experiments if one.fault not in unfit))
        for group in LABS[protocol]
    ]
    return [group for group in fitting if group.experiments]


def picked(offered: Iterable[Group], value: str) -> frozenset[Fault]:
    """The fault whose button was picked; none for the empty value. Raises NotOffered."""
    if not value:
        return frozenset()
    found = [one.fault for group in offered for one in group.experiments if one.fault.value == value]
    if not found:
        raise NotOffered(value)
    return frozenset(found)
