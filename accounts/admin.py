"""Accounts in Django's admin, for operators. It opens no organisation, and shows no password and no second factor."""

from allauth.account.decorators import secure_admin_login
from allauth.mfa import admin as _mfa_admin  # noqa: F401 - registers what is taken back below
from allauth.mfa.models import Authenticator
from allauth.usersessions import admin as _usersessions_admin  # noqa: F401 - likewise
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.utils.translation import gettext_lazy as _

from accounts import sessions
from accounts.models import User

# Seeds, sealed or not, and the keys of people's sessions are no operator's to see or to change.
admin.site.unregister([Authenticator, UserSession])

# The admin's own login page knows no second factor and counts no guesses: use the portal's.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class AccountCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "name")


class AccountChangeForm(UserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = "__all__"


class AccountPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    def save(self, commit: bool = True) -> User:
        """A password that an operator sets signs the account out everywhere."""
        user: User = super().save(commit=commit)
        sessions.end_sessions_of_user(user=user)
        return user


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
    form = AccountChangeForm
    add_form = AccountCreationForm
    change_password_form = AccountPasswordForm
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "is_staff", "created_at", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    readonly_fields = ("created_at", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Times"), {"fields": ("created_at", "last_login")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")},
        ),
    )
