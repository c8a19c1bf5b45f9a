"""Who uses the portal while it fails: twenty organisations with an IdP each, and people who log in there."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin

import requests
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.models import User
from accounts.session_store import SessionStore
from hubsso.crypto import random_token
from orgs.models import Membership, Organization
from sso.browser import _SESSION_KEY as BROWSER_SESSION_KEY
from sso.models import Connection, SSOSession
from sso.types import Enforcement
from tests.builders import make_connection, make_member, make_org, make_page, make_user, set_policy
from tests.demo_idp import DemoIdP, IdPBrowser, OIDCClient, Person, Tenant, TenantConfig
from tests.demo_idp.browser import IdPPageError

ORGS, PEOPLE = 20, 4
SECRET = "a-secret-of-the-fault-suite"
MARKER = "private-text-of-the-fault-suite"
TIMEOUT_SECONDS = 30


@dataclass(slots=True)
class Member:
    """One person's browser, signed in to the portal. Not for two threads at once."""

    user: User
    org_slug: str
    portal_url: str
    page_path: str
    http: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str) -> requests.Response:
        return self.http.get(urljoin(self.portal_url, path), allow_redirects=False, timeout=TIMEOUT_SECONDS)

    def sees_the_page(self) -> bool:
        response = self.get(self.page_path)
        return response.status_code == 200 and MARKER in response.text

    def start(self) -> requests.Response:
        return self.get(f"/orgs/{self.org_slug}/sso/?next={self.page_path}")

    def go_to_idp(self) -> str:
        """From the start page to the IdP's answer, not yet delivered. Raises Refused."""
        response = self.start()
        if response.status_code != 302:
            raise Refused(response.status_code)
        try:
            return IdPBrowser().complete_login(response.headers["Location"], str(self.user.pk)).url
        except (IdPPageError, requests.RequestException):
            raise Refused(0) from None

    def log_in(self) -> bool:
        """A whole login; does the page open at its end?"""
        try:
            answer = self.go_to_idp()
        except Refused:
            return False
        return self.get(answer).status_code == 302 and self.sees_the_page()


class Refused(Exception):
    """The portal did not lead to the IdP; the status it gave, 0 for the IdP's own failure."""


@dataclass(slots=True)
class Place:
    """One organisation, its IdP, people who log in, and one who never does."""

    org: Organization
    connection: Connection
    tenant: Tenant
    members: Sequence[Member]
    stranger: Member


class Stage:
    """Everything the suite works with. Django is set up on the cluster's database."""

    def __init__(self, portal_url: str) -> None:
        self.portal_url = portal_url
        self.idps: list[DemoIdP] = []
        self.random = random.Random(7)  # noqa: S311 - moments, the same at each run
        self.places = [self.place_at(self._idp(), f"fault-{number}") for number in range(ORGS)]

    def alone(self, slug: str) -> tuple[Place, DemoIdP]:
        """One more organisation, at an IdP of its own that may be taken away."""
        idp = self._idp(new=True)
        return self.place_at(idp, slug), idp

    def close(self) -> None:
        for idp in self.idps:
            idp.stop()

    def open_sessions(self, member: Member) -> int:
        return SSOSession.objects.filter(user=member.user).count()

    def _idp(self, *, new: bool = False) -> DemoIdP:
        if new or not self.idps:
            idp = DemoIdP()
            idp.start()
            self.idps.append(idp)
            return idp
        return self.idps[0]

    def place_at(self, idp: DemoIdP, slug: str) -> Place:
        org = make_org(slug, name=slug.title())
        people = [
            make_member(org, make_user(f"{slug}-{n}@fault.example", name=f"P{n}")) for n in range(PEOPLE)
        ]
        page = make_page(org, "Handbook", body=MARKER)
        tenant = idp.add_tenant(
            TenantConfig(
                slug=slug,
                protocols=("oidc",),
                people=tuple(
                    Person(subject=str(row.user_id), name=row.user.name, email=row.user.email)
                    for row in people
                ),
            )
        )
        set_policy(org, Enforcement.ENFORCED)
        connection = make_connection(org, issuer=tenant.issuer, client_id=slug, client_secret=SECRET)
        callback = urljoin(self.portal_url, f"/sso/{connection.uid}/oidc/callback/")
        tenant.add_client(OIDCClient(client_id=slug, client_secret=SECRET, redirect_uris=(callback,)))
        members = [self._member(row, page.get_absolute_url()) for row in people]
        return Place(org, connection, tenant, members[1:], members[0])

    def _member(self, row: Membership, page_path: str) -> Member:
        member = Member(row.user, row.org.slug, self.portal_url, page_path)
        member.http.trust_env = False
        member.http.cookies.set("sessionid", _signed_in(row.user), domain="localhost.local", path="/")
        return member


def _signed_in(user: User) -> str:
    """The key of a portal session of theirs."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store[BROWSER_SESSION_KEY] = random_token()
    store.save()
    return str(store.session_key)


def until(is_true: Callable[[], bool], *, seconds: float, every_seconds: float = 0.1) -> float:
    """How long it took until this was true. Raises TimeoutError."""
    began = time.monotonic()
    while not is_true():
        if time.monotonic() - began > seconds:
            raise TimeoutError
        time.sleep(every_seconds)
    return time.monotonic() - began
