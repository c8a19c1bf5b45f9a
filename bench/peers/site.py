"""A Django site with django-allauth, djangosaml2 and mozilla-django-oidc as their documentation sets them up.

Runs in the peers' own environment and imports nothing of ours. `bench.peers.process` speaks to it by lines of JSON:
the first says what the IdPs are, each further one names a case and how often; the answer is the CPU time of one call,
in seconds, children's included (pysaml2 starts a program for each signature), and the statements. What a login had
left in the session when it began is put there before the clock starts.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

SLUG = "acme"
EMAIL = "max@acme.example"
REQUEST_ID = "_request-of-max"
HOST = "http://peers.example"
JUDGES = ("floor", "python3-saml")
CALLBACKS = {
    "allauth-oidc": "/accounts/oidc/acme/login/callback/",
    "mozilla-django-oidc": "/oidc/callback/",
    "floor-oidc": "/floor/oidc/",
}
FORM = "application/x-www-form-urlencoded"


def configure(idp: dict[str, Any], folder: Path) -> None:
    import django
    from django.conf import settings

    oidc = idp["oidc"]
    settings.configure(
        DEBUG=False,
        SECRET_KEY="bench-only-" + "x" * 50,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="bench.peers.urls",
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "peers.sqlite3"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "djangosaml2",
            "mozilla_django_oidc",
            "allauth",
            "allauth.account",
            "allauth.socialaccount",
            "allauth.socialaccount.providers.saml",
            "allauth.socialaccount.providers.openid_connect",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
            "djangosaml2.middleware.SamlSessionMiddleware",
        ],
        AUTHENTICATION_BACKENDS=[
            "django.contrib.auth.backends.ModelBackend",
            "djangosaml2.backends.Saml2Backend",
            "mozilla_django_oidc.auth.OIDCAuthenticationBackend",
            "allauth.account.auth_backends.AuthenticationBackend",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        LOGGING_CONFIG=None,
        LOGIN_REDIRECT_URL="/",
        ACCOUNT_EMAIL_VERIFICATION="none",
        SOCIALACCOUNT_AUTO_SIGNUP=True,
        SESSION_COOKIE_SECURE=False,
        SAML_CONFIG=_pysaml2(idp["saml"], folder),
        SAML_DJANGO_USER_MAIN_ATTRIBUTE="email",
        SAML_USE_NAME_ID_AS_USERNAME=True,
        SAML_CREATE_UNKNOWN_USER=False,
        SAML_ATTRIBUTE_MAPPING={"givenName": ("first_name",)},
        SAML_IGNORE_AUTHENTICATED_USERS_ON_LOGIN=True,
        OIDC_RP_CLIENT_ID=oidc["client_id"],
        OIDC_RP_CLIENT_SECRET=oidc["client_secret"],
        OIDC_RP_SIGN_ALGO="RS256",
        OIDC_OP_AUTHORIZATION_ENDPOINT=oidc["issuer"] + "/authorize",
        OIDC_OP_TOKEN_ENDPOINT=oidc["issuer"] + "/token",
        OIDC_OP_USER_ENDPOINT=oidc["issuer"] + "/userinfo",
        OIDC_OP_JWKS_ENDPOINT=oidc["issuer"] + "/jwks",
        OIDC_USE_PKCE=True,
        FLOOR_ISSUER=oidc["issuer"],
        FLOOR_IDP=idp["saml"]["issuer"],
        FLOOR_CERTIFICATE=idp["saml"]["idp_certificate"],
    )
    django.setup()


def _pysaml2(saml: dict[str, Any], folder: Path) -> dict[str, Any]:
    for name in ("metadata", "key", "certificate"):
        (folder / f"saml-{name}").write_text(saml[name], encoding="utf-8")
    return {
        "xmlsec_binary": saml["xmlsec1"] or "xmlsec1",
        "entityid": f"{HOST}/saml2/metadata/",
        "metadata": {"local": [str(folder / "saml-metadata")]},
        "allow_unknown_attributes": True,
        "key_file": str(folder / "saml-key"),
        "cert_file": str(folder / "saml-certificate"),
        "accepted_time_diff": 60,
        "service": {
            "sp": {
                "endpoints": {
                    "assertion_consumer_service": [
                        (f"{HOST}/saml2/acs/", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST")
                    ]
                },
                "allow_unsolicited": True,
                "want_response_signed": True,
                "want_assertions_signed": True,
            }
        },
    }


def fill(idp: dict[str, Any], tenants: int) -> None:
    from allauth.account.models import EmailAddress
    from allauth.socialaccount.models import SocialAccount, SocialApp
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    user = User.objects.create(username=EMAIL, email=EMAIL)
    EmailAddress.objects.create(user=user, email=EMAIL, verified=True, primary=True)
    saml, oidc = idp["saml"], idp["oidc"]
    SocialApp.objects.bulk_create(
        SocialApp(
            provider="saml",
            provider_id="acme-saml" if number == 0 else f"other-{number}",
            client_id=SLUG if number == 0 else f"other-{number}",
            name=f"Tenant {number}",
            settings={
                "idp": {
                    "entity_id": saml["issuer"],
                    "sso_url": saml["sso_url"],
                    "x509cert": saml["idp_certificate"],
                },
                "attribute_mapping": {"uid": "email", "email": "email", "email_verified": "email"},
                "advanced": {"want_assertion_signed": True, "want_message_signed": True, "strict": True},
            },
        )
        for number in range(tenants)
    )
    SocialAccount.objects.create(user=user, provider="acme-saml", uid=EMAIL)
    SocialApp.objects.create(
        provider="openid_connect",
        provider_id=SLUG,
        client_id=oidc["client_id"],
        secret=oidc["client_secret"],
        name="acme",
        settings={"server_url": oidc["issuer"], "oauth_pkce_enabled": True},
    )
    SocialAccount.objects.create(user=user, provider=SLUG, uid="max")


Prepared = Callable[[], Any]


def prepared(case: str, idp: dict[str, Any]) -> Prepared:
    """A browser that the IdP has just sent back; the call brings its answer, to the login's end."""
    from django.test import Client

    client = Client(headers={"host": "peers.example"})
    session = client.session
    state: dict[str, Any] = {"process": "login"}
    if case == "allauth-saml":
        session["socialaccount_states"] = {REQUEST_ID: [state, time.time(), "acme-saml"]}
    elif case in ("djangosaml2", "floor-saml"):
        session["saml_req"] = REQUEST_ID
    elif case == "allauth-oidc":
        state |= {"pkce_code_verifier": "v" * 64, "provider_id": SLUG}
        session["socialaccount_states"] = {"st": [state, time.time(), SLUG]}
    else:
        pending = {"nonce": "nonce", "code_verifier": "v" * 64, "added_on": time.time()}
        session["oidc_states"] = {"st": pending}
    session.save()
    return lambda: _bring(case, client, idp)


