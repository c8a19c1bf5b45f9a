"""What is true in every environment. `dev`, `test` and `prod` state only how they differ."""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from hubsso import env

ROOT = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(env.text("HUBSSO_DATA_DIR", str(ROOT / "var")))

DEBUG = False
ROOT_URLCONF = "hubsso.urls"
WSGI_APPLICATION = "hubsso.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]  # by the name that its readers look for
LOCALE_PATHS = [ROOT / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "hubsso.formats"

INSTALLED_APPS = [
    "accounts",
    "orgs",
    "sso",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "mozilla_django_oidc",
    "django_tasks",
    "django_tasks_db",
    "hubsso.jobs",
]

# What sets headers comes first, so that static files, redirects to https and refusals without a view have them too.
MIDDLEWARE = [
    "hubsso.request_context.RequestContextMiddleware",
    "hubsso.telemetry.tracing.TracingMiddleware",
    "hubsso.headers.HeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "hubsso.health.HealthMiddleware",
    "hubsso.telemetry.metrics.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.languages.AskedLanguageMiddleware",
    "hubsso.request_sizes.RequestSizeMiddleware",
    "hubsso.plain_requests.PlainRequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.preferences.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "sso.middleware.SSOGateMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "accounts.preferences.know_the_reader",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sso.context_processors.sso_banner",
                "sso.revisions.trial_strip.sso_trials",
                "sso.context_processors.failing_connections",
                "sso.expiring.expiry_strip.expiry_strip",
                "orgs.context_processors.header_orgs",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database: SQLite embedded, PostgreSQL by DATABASE_URL ---------------------------------------------

SQLITE_OPTIONS: dict[str, Any] = {
    # IMMEDIATE takes the write lock at BEGIN: two transactions that both read and then write queue up
    # instead of failing with "database is locked".
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
        "PRAGMA mmap_size=134217728; PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY;"
    ),
}
DATABASES: dict[str, Any] = {
    "default": env.database(
        "DATABASE_URL",
        f"sqlite:///{DATA_DIR / 'hubsso.sqlite3'}",
        max_age_seconds=None,  # a new connection a request costs 3 to 5 times the request itself
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS

# --- Where we are --------------------------------------------------------------------------------------

# IdPs are given URLs under this origin. It is never taken from a request, so a forged Host changes nothing.
BASE_URL = env.origin("HUBSSO_BASE_URL", "http://localhost:8000")
SITE_NAME = env.text("HUBSSO_SITE_NAME", "HubSSO")
# A database of places (.mmdb) that the operator supplies: where sessions are, said in words instead of addresses.
GEOIP_DATABASE = env.text("HUBSSO_GEOIP_DATABASE", "")

# Proxies of ours between the browser and us; X-Forwarded-For counts for that many hops and no further.
TRUSTED_PROXY_COUNT = 0

# --- Accounts ------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
# E-mail is unique by a constraint on Lower("email"), which this check does not understand.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.ProfileFieldsForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 10
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
# By address as many as the 500 people of one office who come at nine o'clock; by account (key) as few as guesses
# may be. allauth leaves the rest at its own numbers: it lets an address sign in 30 times a minute, and by passkey 10.
ACCOUNT_RATE_LIMITS = {
    "login": "600/m/ip",
    "login_failed": "60/m/ip,5/300s/key",
    "signup": "60/m/ip",
    "reset_password": "60/m/ip,5/m/key",
    "reset_password_from_key": "60/m/ip",
}
MFA_RATE_LIMITS = {"webauthn_login": "600/m/ip"}
MFA_ADAPTER = "accounts.mfa_adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_RECOVERY_CODES_SHOW_ONCE = True
USERSESSIONS_TRACK_ACTIVITY = False  # it would add reads and a write to every request

# --- Sessions, cookies, headers ------------------------------------------------------------------------

SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "hubsso.error_views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- Static files --------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT: Path | None = Path(env.text("HUBSSO_STATIC_DIR", str(DATA_DIR / "static")))
STATICFILES_DIRS = [ROOT / "hubsso" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Cache: counters of guesses ----------------------------------------------------------------------------

# Guesses are counted in the database, so that every process counts the same ones. Losing it loses nothing; making
# room would forget somebody's guesses, so there is more than the 300 entries of Django's default.
# Floods are counted in the process's memory (hubsso.throttle), and cost no database at all.
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    "throttle": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "throttle",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    },
}
# Optional: floods are then counted for all processes together. Losing it loses nothing and lets nobody in.
if REDIS_URL := env.redis_url("HUBSSO_REDIS_URL"):
    CACHES["shared"] = {
        "BACKEND": "hubsso.shared_cache.SharedCache",
        "LOCATION": [REDIS_URL],  # a list, or Django would part it at a comma in the password
        "KEY_PREFIX": "hubsso",
    }
# Scales the limits of sso.throttles, whose numbers are for 500 people who arrive at once behind one address.
THROTTLE_PERCENT = env.integer("HUBSSO_THROTTLE_PERCENT", 100, minimum=1)

# --- Background jobs (hubsso.jobs) ------------------------------------------------------------------------

TASK_BACKENDS = {"inline": "hubsso.jobs.backends.InlineBackend", "queue": "django_tasks_db.DatabaseBackend"}
# A queue needs a worker beside the server; one process alone, on SQLite, does everything itself.
TASKS: dict[str, Any] = {"default": {"BACKEND": TASK_BACKENDS["inline"]}}

# --- Mail ----------------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = env.text("HUBSSO_MAIL_FROM", f"{SITE_NAME} <hubsso@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10

# --- Outbound HTTP (hubsso.net) ------------------------------------------------------------------------

# Networks that admin-supplied URLs may reach although they are private, for an IdP inside the house.
EGRESS_ALLOWED_NETWORKS = env.networks("HUBSSO_EGRESS_ALLOWED_NETWORKS")
EGRESS_ALLOW_HTTP_LOOPBACK = False
# Who is asked about the domains of organisations; empty for the machine's own resolvers.
DNS_SERVERS = env.servers("HUBSSO_DNS_SERVERS", default_port=53)

# Demo IdPs answer on plain http and let anyone in as anyone; only dev and test may know them.
DEMO = False

# Times that the SSO code works with, in the unit of their names; they are no operator's settings.
SSO_LOGIN_ATTEMPT_SECONDS = 600
SSO_CLOCK_SKEW_SECONDS = 60
SSO_TRACE_RETENTION_DAYS = 7

DEFAULT_EXCEPTION_REPORTER = "hubsso.error_reports.ErrorReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "hubsso.error_reports.ErrorReportFilter"

# --- What an operator sees: all off until it is given an address or a token -----------------------------

METRICS_TOKEN = env.text("HUBSSO_METRICS_TOKEN", "")
OTLP_ENDPOINT = env.url("HUBSSO_OTLP_ENDPOINT")
SENTRY_DSN = env.url("HUBSSO_SENTRY_DSN")

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "hubsso.request_context.RequestContextFilter"}},
    "formatters": {"json": {"()": "hubsso.request_context.JSONFormatter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["request"]},
    },
    # Before any handler, that of mails to ADMINS among them.
    "loggers": {
        **{name: {"filters": ["request"]} for name in ("django.request", "django.security.csrf")},
        # `hubsso.jobs` logs every try with its fields; the library would say the same again, as a sentence.
        **{name: {"level": "CRITICAL"} for name in ("django_tasks", "django_tasks_db")},
    },
    "root": {"handlers": ["console"], "level": env.choice("HUBSSO_LOG_LEVEL", "INFO", LOG_LEVELS)},
}
