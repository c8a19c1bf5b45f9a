"""Journeys through a portal in the test process, whose database they set up: the lock-out stories, and more."""
