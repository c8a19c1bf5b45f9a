"""Organisations, their people and what they own.

This app knows no single sign-on. What the SSO gate withholds from a viewer is handed to it as `OrgAccess` and
`Viewer` (see `access`); it never imports `sso`.
"""
