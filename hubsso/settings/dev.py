"""Development and the demo: one process, SQLite, mail to the terminal, keys made on first start."""

from hubsso import env
from hubsso.dev_keys import development_key
from hubsso.settings.base import *
from hubsso.settings.base import DATA_DIR, TASK_BACKENDS

DEBUG = env.boolean("HUBSSO_DEBUG", False)
DEMO = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
SECRET_KEY = development_key(DATA_DIR, "secret_key")
ENCRYPTION_KEYS = [development_key(DATA_DIR, "encryption_key")]
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EGRESS_ALLOW_HTTP_LOOPBACK = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = None  # served from where the files are; nothing is collected
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
TASKS = {"default": {"BACKEND": TASK_BACKENDS[env.choice("HUBSSO_TASKS", "inline", tuple(TASK_BACKENDS))]}}
