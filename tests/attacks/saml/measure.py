"""Prints what each document of `costly` costs: `python -m tests.attacks.saml.measure`.

CPU of one thread in milliseconds, the best of three; memory in MiB at the peak, above what there was before. From the
form field to the answer, with ten certificates and without the database.
"""

import tests.plugins.environment  # isort: skip  # noqa: F401 - before the settings are read

import os
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from tests.attacks.saml.cost import Cost


def show(name: str, found: "Cost") -> None:
    memory = "?" if found.memory_mib is None else f"{max(found.memory_mib, 0):.1f}"
    milliseconds = f"{found.cpu_milliseconds:.1f}"
    print(f"{name:40} {milliseconds:>7} ms {memory:>6} MiB  {found.code or 'let in'}", flush=True)


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "hubsso.settings"
    django.setup()

    from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: PLC0415

    from tests.attacks.saml.costly import ANYBODYS, AUTHENTIC, BY_REDIRECT  # noqa: PLC0415
    from tests.attacks.saml.target import unchanged  # noqa: PLC0415
    from tests.attacks.saml.test_cost import cost, cost_by_redirect, make_costly_exchange  # noqa: PLC0415

    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    exchange = make_costly_exchange()
    for name, attack in {"honest": unchanged, **ANYBODYS, **AUTHENTIC}.items():
        show(name, cost(exchange, attack))
    for name, xml in BY_REDIRECT.items():
        show(name, cost_by_redirect(xml))
    teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()
