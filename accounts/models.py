"""The user model: a person, known by e-mail. Which addresses are verified is allauth's `EmailAddress`."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from hubsso.domain_names import validate_email_domain
from hubsso.text import validate_one_line


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account. Without a password it gets an unusable one, never a blank one.

        Raises ValidationError.
        """
        validate_email_domain(email)
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A portal account. `is_staff` opens Django's admin and no organisation."""

    name = models.CharField(max_length=150, validators=[validate_one_line])
    email = models.EmailField(max_length=254, validators=[validate_email_domain])
    time_zone = models.CharField(max_length=64, blank=True)  # IANA name; empty: as the browser says, else UTC
    language = models.CharField(max_length=10, blank=True)  # empty: as the browser asks
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_ignoring_case")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email
