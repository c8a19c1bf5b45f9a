"""Asking more of an organisation's members, step by step, and the way back for one that locked itself out."""
