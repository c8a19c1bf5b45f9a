"""Migrations that a running portal can take, and examples of some that it can't."""
