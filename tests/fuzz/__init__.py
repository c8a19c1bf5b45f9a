"""Coverage-guided fuzzing of what parses XML from outside, by `make fuzz`. docs/security/fuzzing.md tells how.

`oracle` says what must hold; the suite's properties use it too. `corpus/` holds the seeds, `findings/` every document
that once broke the oracle, which the suite replays.
"""
