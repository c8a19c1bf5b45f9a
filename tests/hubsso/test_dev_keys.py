"""Keys of a development machine."""

import stat
import threading
from pathlib import Path

from cryptography.fernet import Fernet

from hubsso.dev_keys import development_key


def test_key_is_made_once_and_kept(tmp_path: Path) -> None:
    key = development_key(tmp_path / "var", "secret_key")
    assert development_key(tmp_path / "var", "secret_key") == key
    assert development_key(tmp_path / "var", "encryption_key") != key
    Fernet(key)


def test_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    development_key(tmp_path, "secret_key")
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_nothing_but_the_key_is_left_in_the_folder(tmp_path: Path) -> None:
    development_key(tmp_path, "secret_key")
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_all_who_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    ready = threading.Barrier(8)
    keys: list[str] = []

    def start() -> None:
        ready.wait()
        keys.append(development_key(tmp_path, "secret_key"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
