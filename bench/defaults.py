"""What kept database connections are worth: `python -m bench.defaults`, on PostgreSQL.

The organisation's page by turns as the portal's settings have it, and with Django's default, which closes the
connection after every request. By the clock: most of it is PostgreSQL's.
"""

import sys
import tempfile
from pathlib import Path

from bench.common import rounds_of, start_portal, table
from bench.gate import CALLS, look, make_browsers, seconds_of

MIN_RATIO = 2.5
PATHS = {
    "the organisation's page": ("/orgs/acme/", {}),
    "one page as JSON": ("/orgs/acme/r/handbook/", {"accept": "application/json"}),
}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="hubsso-bench-") as folder:
        start_portal(Path(folder), "postgresql")
        return measure()


def measure() -> int:
    from django.db import connection

    browser, _plain = make_browsers()
    rows, worst = [], 100.0
    for name, (path, headers) in PATHS.items():

        def kept(path: str = path, headers: dict[str, str] = headers) -> None:
            look(browser, path, headers)

        def closed(path: str = path, headers: dict[str, str] = headers) -> None:
            look(browser, path, headers)
            connection.close()

        found = rounds_of(
            {
                "kept": lambda case=kept: seconds_of(case, CALLS),
                "closed": lambda case=closed: seconds_of(case, CALLS),
            }
        )
        worst = min(worst, found["closed"].ratio)
        rows.append(
            (
                name,
                f"{found['kept'].milliseconds:.1f}",
                f"{found['closed'].milliseconds:.1f}",
                f"{found['closed'].ratio:.2f}",
            )
        )
    print(table(("", "kept, ms", "closed, ms", "ratio"), rows))
    return int(worst < MIN_RATIO)


if __name__ == "__main__":
    sys.exit(main())
