"""Measurements. Each is a command that prints a table; `docs/benchmarks.md` keeps what they said."""
