from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from accounts import checks, mfa_adapter, signals  # noqa: F401, PLC0415 - registered once the models are ready

        mfa_adapter.register_secrets()
        signals.connect()
