"""The portal's version. A test holds it against `pyproject.toml`, which no image has."""

VERSION = "0.1.0"
