"""A file that tells whether anybody opened it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def never_opened(folder: Path) -> Iterator[str]:
    """The `file:` URI of a FIFO that nobody may open within. It holds a reader until the watcher writes."""
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    opened = threading.Event()

    def wait_for_a_reader() -> None:
        os.close(os.open(fifo, os.O_WRONLY))
        opened.set()

    watcher = threading.Thread(target=wait_for_a_reader, daemon=True)
    watcher.start()
    try:
        yield fifo.as_uri()
        assert not opened.is_set()
    finally:
        os.close(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK))  # lets the watcher go
        watcher.join(timeout=10)
