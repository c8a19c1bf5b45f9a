"""An IdP can act only inside its own organisation: random words from Evil's IdPs, validly signed, at every entrance.

Nothing outside Evil may change: no account, address, membership, link, session, audit entry or anything else of
another organisation, and nobody may become somebody else. Inside Evil an answer is about one person.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orgs.models import Membership
from sso.models import Connection, LinkedIdentity, LoginAttempt, Revision, RevisionTest, SSOSession
from sso.types import Purpose, ResponseMode, SSOProtocol
from tests.attacks.web.arena import (
    GLOBEX_ISSUER,
    ZOES_IDP_SESSION,
    Arena,
    Visitor,
    Words,
    changed,
    knocked_at,
    make_arena,
)
from tests.demo_idp import OMIT, DemoIdP, IdPAnswer
from tests.rollback import rolled_back
from tests.urls import all_routes

OIDC, SAML = SSOProtocol.OIDC, SSOProtocol.SAML


@pytest.fixture
def arena(db: None) -> Iterator[Arena]:
    with DemoIdP() as idp:
        yield make_arena(idp)


# --- Where an IdP's words come in ------------------------------------------------------------------------

Entrance = Callable[[Arena, Visitor, Words], list[Any]]


def callback(arena: Arena, visitor: Visitor, attempt: LoginAttempt, words: Words, **query: str) -> list[Any]:
    at = query.pop("at", str(arena.oidc.uid))
    answer = {"state": attempt.state, "code": arena.code(attempt, words), "iss": arena.tenant.issuer, **query}
    return [visitor.client.get(reverse("sso:oidc_callback", args=[at]), answer)]


def acs(
    arena: Arena, visitor: Visitor, words: Words, *, request_id: str | None, at: Connection | None = None
) -> list[Any]:
    """Post a response as an IdP's page does, without our cookie, and bring the ticket in the visitor's browser."""
    connection = at or arena.saml
    url = reverse("sso:saml_acs", args=[connection.uid])
    fields = {"SAMLResponse": arena.saml_response(words, request_id=request_id, connection=connection)}
    responses = [IdPAnswer(url, fields).deliver(Client())]
    if responses[0].status_code == 303 and "ticket=" in responses[0]["Location"]:
        responses.append(visitor.client.get(responses[0]["Location"]))
    return responses


def oidc_answer(purpose: Purpose) -> Entrance:
    def enter(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
        return callback(arena, visitor, arena.attempt(visitor, OIDC, purpose), words)

    return enter


def saml_answer(purpose: Purpose) -> Entrance:
    def enter(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
        attempt = arena.attempt(visitor, SAML, purpose)
        return acs(arena, visitor, words, request_id=attempt.request_id)

    return enter


def oidc_initiate(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
    url = reverse("sso:oidc_initiate", args=[arena.oidc.uid])
    said = {name: str(value) for name, value in words.id_token.items() if value is not OMIT}
    query = {
        "iss": said.get("iss", arena.tenant.issuer),
        "login_hint": said.get("email", "zoe@globex.example"),
        "target_link_uri": said.get("sub", "https://evil.example/"),
    }
    return [visitor.client.get(url, query), visitor.client.post(url, query), Client().post(url, query)]


def oidc_answer_elsewhere(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
    """At Globex's callback: with the attempt that Zoe has open there, and with one of the visitor's own."""
    zoes, own = arena.zoes_attempts[OIDC], arena.attempt(visitor, OIDC)
    there = str(arena.globex_oidc.uid)
    return [
        response for attempt in (zoes, own) for response in callback(arena, visitor, attempt, words, at=there)
    ]


def oidc_answer_to_another(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
    """At Evil's own callback, with the state of Zoe's attempt."""
    return callback(arena, visitor, arena.zoes_attempts[OIDC], words)


def saml_unsolicited(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
    return acs(arena, visitor, words, request_id=None)


def saml_answer_elsewhere(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
    """At Globex's ACS, by a response made for it: to Zoe's request, to one of the visitor's own, and to none."""
    requests = (arena.zoes_attempts[SAML].request_id, arena.attempt(visitor, SAML).request_id, None)
    return [
        response
        for request_id in requests
        for response in acs(arena, visitor, words, request_id=request_id, at=arena.globex_saml)
    ]


