"""Whole logins against Canaille, an IdP that others wrote and that pip installs: part of the normal suite."""
