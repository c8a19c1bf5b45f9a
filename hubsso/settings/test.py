"""Tests: fixed keys, mail kept in memory, cheap password hashing.

`tests.plugins.environment` gives every run a `DATA_DIR` of its own, and so a database file of its own.
"""

from hubsso.settings.base import *
from hubsso.settings.base import CACHES, DATA_DIR, DATABASES

DEMO = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
SECRET_KEY = "tests-only-" + "k" * 50
ENCRYPTION_KEYS = ["dGVzdHMtb25seS1rZXktb2YtMzItYnl0ZXMtLTAwMDE="]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EGRESS_ALLOW_HTTP_LOOPBACK = True
BASE_URL = "http://testserver"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in production: threads and live servers share it as processes would, locks included.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    # Nothing outlives the run, so nothing has to reach the disk.
    DATABASES["default"]["OPTIONS"] |= {
        "init_command": DATABASES["default"]["OPTIONS"]["init_command"] + " PRAGMA synchronous=OFF;"
    }
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = None  # served from where the files are; nothing is collected
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = (
    True  # looked up when asked for: a walk for each new client costs more than its requests
)
CACHES = CACHES | {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
