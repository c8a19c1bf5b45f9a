"""Certificates, keys and client secrets: what is in use, what ends when, and who is told in time."""
