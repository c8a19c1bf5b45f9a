"""What a person says about themself."""

from accounts.models import User


def change_name(*, user: User, name: str) -> None:
    """Set the name that others see. `name` has passed ProfileForm."""
    user.name = name
    user.save(update_fields=["name"])
