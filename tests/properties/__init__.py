"""Properties that hold for whatever comes from outside, with Hypothesis choosing what comes.

Every test here states one of two things: nothing but a refusal of the catalogue is raised, or an invariant of what
was let through. The profile is in `tests/conftest.py`: the same examples at every run.
"""