def _bring(case: str, client: Any, idp: dict[str, Any]) -> Any:
    if case == "allauth-saml":
        answer = client.post("/accounts/saml/acme/acs/", idp["saml"]["for_allauth"], content_type=FORM)
        if answer.status_code == 302 and "finish" in answer["Location"]:
            answer = client.get(answer["Location"])
        return answer, client
    if case == "djangosaml2":
        return client.post("/saml2/acs/", idp["saml"]["for_djangosaml2"], content_type=FORM), client
    if case == "floor-saml":
        return client.post("/floor/saml/", idp["saml"]["for_allauth"], content_type=FORM), client
    return client.get(CALLBACKS[case], {"code": "nonce", "state": "st"}), client


def cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def measure(case: str, idp: dict[str, Any], calls: int) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    if case in JUDGES:
        return {"seconds": _seconds_of_judging(case, idp, calls), "queries": 0}
    seconds = 0.0
    for _ in range(calls):
        call = prepared(case, idp)
        began = cpu_seconds()
        answer, client = call()
        seconds += cpu_seconds() - began
        if answer.status_code != 302 or "_auth_user_id" not in client.session:
            raise SystemExit(f"{case} answered {answer.status_code}: {answer.content[:600]!r}")
    call = prepared(case, idp)
    with CaptureQueriesContext(connection) as captured:
        call()
    return {"seconds": seconds / calls, "queries": len(captured)}


def _seconds_of_judging(case: str, idp: dict[str, Any], calls: int) -> float:
    from bench.peers import floor

    posted = parse_qs(idp["saml"]["for_allauth"])["SAMLResponse"][0]
    certificate = idp["saml"]["idp_certificate"]
    began = cpu_seconds()
    for _ in range(calls):
        if case == "floor":
            floor.verified(posted, certificate)
        else:
            floor.judged_by_python3_saml(posted)
    return (cpu_seconds() - began) / calls


def main() -> None:
    idp = json.loads(sys.stdin.readline())
    configure(idp, Path(idp["folder"]))
    fill(idp, idp["tenants"])
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer of ours
    for line in sys.stdin:
        wish = json.loads(line)
        print(json.dumps(measure(wish["case"], idp, wish["calls"])), file=out, flush=True)


if __name__ == "__main__":
    main()
