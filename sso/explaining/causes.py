"""Why logins are refused, in plain words: every code of the catalogue belongs to one cause.

Which code belongs to which is said in `codes`, and by each protocol for its own.

A cause says what is likely behind it and what an admin does next. `is_connections` tells causes that lie with the
identity provider or with the configuration, which stop everybody, from a person's own mistakes, which stop one.
"""

from dataclasses import dataclass
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sso.explaining.codes import CODE_GUIDE, CodeGuide


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One kind of reason."""

    key: str
    title: Promise
    explanation: Promise
    next_step: Promise
    is_connections: bool


_CONNECTIONS = (
    Cause(
        key="unreachable",
        title=_("The identity provider could not be reached"),
        explanation=_(
            "Its server did not answer, answered too slowly, or answered with an error of its own."
        ),
        next_step=_(
            "Look at the identity provider's status page. If it is up, let it accept requests from this portal."
        ),
        is_connections=True,
    ),
    Cause(
        key="certificate",
        title=_("The signing certificate or key changed"),
        explanation=_(
            "Answers are signed with a key that the portal does not know, or not signed as agreed."
        ),
        next_step=_(
            "Compare the certificate at the identity provider with the one in the connection, and add the new one. "
            "If nobody changed it, find out who answers before you do."
        ),
        is_connections=True,
    ),
    Cause(
        key="clock",
        title=_("A clock is wrong"),
        explanation=_("Answers arrive expired, or dated in the future."),
        next_step=_(
            "Set the identity provider's clock by NTP, and ask whoever runs this portal to check its clock too."
        ),
        is_connections=True,
    ),
    Cause(
        key="audience",
        title=_("The answers are meant for another application"),
        explanation=_(
            "The client ID, the audience or the callback address at the identity provider is not this portal's."
        ),
        next_step=_(
            "Compare the values on the connection's page with those at the identity provider, one by one."
        ),
        is_connections=True,
    ),
    Cause(
        key="issuer",
        title=_("Another identity provider answered"),
        explanation=_("The identity provider names itself otherwise than the connection does."),
        next_step=_(
            "Copy the issuer, or entity ID, from the identity provider into a new draft, exactly as it is there."
        ),
        is_connections=True,
    ),
    Cause(
        key="secret",
        title=_("The identity provider refused our client"),
        explanation=_("The client secret expired or was changed, or the application is switched off there."),
        next_step=_(
            "Make a new client secret at the identity provider and save it in a draft of the connection."
        ),
        is_connections=True,
    ),
    Cause(
        key="idp",
        title=_("The identity provider answered with an error"),
        explanation=_(
            "It would not sign the person in: they are perhaps not assigned to the application, or a policy says no."
        ),
        next_step=_("Look into the identity provider's own log for the same time."),
        is_connections=True,
    ),
    Cause(
        key="encryption",
        title=_("What was encrypted could not be read"),
        explanation=_(
            "The identity provider encrypts for another key, in another way, or not at all though it should."
        ),
        next_step=_("Give it the portal's metadata again, so that it has the present certificate."),
        is_connections=True,
    ),
    Cause(
        key="setup",
        title=_("The connection and the identity provider do not fit together"),
        explanation=_("A setting of the one does not match the other."),
        next_step=_("Open the newest refusal for the exact values, then change them in a draft and test it."),
        is_connections=True,
    ),
    Cause(
        key="attributes",
        title=_("The identity provider leaves something out"),
        explanation=_(
            "The answer lacks what tells who the person is, or has it in a form that can't be used."
        ),
        next_step=_(
            "Let the identity provider send a lasting identifier and one e-mail address of each person."
        ),
        is_connections=True,
    ),
    Cause(
        key="malformed",
        title=_("The answer was not one that the portal takes"),
        explanation=_("It was cut short, changed on the way, or is of a kind that is refused for safety."),
        next_step=_(
            "Open the newest refusal for what was wrong, and ask the identity provider's support with it."
        ),
        is_connections=True,
    ),
)

_PERSONS = (
    Cause(
        key="unfinished",
        title=_("The person did not finish"),
        explanation=_("They cancelled at the identity provider, or took longer than ten minutes."),
        next_step=_("Nothing needs to be done. They can try again at any time."),
        is_connections=False,
    ),
    Cause(
        key="browser",
        title=_("The answer came to another browser, or twice"),
        explanation=_(
            "A link was opened elsewhere, the back button was used, or a page from before was sent again."
        ),
        next_step=_("Ask the person to start again from the page they wanted."),
        is_connections=False,
    ),
    Cause(
        key="account",
        title=_("The identity belongs to another account"),
        explanation=_("The person signed in as somebody else than before, or has two accounts here."),
        next_step=_(
            "If it is the same person, compare the identities on the member's page, and replace the link."
        ),
        is_connections=False,
    ),
    Cause(
        key="email",
        title=_("The e-mail address does not fit"),
        explanation=_(
            "The identity provider sent an address that is not the account's, or not of a domain that you allow."
        ),
        next_step=_(
            "Ask the person to verify that address in their account, or change the connection's e-mail domains."
        ),
        is_connections=False,
    ),
    Cause(
        key="membership",
        title=_("The person may not enter"),
        explanation=_("They are no member any more, or their account was deactivated."),
        next_step=_("Send them the join link or invite them, if they should be one."),
        is_connections=False,
    ),
    Cause(
        key="changed",
        title=_("The settings changed during the login"),
        explanation=_(
            "A connection was switched off, or another revision went live, while somebody was on their way."
        ),
        next_step=_("Nothing needs to be done. They can try again."),
        is_connections=False,
    ),
    Cause(
        key="flood",
        title=_("Too many requests at once"),
        explanation=_("One network or one connection asked more often than the portal answers."),
        next_step=_("If it goes on, look for a script that reloads a page."),
        is_connections=False,
    ),
    Cause(
        key="gate",
        title=_("No single sign-on session"),
        explanation=_("A member opened something before authenticating, or after their session had ended."),
        next_step=_("Nothing needs to be done. The page they saw leads them to the identity provider."),
        is_connections=False,
    ),
    Cause(
        key="no_connection",
        title=_("There is no identity provider to sign in with"),
        explanation=_(
            "Single sign-on is enforced, and no connection is switched on and live: no member can enter."
        ),
        next_step=_("Switch a connection on, or make a revision live. A recovery code opens these settings."),
        is_connections=False,
    ),
    Cause(
        key="logout",
        title=_("A sign-out was refused"),
        explanation=_(
            "The identity provider asked to end sessions in a way that proves too little. No login was stopped."
        ),
        next_step=_("Open the refusal for what was wrong with the request."),
        is_connections=False,
    ),
)

CAUSES = (*_CONNECTIONS, *_PERSONS)
_BY_KEY = {cause.key: cause for cause in CAUSES}


@cache
def _guides() -> tuple[CodeGuide, ...]:
    from sso.protocols import adapters  # noqa: PLC0415 - the seam knows the models, and they know the causes

    return (CODE_GUIDE, *(adapter.code_guide() for adapter in adapters()))


@cache
def _by_code() -> dict[str, Cause]:
    return {
        code: _BY_KEY[key] for guide in _guides() for key, codes in guide.causes.items() for code in codes
    }


def all_codes() -> frozenset[str]:
    """Every code that has a cause."""
    return frozenset(_by_code())


def codes_of(cause: Cause) -> list[str]:
    """The codes of the refusals that come of it, sorted."""
    return sorted(code for code, its_cause in _by_code().items() if its_cause is cause)


def cause_of(code: str) -> Cause:
    """The cause of a refusal. One whose code is gone from the catalogue is of the kind that says least."""
    return _by_code().get(code, _BY_KEY["malformed"])


def cause_named(key: str) -> Cause | None:
    """For what was chosen in a form."""
    return _BY_KEY.get(key)


def next_step(code: str) -> Promise:
    """What an admin does about this code: one sentence or two. Most have no words but their cause's."""
    for guide in _guides():
        if code in guide.next_steps:
            return guide.next_steps[code]
    return cause_of(code).next_step


def field_of(code: str) -> str:
    """The draft's field that is probably wrong; empty where none is."""
    return next((guide.fields[code] for guide in _guides() if code in guide.fields), "")


def is_seen_by_us(code: str, idp_error: object = None) -> bool:
    """Did this server see it by itself, so that one account's word is enough? `idp_error` is the IdP's own code."""
    return any(
        code in guide.seen_by_us or (idp_error is not None and guide.seen_by_us_with.get(code) == idp_error)
        for guide in _guides()
    )
