"""Server entry point. Production settings unless HUBSSO_ENV says otherwise."""

import os

from django.core.wsgi import get_wsgi_application

from hubsso.slow_bodies import BodyGuard
from hubsso.telemetry import error_tracking, tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsso.settings")
os.environ.setdefault("HUBSSO_ENV", "prod")

application = BodyGuard(get_wsgi_application())
tracing.start()
error_tracking.start()
