"""Where the interop tests keep what they installed."""

from pathlib import Path

SOURCE = Path(__file__).resolve().parent
NPM_SOURCE = SOURCE / "npm"
NPM_FOLDER = SOURCE.parent.parent / "var" / "interop" / "npm"
