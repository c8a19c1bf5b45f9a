"""Account pages beside allauth's, which hang under the same prefix and whose style of names these follow."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("language/", views.language, name="account_language"),
    path("profile/", views.profile, name="account_profile"),
    path("sessions/<int:session_id>/end/", views.end_session, name="account_end_session"),
]
