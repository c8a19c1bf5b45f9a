from django.apps import AppConfig


class OrgsConfig(AppConfig):
    name = "orgs"
    verbose_name = "Organisations"

    def ready(self) -> None:
        from orgs import jobs, signals  # noqa: F401, PLC0415 - registered once the apps are ready
