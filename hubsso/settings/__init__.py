"""The settings of one environment: `HUBSSO_ENV` is dev, test or prod.

There is no default here: `manage.py` says dev, the server's entry point says prod. A process that says
neither (a forgotten variable in a container) gets production's strictness.
"""

import os

from django.core.exceptions import ImproperlyConfigured

_environment = os.environ.get("HUBSSO_ENV", "prod")
if _environment == "dev":
    from hubsso.settings.dev import *
elif _environment == "test":
    from hubsso.settings.test import *
elif _environment == "prod":
    from hubsso.settings.prod import *
else:
    raise ImproperlyConfigured("HUBSSO_ENV must be one of dev, test, prod.")
