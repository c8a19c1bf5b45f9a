"""Faults on the cluster under load, and what they cost: `make faults` writes docs/reliability.md."""
