from django.apps import AppConfig


class SSOConfig(AppConfig):
    name = "sso"
    verbose_name = "Single sign-on"

    def ready(self) -> None:
        from orgs import member_page  # noqa: PLC0415 - likewise
        from sso import checks, jobs, navigation, signals  # noqa: F401, PLC0415 - registered once the apps are ready
        from sso.views.members import members_page  # noqa: PLC0415

        navigation.connect()
        member_page.register(members_page)
