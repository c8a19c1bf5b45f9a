from django.apps import AppConfig


class SSOConfig(AppConfig):
    name = "sso"
    verbose_name = "Single sign-on"

    def ready(self) -> None:
        from sso import checks, navigation, signals  # noqa: F401, PLC0415 - registered once the apps are ready

        navigation.connect()
