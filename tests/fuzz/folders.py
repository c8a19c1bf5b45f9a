"""Where seeds and findings are kept, by target. Known without Django."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
CORPUS, FINDINGS = FOLDER / "corpus", FOLDER / "findings"
TARGET_NAMES = ("saml_preflight", "idp_metadata")


def files_in(folder: Path, target: str) -> list[Path]:
    return sorted((folder / target).glob("*.xml"))
