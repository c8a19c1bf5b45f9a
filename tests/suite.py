"""All tests, one stage after the other: `python -m tests.suite`, and with `--everything-on-postgresql` still more.

Everything but the browser on SQLite, and of an attack's variants a fifth (`make unit` plays all). On PostgreSQL
what a database could answer in another way: models, lists, locks and whatever happens twice at once. Then the browser.
The first stage that fails ends it, with pytest's own exit code; a stage without tests has failed. The last lines are
always pytest's.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KILLED_BY_SIGNAL = 1


@dataclass(frozen=True, slots=True)
class Stage:
    title: str
    database: str
    arguments: tuple[str, ...]


# The rest asks of a database what these ask: documents, tokens, pages, and logins that are refused before it.
ON_POSTGRESQL = (
    "tests/orgs",
    "tests/accounts",
    "tests/sso/settings",
    "tests/sso/test_attempt_limits.py",
    "tests/sso/test_changing_members.py",
    "tests/sso/test_choosing.py",
    "tests/sso/test_cost.py",
    "tests/sso/test_key_pairs.py",
    "tests/sso/test_linking.py",
    "tests/sso/test_login.py",
    "tests/sso/test_login_races.py",
    "tests/sso/test_logout.py",
    "tests/sso/test_mapping_preview.py",
    "tests/sso/test_member_list.py",
    "tests/sso/test_portal_session_ends.py",
    "tests/sso/test_provisioning.py",
    "tests/sso/test_seen_attributes.py",
    "tests/sso/test_session_ends.py",
    "tests/sso/test_trials.py",
    "tests/sso/operating",
    "tests/sso/oidc/test_parallel.py",
    "tests/sso/saml/test_replay.py",
    "tests/attacks/saml/test_times.py",
    "tests/attacks/saml/test_logout.py",
    "tests/attacks/web/test_idp_stays_inside.py",
    "tests/hubsso/jobs/test_schedule.py",
    "tests/hubsso/test_environment.py",
    "tests/migrations",
)
EVERYTHING = "--everything-on-postgresql"


# In those folders, what never came to the database or came there by one and the same query.
NOT_ON_POSTGRESQL = (
    "tests/accounts/test_front_end.py",
    "tests/orgs/test_audit_words.py",
    "tests/sso/settings/test_access.py",
    "tests/sso/settings/test_guides.py",
    "tests/sso/operating/test_check_sso.py",
    "tests/sso/operating/test_explain_access.py",
)
SOME_VARIANTS = ("-p", "tests.plugins.variants")
# A worker that is done takes over half of what the other has left: neighbours stay together, and share fixtures.
TWO_WORKERS = ("-n", "2", "--dist", "worksteal")
WITHOUT_BROWSER = (*TWO_WORKERS, "-m", "not e2e")

STAGES = (
    Stage("SQLite", "sqlite", (*WITHOUT_BROWSER, *SOME_VARIANTS)),
    Stage(
        "PostgreSQL",
        "postgresql",
        (
            *(*WITHOUT_BROWSER, *SOME_VARIANTS, *ON_POSTGRESQL),
            *(f"--ignore={path}" for path in NOT_ON_POSTGRESQL),
        ),
    ),
    Stage("Browser", "sqlite", (*TWO_WORKERS, "-m", "e2e", "tests/e2e")),
)


ALL_ON_POSTGRESQL = (Stage("PostgreSQL", "postgresql", WITHOUT_BROWSER),)


def run(stage: Stage) -> int:
    """pytest's exit code; among them 5, "no tests were collected"."""
    print(f"\n=== {stage.title} ===", flush=True)
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *stage.arguments],
        cwd=ROOT,
        env=os.environ | {"HUBSSO_TEST_DATABASE": stage.database},
        check=False,
    )
    return process.returncode if process.returncode >= 0 else KILLED_BY_SIGNAL


def main() -> int:
    for stage in ALL_ON_POSTGRESQL if EVERYTHING in sys.argv else STAGES:
        code = run(stage)
        if code != 0:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
