from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from accounts import mfa_adapter, signals  # noqa: PLC0415 - both need the models

        mfa_adapter.register_secrets()
        signals.connect()
