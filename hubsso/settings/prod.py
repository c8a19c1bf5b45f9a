"""Production: every secret from the environment, and a start that refuses what is missing or unsafe."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from hubsso import env
from hubsso.crypto import check_keys
from hubsso.settings.base import *

MIN_SECRET_KEY_LENGTH = 50

BASE_URL = env.origin("HUBSSO_BASE_URL")
if not BASE_URL.startswith("https://"):
    raise ImproperlyConfigured("HUBSSO_BASE_URL must start with https:// in production.")

SECRET_KEY = env.text("HUBSSO_SECRET_KEY")
if len(SECRET_KEY) < MIN_SECRET_KEY_LENGTH or len(set(SECRET_KEY)) < 10:
    raise ImproperlyConfigured(
        f"HUBSSO_SECRET_KEY must be at least {MIN_SECRET_KEY_LENGTH} random characters."
    )

ENCRYPTION_KEYS = env.words("HUBSSO_ENCRYPTION_KEYS")
check_keys(ENCRYPTION_KEYS, variable="HUBSSO_ENCRYPTION_KEYS")

if env.boolean("HUBSSO_DEMO", False):
    raise ImproperlyConfigured("HUBSSO_DEMO: the demo IdPs let anyone in and can't run in production.")

ALLOWED_HOSTS = env.words("HUBSSO_ALLOWED_HOSTS", urlsplit(BASE_URL).hostname)
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("HUBSSO_ALLOWED_HOSTS must name hosts; * is not allowed.")

SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_SSL_REDIRECT = env.boolean("HUBSSO_SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = env.integer("HUBSSO_HSTS_SECONDS", 365 * 24 * 3600, minimum=3600)
# Browsers remember this for every name below the portal's, whoever runs what is there: the operator must say so.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.boolean("HUBSSO_HSTS_SUBDOMAINS", False)
if not SECURE_HSTS_INCLUDE_SUBDOMAINS:
    SILENCED_SYSTEM_CHECKS = [*SILENCED_SYSTEM_CHECKS, "security.W005", "security.W021"]
# Only behind a proxy that sets (and strips) these headers itself.
if env.boolean("HUBSSO_TRUST_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    TRUSTED_PROXY_COUNT = env.integer("HUBSSO_PROXY_COUNT", 1, minimum=1)

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("HUBSSO_SMTP_HOST")
EMAIL_PORT = env.integer("HUBSSO_SMTP_PORT", 587, minimum=1)
EMAIL_HOST_USER = env.text("HUBSSO_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.text("HUBSSO_SMTP_PASSWORD", "")
EMAIL_USE_TLS = env.boolean("HUBSSO_SMTP_TLS", True)
if EMAIL_HOST_PASSWORD and not EMAIL_USE_TLS:
    raise ImproperlyConfigured("HUBSSO_SMTP_TLS must be on where HUBSSO_SMTP_PASSWORD is set.")

_by_default = "inline" if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3" else "queue"
TASKS = {"default": {"BACKEND": TASK_BACKENDS[env.choice("HUBSSO_TASKS", _by_default, tuple(TASK_BACKENDS))]}}
