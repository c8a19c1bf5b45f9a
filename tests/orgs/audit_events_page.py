"""`python -m tests.orgs.audit_events_page`: write docs/audit-events.md, the audit log's stable event names."""

import os
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "audit-events.md"
HEAD = """# Events of the audit log

The names are stable: filters, exports and whatever reads those may rely on them. A new release may add some. Each
entry holds the organisation's running number (`seq`), the time (UTC, ISO 8601), the event, who did it, the address it
came from, the request's id as the server's log has it, and particulars (`data`). No entry holds a secret, a token or
an assertion.
"""


def page() -> str:
    from orgs.audit import EVENTS  # noqa: PLC0415 - Django is set up first
    from orgs.audit_groups import GROUP_TEXTS, events_in  # noqa: PLC0415

    lines = [HEAD]
    for group, title in GROUP_TEXTS.items():
        lines += [f"## {title}", "", "| Event | What happened: somebody |", "| --- | --- |"]
        lines += [f"| `{event}` | {EVENTS[event]} |" for event in events_in(group)]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    os.environ["HUBSSO_ENV"] = "test"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsso.settings")
    import django  # noqa: PLC0415

    django.setup()
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
