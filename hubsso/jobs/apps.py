from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "hubsso.jobs"
    label = "jobs"
    verbose_name = "Background jobs"

    def ready(self) -> None:
        from hubsso.jobs import checks, pruning, retries  # noqa: F401, PLC0415 - registered once the apps are ready

        retries.connect()
