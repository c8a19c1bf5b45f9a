"""Attacks on browsers, tenants and the server: OpenID Connect, OAuth, and what every web application meets."""
