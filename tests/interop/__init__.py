"""Whole logins against IdPs that others wrote and that pip does not install. `make interop` runs them.

`run` installs what they need and starts pytest; `portal` is our side of a login, `idp_process` theirs.
"""
