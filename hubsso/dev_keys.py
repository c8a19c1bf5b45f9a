"""Keys of a development machine: made on first use, kept beside the database, readable by their owner."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet


def development_key(folder: Path, name: str) -> str:
    """The key kept in `folder`/`name`; two processes that start together end up with the same one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        _write_once(path, Fernet.generate_key())
    return path.read_text(encoding="ascii").strip()


def _write_once(path: Path, content: bytes) -> None:
    """Put a whole file in place, or leave the one another process put there first.

    The link appears with its content, so no reader ever meets a file that is still empty.
    """
    descriptor, draft = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name}-"
    )  # readable by its owner only
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)