def saml_answer_to_another(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
    """At Evil's own ACS, naming Zoe's request."""
    return acs(arena, visitor, words, request_id=arena.zoes_attempts[SAML].request_id)


def backchannel_logout(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
    """At Evil's own address and at Globex's, by the OP's server and again in the visitor's browser."""
    return [
        IdPAnswer(
            reverse("sso:oidc_backchannel_logout", args=[connection.uid]),
            {"logout_token": arena.logout_token(words)},
        ).deliver(client)
        for connection in (arena.oidc, arena.globex_oidc)
        for client in (Client(), visitor.client)
    ]


def frontchannel_logout(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
    """Without Globex's own `iss` at its address: whoever has that and a `sid` is believed, see `logout_views`."""
    said = arena.named(words.id_token)
    issuer = said.get("iss", arena.tenant.issuer)
    query = {"iss": issuer, "sid": said.get("sid", ZOES_IDP_SESSION)}
    connections = [arena.oidc] if issuer == arena.globex_issuer else [arena.oidc, arena.globex_oidc]
    return [
        client.get(reverse("sso:oidc_frontchannel_logout", args=[connection.uid]), query)
        for connection in connections
        for client in (Client(), visitor.client)
    ]


def saml_logout(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
    """Requests and answers, by both bindings, at Evil's own address and at Globex's."""
    responses = []
    for connection in (arena.saml, arena.globex_saml):
        url = reverse("sso:saml_slo", args=[connection.uid])
        for is_request in (True, False):
            posted = arena.saml_logout(words, connection, is_request=is_request)
            redirected = arena.saml_logout(words, connection, is_request=is_request)
            responses.append(IdPAnswer(url, posted.post_fields()).deliver(Client()))
            responses.append(visitor.client.get(f"{url}?{redirected.query()}"))
    return responses


def posted_oidc_answer(arena: Arena, visitor: Visitor, words: Words) -> list[Any]:
    """By `response_mode=form_post`: to the visitor's own attempt and to Zoe's, at Evil's callback and at Globex's."""
    Revision.objects.filter(connection=arena.oidc).update(response_mode=ResponseMode.FORM_POST)
    responses = []
    for attempt in (arena.attempt(visitor, OIDC), arena.zoes_attempts[OIDC]):
        for connection in (arena.globex_oidc, arena.oidc):
            form = {"state": attempt.state, "code": arena.code(attempt, words), "iss": arena.tenant.issuer}
            url = reverse("sso:oidc_callback", args=[connection.uid])
            responses.append(IdPAnswer(url, form).deliver(Client()))
            if responses[-1].status_code == 303:
                responses.append(visitor.client.get(responses[-1]["Location"]))
    return responses


ENTRANCES: dict[str, Entrance] = {
    "OIDC login": oidc_answer(Purpose.LOGIN),
    "OIDC join": oidc_answer(Purpose.JOIN),
    "OIDC test": oidc_answer(Purpose.TEST),
    "OIDC initiate": oidc_initiate,
    "OIDC elsewhere": oidc_answer_elsewhere,
    "OIDC to another": oidc_answer_to_another,
    "OIDC form post": posted_oidc_answer,
    "OIDC back-channel logout": backchannel_logout,
    "OIDC front-channel logout": frontchannel_logout,
    "SAML login": saml_answer(Purpose.LOGIN),
    "SAML join": saml_answer(Purpose.JOIN),
    "SAML test": saml_answer(Purpose.TEST),
    "SAML unsolicited": saml_unsolicited,
    "SAML elsewhere": saml_answer_elsewhere,
    "SAML to another": saml_answer_to_another,
    "SAML logout": saml_logout,
}

# Anybody may knock there, and Globex's admins read that somebody did. Nothing else may come of it.
DOORS_OF_GLOBEX = frozenset(
    {
        "OIDC elsewhere",
        "OIDC form post",
        "OIDC back-channel logout",
        "OIDC front-channel logout",
        "SAML elsewhere",
        "SAML logout",
    }
)
# An IdP ends the sessions that its own connection opened, whosever they are.
ENDS_SESSIONS_INSIDE = frozenset({"OIDC back-channel logout", "OIDC front-channel logout", "SAML logout"})

# --- What it says ----------------------------------------------------------------------------------------

plain = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
    max_size=12,
)
subjects = st.one_of(st.sampled_from(["eve", "zoe", "gus", "mallory", "otto", "globex-subject", "1"]), plain)
emails = st.one_of(
    st.sampled_from(
        [f"{name}.example" for name in ("eve@evil", "zoe@globex", "gus@evil", "otto@evil", "new@globex")]
    ),
    plain,
)
issuers = st.sampled_from([GLOBEX_ISSUER, "https://idp.example.org", "", "http://testserver"])
sessions = st.one_of(st.sampled_from([ZOES_IDP_SESSION, "browser of zoe", "globex-browser"]), plain)
roles = st.lists(
    st.one_of(st.sampled_from(["admin", "write", "no_access", "owner", "staff", "evildoers"]), plain)
)
claims = st.fixed_dictionaries(
    {},
    optional={
        "sub": subjects,
        "email": st.one_of(emails, st.lists(emails, max_size=3), st.just(OMIT)),
        "email_verified": st.sampled_from([True, False, "true", None]),
        "iss": issuers,
        "aud": st.sampled_from(["hubsso", ["hubsso", "other"], "globex-client"]),
        "sid": sessions,
        "roles": roles,
        "groups": roles,
        "name": plain,
        "is_staff": st.just(True),
        "org": st.sampled_from(["globex", 1]),
        "_claim_names": st.just({"groups": "src1"}),
    },
)
attributes = st.dictionaries(
    st.sampled_from(["email", "mail", "roles", "groups", "name", "org", "is_staff"]),
    st.lists(st.one_of(emails, plain, st.sampled_from(["admin", "evildoers"])), max_size=3),
)
saml_fields = st.fixed_dictionaries(
    {},
    optional={
        "name_id": subjects,
        "name_id_format": st.sampled_from([None, "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"]),
        "issuer": issuers,
        "response_issuer": st.one_of(st.none(), issuers),
        "session_index": st.one_of(st.none(), sessions),
        "attributes": attributes,
        "sign_response": st.booleans(),
    },
)


@st.composite
def worded(draw: st.DrawFn) -> Words:
    """Mostly what passes the protocol's own checks: a liar that is caught at the door shows nothing further in."""
    id_token, userinfo, saml = draw(claims), draw(claims), draw(saml_fields)
    if draw(st.integers(min_value=0, max_value=3)):
        for said, names in ((id_token, ("iss", "aud")), (saml, ("issuer", "response_issuer"))):
            for name in names:
                said.pop(name, None)
        userinfo["sub"] = id_token.setdefault("sub", draw(subjects))
    return Words(id_token, userinfo, saml)


NAMES = ["eve", "gus", "mallory", "zoe", "otto", "nobody"]
visitors = st.sampled_from(NAMES)


@pytest.mark.catalogue("WEB-FOREIGN-PEOPLE", "WEB-LOGOUT-CSRF")
@pytest.mark.parametrize("entrance", ENTRANCES)
@settings(max_examples=25)
@given(name=visitors, said=worded())
@example(
    name="gus",
    said=Words({"sub": "zoe", "iss": GLOBEX_ISSUER}, saml={"name_id": "zoe", "issuer": GLOBEX_ISSUER}),
)
@example(name="zoe", said=Words({"sub": "zoe", "email": "zoe@globex.example"}, saml={"name_id": "zoe"}))
def test_nothing_outside_changes(arena: Arena, entrance: str, name: str, said: Words) -> None:
    with rolled_back():
        visitor = arena.visit(name)
        about = arena.whom_it_is_about(visitor)
        outside, inside = arena.outside_and_others(about)
        responses = ENTRANCES[entrance](arena, visitor, said)
        assert all(response.status_code in (200, 302, 303, 400, 403) for response in responses), responses
        outside_now, inside_now = arena.outside_and_others(about)
        if entrance in DOORS_OF_GLOBEX:
            assert knocked_at(outside, outside_now)
        else:
            assert changed(outside, outside_now) == set()
        may_end = {"SSOSession"} if entrance in ENDS_SESSIONS_INSIDE else set()
        assert changed(inside, inside_now) <= may_end
        assert visitor.client.session.get("_auth_user_id") == (str(visitor.user.pk) if visitor.user else None)
        assert {address for message in mail.outbox for address in message.to} <= {"mallory@evil.example"}


# --- The same entrances let honest words in, so that the property is not about closed doors ----------------


@pytest.mark.catalogue("WEB-FOREIGN-PEOPLE")
@pytest.mark.parametrize("protocol", ["OIDC", "SAML"])
def test_honest_words_are_let_in_at_the_same_entrances(arena: Arena, protocol: str) -> None:
    outside = arena.outside()
    eve, otto, mallory = (arena.visit(name) for name in ("eve", "otto", "mallory"))
    ENTRANCES[f"{protocol} login"](arena, eve, Words())
    assert SSOSession.objects.filter(org=arena.evil, user=eve.user).exists()
    otto_says = Words({"sub": "otto"}, {"sub": "otto"}, {"name_id": "otto"})
    ENTRANCES[f"{protocol} join"](arena, otto, otto_says)
    assert Membership.objects.filter(org=arena.evil, user=otto.user).exists()
    mallory_says = Words({"sub": "mallory"}, {"sub": "mallory"}, {"name_id": "mallory"})
    ENTRANCES[f"{protocol} test"](arena, mallory, mallory_says)
    assert RevisionTest.objects.get(org=arena.evil).passed
    assert LinkedIdentity.objects.filter(org=arena.evil).count() == 4  # Gus's and Ivan's were there
    assert changed(outside, arena.outside()) <= {"User"}  # `last_login`, of the three who have signed in


@pytest.mark.catalogue("WEB-FOREIGN-PEOPLE", "WEB-LOGOUT-CSRF")
@pytest.mark.parametrize("entrance", sorted(ENDS_SESSIONS_INSIDE))
def test_honest_logout_ends_the_session_inside_and_its_twin_outside_stays(
    arena: Arena, entrance: str
) -> None:
    """Gus and Ivan are signed in at both organisations, by subjects and IdP sessions of one name."""
    ENTRANCES[entrance](arena, arena.visit("nobody"), Words({"sub": "gus", "sid": ZOES_IDP_SESSION}))
    person = arena.people["ivan" if entrance == "SAML logout" else "gus"]
    assert not SSOSession.objects.filter(org=arena.evil, user=person).exists()
    assert SSOSession.objects.filter(org=arena.globex, user=person).exists()


@pytest.mark.catalogue("WEB-FOREIGN-PEOPLE")
def test_every_address_of_an_idp_is_an_entrance_here() -> None:
    """One that is new fails here until the property tries it."""
    tried = {
        *("sso:oidc_callback", "sso:oidc_finish", "sso:oidc_initiate"),
        *("sso:oidc_backchannel_logout", "sso:oidc_frontchannel_logout"),
        *("sso:saml_acs", "sso:saml_finish", "sso:saml_slo"),
    }
    answers_only = {"sso:saml_metadata", "sso:oidc_jwks"}
    addresses = {route.name for route in all_routes() if "connection_uid" in route.arguments}
    of_idps = {name for name in addresses if name.startswith(("sso:oidc_", "sso:saml_"))}
    assert of_idps - answers_only - tried == set()
