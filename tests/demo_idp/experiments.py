"""What an experiment of the failure lab is."""

from dataclasses import dataclass

from tests.demo_idp.faults import Fault

AT_A_FIRST_LOGIN = "at a first login, where the organisation lists matching e-mail domains"


@dataclass(frozen=True, slots=True)
class Experiment:
    """One way to fail. `code` is HubSSO's reason code; empty where the member must be let in all the same.

    `only` says when the code applies, if not always; `note` what else is to be seen.
    """

    fault: Fault
    name: str
    what: str
    code: str = ""
    only: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Experiments with one question that the portal must ask."""

    title: str
    experiments: tuple[Experiment, ...]
