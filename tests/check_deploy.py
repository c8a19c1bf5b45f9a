"""Django's deployment checks under production's settings: `python -m tests.check_deploy`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.management.utils import get_random_secret_key

ROOT = Path(__file__).resolve().parent.parent


def production_environment(folder: Path) -> dict[str, str]:
    """Everything production asks for, with throw-away secrets, and nothing of this process's own settings."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HUBSSO_", "DATABASE_URL", "DJANGO_"))
    }
    return inherited | {
        "HUBSSO_ENV": "prod",
        "HUBSSO_DATA_DIR": str(folder),
        "HUBSSO_BASE_URL": "https://hub.example.org",
        "HUBSSO_SECRET_KEY": get_random_secret_key() + get_random_secret_key(),
        "HUBSSO_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "HUBSSO_SMTP_HOST": "smtp.example.org",
    }


def manage(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run manage.py as an operator would."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="hubsso-check-") as folder:
        result = manage(
            "check", "--deploy", "--fail-level", "WARNING", environment=production_environment(Path(folder))
        )
    print((result.stdout + result.stderr).strip())
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
