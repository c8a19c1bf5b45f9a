"""Attacks by name, one or more for each row of the catalogues in docs/security/conformance.md."""
