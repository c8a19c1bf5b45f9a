"""Tests of `sso.saml`."""
