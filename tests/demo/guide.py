"""What the terminal says once everything answers: where to go, who to be, what to try."""

from pathlib import Path

from tests.demo.people import ACCOUNTS, MAIN_CAST, PASSWORD


def guide(*, portal_url: str, idp_url: str, data_dir: Path) -> str:
    """The whole text, at most 80 columns wide where the URLs allow."""
    return "\n".join(
        [
            "",
            "HubSSO is running.",
            "",
            f"  Portal      {portal_url}/",
            f"  Demo IdPs   {idp_url}/  (anyone may sign in as anyone there)",
            "",
            f"SIGN IN TO THE PORTAL AS            password of all: {PASSWORD}",
            "",
            *_people(),
            "",
            "WHAT TO TRY",
            "",
            *_stories(portal_url, idp_url),
            "",
            "Mails (sign-up, invitations, password resets) appear in this terminal.",
            f"Logs are in {data_dir / 'portal.log'} and {data_dir / 'demo-idp.log'}.",
            f"Everything is kept in {data_dir}/; delete it to start afresh.",
            "Ctrl-C stops everything.",
        ]
    )


def _people() -> list[str]:
    width = max(len(account.emails[0]) for account in MAIN_CAST)
    rows = [f"  {account.emails[0]:<{width}}  {account.name:<13} {account.part}" for account in MAIN_CAST]
    others = ", ".join(account.emails[0] for account in ACCOUNTS if account not in MAIN_CAST)
    return [*rows, f"  and more members: {others}"]


def _stories(portal: str, idp: str) -> list[str]:
    orgs = f"{portal}/orgs"
    return [
        "  1. A member, OpenID Connect. As Max, open",
        f"       {orgs}/acme/r/working-at-acme/",
        "     and press the one button; sign in at Acme Login as Max. You land on that page.",
        "  2. The same over SAML, which Globex enforces. As Max or Zoe, open",
        f"       {orgs}/globex/r/press-kit/",
        "  3. An outsider. As Zoe, or not signed in at all, read Acme's public page",
        f"       {orgs}/acme/r/working-at-acme/",
        "     without any SSO, and be told 404 for its private one:",
        f"       {orgs}/acme/r/incident-runbook/",
        "  4. An admin. As Olivia, authenticate for Acme, then let another role follow a group:",
        f"       {orgs}/acme/settings/sso/",
        "     Change `engineering` to Contributor under Role mapping. In another browser,",
        "     authenticate as Max: his role follows, and is locked for hands in",
        f"       {orgs}/acme/members/",
        "  5. Where SSO is optional, and where there is none. As Hana, open",
        f'       {orgs}/initech/   (a banner with "Not now")',
        f"       {orgs}/hooli/     (nothing is asked)",
        '  6. Single logout. As Max, under My organisations\' SSO: "Sign out at Globex ID too".',
        "  7. A login that fails. Before you sign in at a demo IdP, open its failure lab and",
        "     pick a fault: you see what a member sees. An admin finds why by the reference:",
        f"       {orgs}/acme/settings/sso/refusals/",
        "  8. A connection of your own. As Hana, add one and register it at Hooli ID",
        f"       {orgs}/hooli/settings/sso/",
        f"       {idp}/hooli/",
    ]
