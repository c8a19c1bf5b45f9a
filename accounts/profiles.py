"""What a person says about themself."""

from accounts.models import User


def change_name(*, user: User, name: str) -> None:
    """Set the name that others see. `name` has passed ProfileForm."""
    user.name = name
    user.save(update_fields=["name"])


def change_language(*, user: User, language: str) -> None:
    """Set the language of pages and mails: one of `LANGUAGES`, or "" for what each browser asks."""
    user.language = language
    user.save(update_fields=["language"])


def change_time_zone(*, user: User, time_zone: str) -> None:
    """Set the zone that times are shown in: an IANA name, or "" for what each browser says."""
    user.time_zone = time_zone
    user.save(update_fields=["time_zone"])
