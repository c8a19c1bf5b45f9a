"""One line of a check-up: what was looked at, whether it is well, and what was seen."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"  # works today; somebody should look
    FAIL = "fail"  # logins fail, or will as soon as somebody tries


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` is a connection's name; empty for the organisation as a whole. Holds no secret."""

    verdict: Verdict
    title: str
    detail: str
    about: str = ""


def well(title: str, detail: str) -> Finding:
    return Finding(Verdict.PASS, title, detail)


def warn(title: str, detail: str) -> Finding:
    return Finding(Verdict.WARN, title, detail)


def fail(title: str, detail: str) -> Finding:
    return Finding(Verdict.FAIL, title, detail)
